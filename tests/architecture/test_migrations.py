"""While a new version is rolled out, the old one goes on working on the new one's tables."""

import uuid
from datetime import UTC, datetime

from django.db import connections, models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.models.fields import NOT_PROVIDED

from tenants.postgresql.operations import AddIndexConcurrently

ROOMS = {"tenants", "realtime", "assistants", "conversations", "widgets", "gateways"}
# The last migration that each room had in version 0.1.0. A release moves them on.
RELEASED = [
    ("tenants", "0003_credential_replaces"),
    ("realtime", "0003_pulse"),
    ("assistants", "0003_search"),
    ("conversations", "0003_unsent_files"),
    ("widgets", "0002_wall"),
]
# What a running version cannot be sure to survive, and why it was right all the same.
EXCEPTIONS = {
    ("assistants", "0005_usage_costs", "AlterField usageentry.cost"): "The table is in no release.",
    ("assistants", "0007_web_sources", "AddConstraint source_page_once"): "The column is new.",
    ("conversations", "0003_unsent_files", "AddIndex attachment_unsent"): "Before any release.",
    ("conversations", "0004_tools", "AddIndex turn_open"): "The table of open turns is small.",
    ("conversations", "0004_tools", "AddConstraint turn_one_open"): "The same: it takes moments.",
    ("conversations", "0006_unused_conversations", "AddIndex conversation_unused"): (
        "It reads conversations once, which are a hundredth of the messages."
    ),
}
REMOVING = (
    operations.RemoveField,
    operations.RenameField,
    operations.RenameModel,
    operations.DeleteModel,
    operations.AlterModelTable,
)
PLAIN = {
    models.DateTimeField: datetime(2026, 1, 1, tzinfo=UTC),
    models.PositiveIntegerField: 1,
    models.BigIntegerField: 1,
    models.JSONField: {},
    models.BinaryField: b"",
}
BLOCKING = (operations.AddIndex, operations.AddConstraint)
REQUIRED = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL
    AND is_identity = 'NO' AND is_generated = 'NEVER'
"""
COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
"""


def columns(query):
    with connections["owner"].cursor() as cursor:
        cursor.execute(query)
        return set(cursor.fetchall())


def released():
    return MigrationLoader(connections["owner"]).project_state(RELEASED).apps


def released_columns():
    return {
        (table._meta.db_table, field.column)
        for table in released().get_models(include_auto_created=True)
        for field in table._meta.local_fields
    }


def changes():
    """Every step of a migration that changes a table which is older than the migration."""
    loader = MigrationLoader(None)
    for room, name in sorted(loader.disk_migrations):
        migration = loader.disk_migrations[room, name]
        steps = migration.operations
        new = {each.name_lower for each in steps if isinstance(each, operations.CreateModel)}
        if room in ROOMS and not migration.initial:
            state = loader.project_state((room, name), at_end=False)
            for step in steps:
                if getattr(step, "model_name_lower", None) not in new:
                    yield room, name, step, state.models
                step.state_forwards(room, state)


def is_dangerous(room, step, tables):
    if isinstance(step, operations.AlterField):
        before = tables[room, step.model_name_lower].fields[step.name]
        return before.null and not step.field.null
    # Ours alone: Django's own gives up on a busy table, and is then in its own way.
    is_harmless = isinstance(step, AddIndexConcurrently)
    return isinstance(step, REMOVING + BLOCKING) and not is_harmless


def spelled(step):
    kind = type(step).__name__
    if isinstance(step, BLOCKING):
        return f"{kind} {(getattr(step, 'index', None) or step.constraint).name}"
    return f"{kind} {getattr(step, 'model_name_lower', '')}.{getattr(step, 'name', '')}"


def test_no_migration_takes_away_what_a_running_version_uses_or_holds_it_up():
    found = {
        (room, name, spelled(step))
        for room, name, step, tables in changes()
        if is_dangerous(room, step, tables)
    }

    assert found == set(EXCEPTIONS)


def test_a_column_that_came_later_has_a_default_in_the_database_or_may_be_empty():
    late = {
        (f"{room}_{step.model_name_lower}", step.field.db_column or step.name)
        for room, _, step, _ in changes()
        if isinstance(step, operations.AddField)
    }

    assert len(late) > 20
    assert late & columns(REQUIRED) == set()


def test_the_last_release_finds_all_its_columns_and_knows_all_that_it_must_fill():
    known = released_columns()
    tables = {table for table, _ in known}

    assert known <= columns(COLUMNS)
    assert {each for each in columns(REQUIRED) if each[0] in tables} <= known


def test_the_last_release_writes_its_rows():
    """By its own models, for the tables that have got columns since."""
    apps = released()
    acme, globex = (write(apps, "tenants.Tenant", name=n, slug=uuid.uuid4().hex) for n in "AG")

    for tenant in (acme, globex):
        assistant = write(apps, "assistants.Assistant", tenant=tenant)
        source = write(apps, "assistants.KnowledgeSource", tenant=tenant, assistant=assistant)
        version = write(apps, "assistants.AssistantVersion", tenant=tenant, assistant=assistant)
        contact = write(apps, "conversations.Contact", tenant=tenant)
        conversation = write(
            apps, "conversations.Conversation", tenant=tenant, contact=contact, assistant=assistant
        )
        turn = write(
            apps,
            "conversations.Turn",
            tenant=tenant,
            conversation=conversation,
            version=version,
        )
        assert all(row.pk for row in (source, turn))


def write(apps, label, **values):
    """Write a row of that version's model, with something plain in each column that needs it."""
    model = apps.get_model(label)
    for field in model._meta.local_fields:
        is_needed = not (field.null or field.primary_key or field.name in values)
        if is_needed and field.default is NOT_PROVIDED and type(field) in PLAIN:
            values[field.name] = PLAIN[type(field)]
    return model.objects.using("owner").create(**values)
