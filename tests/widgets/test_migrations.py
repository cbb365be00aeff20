"""What migrations make of rows that there are."""

import importlib

from django.apps import apps
from django.db import connections, transaction

from tenants.scope import platform_scope
from tests.widgets.shops import make_shop
from widgets.models import Bubble


def test_bubbles_keep_their_offline_form_as_it_is(acme, globex):
    said = {"offlineForm": {"enabled": True}, "widget": {"title": "Shop"}}
    silent, loud = make_shop(acme, ""), make_shop(globex, "", settings=said)
    migration = importlib.import_module("widgets.migrations.0006_offline_form")

    with platform_scope("the test looks"), transaction.atomic(using="owner"):
        with connections["owner"].schema_editor() as editor:
            migration.keep_as_it_is(apps, editor)
        found = {row.pk: row.settings for row in Bubble.objects.all()}
        # Of whoever else has bubbles here, nothing is changed.
        transaction.set_rollback(True, using="owner")

    assert found[silent.bubble.pk] == {"offlineForm": {"enabled": False}}
    assert found[loud.bubble.pk] == said
