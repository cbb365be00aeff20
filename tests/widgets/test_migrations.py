"""What migrations make of rows that there are."""

import importlib

from django.apps import apps
from django.db import connections

from tests.widgets.shops import make_shop
from widgets.models import Bubble


def test_bubbles_keep_their_offline_form_as_it_is(acme, globex):
    said = {"offlineForm": {"enabled": True}, "widget": {"title": "Shop"}}
    silent, loud = make_shop(acme, ""), make_shop(globex, "", settings=said)

    with connections["owner"].schema_editor() as editor:
        importlib.import_module("widgets.migrations.0006_offline_form").keep_as_it_is(apps, editor)

    with silent.scope():
        assert Bubble.objects.get().settings == {"offlineForm": {"enabled": False}}
    with loud.scope():
        assert Bubble.objects.get().settings == said
