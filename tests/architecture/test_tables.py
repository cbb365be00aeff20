"""The wall between tenants, read off the database itself."""

import pytest
from django.apps import apps
from django.db import connections

from tenants.scope import TenantModel
from tenants.wall import APP_ROLE

# Read before the tenant is known. Whoever adds a table here opens a hole, and says why.
WITHOUT_POLICY = {
    "tenants_tenant",
    "tenants_user",
    "tenants_membership",
    "tenants_loginsession",
    "tenants_credential",
    # What the installation tells the owner of an account, who may be a member of any tenant.
    "tenants_accountmail",
    # Of accounts too.
    "tenants_secondfactor",
    "realtime_head",
    # Whether the worker and beat are alive; nothing of any tenant.
    "realtime_pulse",
    "widgets_bubblecode",
}
POLICY = "(tenant_id = (current_setting('app.tenant'::text))::uuid)"
RIGHTS = {"SELECT", "INSERT", "UPDATE", "DELETE"}
# A published version never changes.
FEWER_RIGHTS = {"assistants_assistantversion": {"SELECT", "INSERT", "DELETE"}}
# The product's own names: which migrations have run, and what models there are.
READ_BY_ALL = {"django_migrations", "django_content_type"}
# Only the owner's role keeps house here: the operators' admin, its log-ins, and migrations.
OWNERS_ALONE = (
    "auth_",
    "django_admin_log",
    "django_session",
    "tenants_user_groups",
    "tenants_user_user_permissions",
)


def rows(sql, *values):
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def tables():
    return {
        name
        for (name,) in rows(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm')"
            " AND relnamespace = 'public'::regnamespace"
        )
    }


def walled():
    return {
        name
        for (name,) in rows(
            "SELECT relname FROM pg_class"
            " WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
        )
    }


def columns_of(table):
    return {
        name
        for (name,) in rows(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s",
            table,
        )
    }


def foreign_keys(table):
    """Each foreign key as its own columns, the table it points to, and the columns there."""
    return {
        (tuple(columns), target, tuple(targets))
        for columns, target, targets in rows(
            """
            SELECT array(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS k(n, i)
                         JOIN pg_attribute ON attrelid = conrelid AND attnum = n ORDER BY i),
                   confrelid::regclass::text,
                   array(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS k(n, i)
                         JOIN pg_attribute ON attrelid = confrelid AND attnum = n ORDER BY i)
            FROM pg_constraint WHERE contype = 'f' AND convalidated AND conrelid = %s::regclass
            """,
            table,
        )
    }


def rights_on(table):
    return {
        right
        for (right,) in rows(
            "SELECT privilege_type FROM information_schema.role_table_grants"
            " WHERE table_schema = 'public' AND table_name = %s AND grantee IN (%s, 'PUBLIC')",
            table,
            APP_ROLE,
        )
    }


def test_every_table_is_behind_the_wall_or_on_one_of_two_lists():
    others = {name for name in tables() if name.startswith(OWNERS_ALONE)} | READ_BY_ALL

    assert tables() - walled() - others == WITHOUT_POLICY


def test_every_model_of_tenant_data_is_behind_the_wall():
    models = {model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel)}

    assert models == walled()


def test_every_policy_is_the_loud_one_and_the_only_one():
    policies = rows(
        "SELECT tablename, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
        " WHERE schemaname = 'public'"
    )

    assert sorted(policies) == sorted(
        (table, "PERMISSIVE", ["public"], "ALL", POLICY, POLICY) for table in walled()
    )


def test_every_reference_between_tenants_tables_carries_the_tenant():
    """An id of another tenant's row cannot be stored, whatever the code does."""
    with_tenant = {name for name in tables() if "tenant_id" in columns_of(name)}
    missing = [
        (table, columns, target)
        for table in with_tenant - {"tenants_membership", "tenants_credential"}
        for columns, target, _ in foreign_keys(table)
        if target in with_tenant
        and len(columns) == 1
        and (("tenant_id", columns[0]), target, ("tenant_id", "id")) not in foreign_keys(table)
    ]

    assert missing == []


def test_every_row_belongs_to_a_tenant_that_exists():
    for table in walled():
        assert (("tenant_id",), "tenants_tenant", ("id",)) in foreign_keys(table), table


def test_the_serving_role_is_confined():
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        current, login = cursor.fetchone()
    powers = rows(
        "SELECT bool_or(rolsuper OR rolbypassrls OR rolcreaterole) FROM pg_roles"
        " WHERE rolname IN (%s, %s)",
        current,
        login,
    )
    owned = rows(
        "SELECT count(*) FROM pg_class WHERE relowner IN (%s::regrole, %s::regrole)",
        current,
        login,
    )

    assert (current, powers, owned) == (APP_ROLE, [(False,)], [(0,)])


@pytest.mark.parametrize("table", sorted(WITHOUT_POLICY))
def test_a_table_without_a_policy_may_be_used(table):
    assert rights_on(table) == RIGHTS


def test_the_serving_role_has_the_rights_it_needs_and_no_more():
    granted = {table: rights_on(table) for table in tables()}
    expected = {table: FEWER_RIGHTS.get(table, RIGHTS) for table in walled() | WITHOUT_POLICY}

    assert {table: rights for table, rights in granted.items() if rights} == {
        **expected,
        **{table: {"SELECT"} for table in READ_BY_ALL},
    }
