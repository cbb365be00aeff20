import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tenants import audit, context
from tenants.models import AuditEntry
from tenants.scope import (
    NoTenant,
    OtherTenant,
    before_commit,
    current_scope,
    platform_scope,
    tenant_scope,
)


def actions(tenant):
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("at").values_list("action", flat=True))


def test_tenant_data_is_not_to_be_had_outside_a_scope():
    with pytest.raises(NoTenant):
        AuditEntry.objects.all()
    with pytest.raises(NoTenant):
        audit.record("tested", actor="a test")
    with pytest.raises(NoTenant):
        before_commit(print)


def test_a_scope_commits_what_was_written_for_its_tenant_alone(acme, globex):
    with tenant_scope(acme.id):
        audit.record("tested", actor="a test")

    assert (actions(acme), actions(globex)) == (["tested"], [])


def test_a_failed_scope_leaves_nothing_and_runs_no_callback(acme):
    ran = []

    def fail():
        with tenant_scope(acme.id):
            audit.record("tested", actor="a test")
            before_commit(lambda: ran.append(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert (actions(acme), ran) == ([], [])


def test_an_inner_scope_joins_the_outer_one_without_a_statement(acme):
    with (
        tenant_scope(acme.id) as outer,
        CaptureQueriesContext(connections["default"]) as queries,
        tenant_scope(acme.id) as inner,
    ):
        audit.record("tested", actor="a test")

    assert inner is outer
    assert len(queries) == 1


def test_a_failure_inside_an_inner_scope_undoes_the_outer_one(acme):
    def fail():
        with tenant_scope(acme.id):
            audit.record("outer", actor="a test")
            with tenant_scope(acme.id):
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert actions(acme) == []


def test_another_tenants_scope_cannot_be_opened_inside(acme, globex):
    with pytest.raises(OtherTenant), tenant_scope(acme.id), tenant_scope(globex.id):
        pass


def test_callbacks_run_once_as_the_outermost_scopes_last_statements(acme):
    order = []

    def callback():
        order.append("callback")

    with tenant_scope(acme.id):
        with tenant_scope(acme.id):
            before_commit(callback)
            before_commit(callback)
        order.append("body")

    assert order == ["body", "callback"]


def test_a_callback_may_still_write(acme):
    with tenant_scope(acme.id):
        before_commit(lambda: audit.record("late", actor="a test"))

    assert actions(acme) == ["late"]


def test_a_scope_is_over_when_it_is_left(acme):
    before = context.tenant_id.get()

    with tenant_scope(acme.id):
        assert (current_scope().tenant_id, context.tenant_id.get()) == (acme.id, str(acme.id))

    assert context.tenant_id.get() == before
    with pytest.raises(NoTenant):
        current_scope()


def test_the_platform_sees_all_tenants(acme, globex):
    for tenant in (acme, globex):
        with tenant_scope(tenant.id):
            audit.record("tested", actor="a test")

    with platform_scope("a test"):
        seen = set(AuditEntry.objects.values_list("tenant_id", flat=True))

    assert {acme.id, globex.id} <= seen


def test_an_audit_entry_says_who_did_what_from_where(acme):
    token = context.request_id.set("request-1")
    with tenant_scope(acme.id):
        audit.record("tested", actor="a test" * 99, target=acme, details={"a": 1}, ip="::1")
        entry = AuditEntry.objects.get()
    context.request_id.reset(token)

    assert (entry.action, entry.target, entry.details) == ("tested", "Acme", {"a": 1})
    assert (len(entry.actor), entry.ip, entry.request_id) == (200, "::1", "request-1")
