"""An upgrade of a database that is at work, and large."""

import threading
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import OperationalError, connections, models
from django.db.migrations.state import ModelState, ProjectState

from tenants.postgresql import operations

STEP = operations.AddIndexConcurrently("thing", models.Index("name", name="thing_name"))
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('thing_name')"
LIMITS = ("statement_timeout", "lock_timeout")
# What an index waits for: a transaction that was there before it.
OLD = "BEGIN; INSERT INTO tenants_thing (name) VALUES ('old')"


@pytest.fixture
def owner():
    """Waits for nothing longer than a moment, unless it is told to."""
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute("SET lock_timeout = 200; SET statement_timeout = 400")
        yield owner
        cursor.execute("RESET lock_timeout; RESET statement_timeout")


@pytest.fixture
def table(owner):
    """A table, as the migrations before and after the step know it."""
    before = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]
    before.add_model(ModelState("tenants", "thing", fields))
    after = before.clone()
    STEP.state_forwards("tenants", after)
    thing = before.apps.get_model("tenants", "thing")
    with owner.schema_editor() as editor:
        editor.create_model(thing)
    yield before, after
    with owner.schema_editor() as editor:
        editor.delete_model(thing)


@contextmanager
def old_transaction(*, seconds):
    other = connections["owner"].copy()
    with other.cursor() as cursor:
        cursor.execute(OLD)
        end = threading.Timer(seconds, lambda: other.connection.rollback())
        end.start()
    try:
        yield
    finally:
        end.join()
        other.close()


def ask(owner, question):
    with owner.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()


def apply(owner, table, step=STEP):
    with owner.schema_editor(atomic=False) as editor:
        step.database_forwards("tenants", editor, *table)


def test_an_index_waits_for_a_transaction_that_takes_long(owner, table):
    with old_transaction(seconds=1):
        apply(owner, table)

    assert ask(owner, VALID) == (True,)
    assert ask(owner, "SHOW lock_timeout") == ("5s",)


def test_an_index_that_was_broken_off_is_made_afresh(owner, table):
    with old_transaction(seconds=1), pytest.raises(OperationalError):
        ask(owner, "CREATE INDEX CONCURRENTLY thing_name ON tenants_thing (name)")
    assert ask(owner, VALID) == (False,)

    apply(owner, table)

    assert ask(owner, VALID) == (True,)


def test_a_step_may_take_long_but_not_wait_for_long(owner, monkeypatch):
    told = []

    def look(self, *args, **options):
        told.extend(ask(owner, f"SHOW {limit}")[0] for limit in LIMITS)

    monkeypatch.setattr(migrate.Command, "handle", look)

    call_command("migrate", verbosity=0)

    assert told == ["0", "200ms"]
    assert ask(owner, "SHOW statement_timeout") == ("30s",)
