"""Versions are made once; publishing and rolling back move a pointer."""

import dataclasses

import pytest
from django.db import IntegrityError, ProgrammingError

from assistants.models import Assistant, AssistantVersion, Tool
from assistants.models.assistant import Immutable
from assistants.queries import assistant_by_id, default_assistant
from assistants.versions import create_assistant, create_version, publish, roll_back, snapshot
from tenants.errors import BadRequest, Conflict
from tenants.ids import uuid7
from tenants.models import AuditEntry
from tenants.scope import NoTenant, tenant_scope


@pytest.fixture
def ada(acme, globex):
    with tenant_scope(globex.id):
        create_assistant("Bob", greeting="Globex greets.", is_default=True)
    with tenant_scope(acme.id):
        return create_assistant("Ada", greeting="First.", is_default=True)


def greetings(tenant, assistant):
    with tenant_scope(tenant.id):
        assistant.refresh_from_db()
        return snapshot(assistant).greeting, snapshot(assistant, staging=True).greeting


def test_a_new_assistant_answers_with_its_first_version(acme, ada):
    with tenant_scope(acme.id):
        version = snapshot(ada)

    assert ada.production.number == 1
    assert (version.assistant_id, version.tenant_id) == (ada.id, acme.id)
    assert (version.name, version.engine, version.greeting) == ("Ada", "knowledge", "First.")
    assert (version.answer_threshold, version.margin, version.offer_threshold) == (0.5, 0.05, 0.3)


def test_a_snapshot_is_plain_and_frozen(acme, ada):
    with tenant_scope(acme.id):
        version = snapshot(ada)

    with pytest.raises(dataclasses.FrozenInstanceError):
        version.greeting = "Other"


def test_an_assistant_without_a_version_has_no_snapshot(acme):
    with tenant_scope(acme.id):
        assistant = Assistant.objects.create(tenant=acme, name="Empty")

        assert snapshot(assistant) is None
        assert snapshot(assistant, staging=True) is None
        assert assistant_by_id(assistant.id) is None


def test_a_new_version_is_staged_and_keeps_what_did_not_change(acme, ada):
    with tenant_scope(acme.id):
        version = create_version(ada, greeting="Second.")

    assert (version.number, version.offer_text) == (2, ada.production.offer_text)
    assert greetings(acme, ada) == ("First.", "Second.")


def test_publishing_and_rolling_back_move_the_pointer_and_are_recorded(acme, ada):
    with tenant_scope(acme.id):
        publish(create_version(ada, greeting="Second."), actor="owner@acme.example")
    assert greetings(acme, ada) == ("Second.", "Second.")

    with tenant_scope(acme.id):
        roll_back(ada, actor="owner@acme.example")

    assert greetings(acme, ada) == ("First.", "Second.")
    with tenant_scope(acme.id):
        entries = AuditEntry.objects.filter(actor="owner@acme.example").order_by("at")
        assert [entry.action for entry in entries] == [
            "assistant.published",
            "assistant.rolled_back",
        ]
        assert AssistantVersion.objects.count() == 2


def test_the_first_version_cannot_be_rolled_back(acme, ada):
    with pytest.raises(Conflict) as caught, tenant_scope(acme.id):
        roll_back(ada)

    assert caught.value.code == "no_earlier_version"
    assert greetings(acme, ada) == ("First.", "First.")


def test_a_version_is_never_saved_again(acme, ada):
    ada.production.greeting = "Rewritten."

    with pytest.raises(Immutable), tenant_scope(acme.id):
        ada.production.save()

    assert greetings(acme, ada)[0] == "First."


def test_the_database_refuses_to_rewrite_a_version(acme, ada):
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(acme.id):
        AssistantVersion.objects.update(greeting="Rewritten.")

    assert greetings(acme, ada)[0] == "First."


def test_a_tenant_has_one_default_assistant(acme, ada):
    with pytest.raises(IntegrityError, match="assistant_one_default"), tenant_scope(acme.id):
        create_assistant("Second default", is_default=True)

    with tenant_scope(acme.id):
        assert default_assistant() == ada
        assert Assistant.objects.count() == 1


def test_another_tenants_version_cannot_be_published(acme, globex, ada):
    with tenant_scope(globex.id):
        foreign = default_assistant().production

    with pytest.raises(IntegrityError, match="production_id_wall"), tenant_scope(acme.id):
        Assistant.objects.filter(pk=ada.pk).update(production_id=foreign.id)

    assert greetings(acme, ada)[0] == "First."


@pytest.mark.parametrize("garbage", ["", "x", 7, None, [], "' OR 1=1", "0" * 36, uuid7()])
def test_an_unknown_id_finds_no_assistant(acme, ada, garbage):
    with tenant_scope(acme.id):
        assert assistant_by_id(garbage) is None


def test_a_foreign_id_finds_no_assistant(acme, globex, ada):
    with tenant_scope(globex.id):
        assert assistant_by_id(str(ada.id)) is None
        assert default_assistant() != ada
    with tenant_scope(acme.id):
        assert assistant_by_id(str(ada.id)) == ada


def test_without_a_tenant_nothing_is_read(ada):
    with pytest.raises(NoTenant):
        default_assistant()


def make_tool(tenant, **fields):
    return Tool.objects.create(
        tenant=tenant, **{"name": "lookup", "url": "https://acme.example/", **fields}
    )


def test_a_version_keeps_copies_of_its_tools_and_none_of_their_secrets(acme, ada):
    with tenant_scope(acme.id):
        tool = make_tool(acme, headers="X-Key: canary", timeout_seconds=7)
        version = create_version(ada, tools=[tool])
        tool.timeout_seconds = 9
        tool.save()
        kept = snapshot(ada, staging=True).tools
        following = create_version(ada, greeting="Hi.")
        without = create_version(ada, tools=[])

    assert [(one.id, one.name, one.timeout_seconds) for one in kept] == [(tool.id, "lookup", 7)]
    assert "canary" not in str(version.tools)
    assert tool.sealed_headers not in str(version.tools)
    assert (following.tools, without.tools) == (version.tools, [])


def test_another_tenants_tool_cannot_be_given_to_a_version(acme, globex, ada):
    with tenant_scope(globex.id):
        foreign = make_tool(globex)

    with pytest.raises(BadRequest) as caught, tenant_scope(acme.id):
        create_version(ada, tools=[foreign])

    assert caught.value.code == "unknown_tool"
    with tenant_scope(acme.id):
        assert AssistantVersion.objects.count() == 1
