"""Row-level security, proven at the database with plain SQL."""

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction

from assistants.models import KnowledgeSource
from tenants import audit
from tenants.models import AuditEntry
from tenants.scope import tenant_scope
from tests.factories import make_assistant


@pytest.fixture
def entries(acme, globex):
    """One row of each tenant."""
    made = {}
    for tenant in (acme, globex):
        with tenant_scope(tenant.id):
            audit.record("tested", actor="a test")
            made[tenant.id] = AuditEntry.objects.get().pk
    return made


def sql(statement, *values, tenant=None):
    with transaction.atomic(using="default"), connections["default"].cursor() as cursor:
        if tenant is not None:
            cursor.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant.id)])
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else cursor.rowcount


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM tenants_auditentry",
        "UPDATE tenants_auditentry SET action = 'gone'",
        "DELETE FROM tenants_auditentry",
    ],
)
def test_without_a_tenant_every_statement_is_an_error(entries, statement):
    with pytest.raises(DatabaseError):
        sql(statement)


def test_no_tenant_is_left_behind_on_a_connection(acme, entries):
    assert len(sql("SELECT id FROM tenants_auditentry", tenant=acme)) == 1

    with pytest.raises(DatabaseError):
        sql("SELECT id FROM tenants_auditentry")


def test_a_tenant_reads_its_own_rows_only(acme, globex, entries):
    for tenant in (acme, globex):
        assert sql("SELECT id FROM tenants_auditentry", tenant=tenant) == [(entries[tenant.id],)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM tenants_auditentry WHERE id = %s",
        "UPDATE tenants_auditentry SET action = 'gone' WHERE id = %s RETURNING id",
        "DELETE FROM tenants_auditentry WHERE id = %s RETURNING id",
    ],
)
def test_another_tenants_row_is_not_there(acme, globex, entries, statement):
    assert sql(statement, entries[globex.id], tenant=acme) == []
    assert sql("SELECT action FROM tenants_auditentry", tenant=globex) == [("tested",)]


def test_a_row_cannot_be_written_for_another_tenant(acme, globex, entries):
    with pytest.raises(DatabaseError, match="row-level security"), tenant_scope(acme.id):
        AuditEntry.objects.create(tenant=globex, actor="a test", action="smuggled")
    with pytest.raises(DatabaseError, match="row-level security"):
        sql("UPDATE tenants_auditentry SET tenant_id = %s", globex.id, tenant=acme)

    assert len(sql("SELECT id FROM tenants_auditentry", tenant=globex)) == 1


def test_a_reference_to_another_tenants_row_cannot_be_stored(acme, globex):
    theirs = make_assistant(globex)

    with pytest.raises(IntegrityError), tenant_scope(acme.id):
        KnowledgeSource.objects.create(
            tenant=acme, assistant_id=theirs.pk, kind=KnowledgeSource.Kind.TEXT, title="Theirs"
        )

    with tenant_scope(acme.id):
        assert not KnowledgeSource.objects.exists()


def test_giving_up_the_confined_role_opens_nothing(acme, entries):
    with transaction.atomic(using="default"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant', %s, true)", [str(acme.id)])
        cursor.execute("SET LOCAL ROLE none")
        cursor.execute("SELECT id FROM tenants_auditentry")
        assert cursor.fetchall() == [(entries[acme.id],)]


@pytest.mark.parametrize("table", ["django_session", "auth_permission", "django_admin_log"])
def test_the_operators_tables_are_out_of_reach(table):
    with pytest.raises(DatabaseError, match="permission denied"):
        sql(f"SELECT * FROM {table}")
