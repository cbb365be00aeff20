"""What operators change about tools, and about which of them an assistant may call."""

import json

import pytest

from assistants.models import Tool
from assistants.versions import create_version, publish
from tenants.scope import tenant_scope
from tests.admin.operators import filled
from tests.admin.test_chat_pages import action, acts, change_page, reload
from tests.conversations.calling import make_tool
from tests.factories import make_assistant, make_tenant

SCHEMA = {"type": "object", "properties": {"order": {"type": "integer"}}, "required": ["order"]}
ADD = "assistants/tool/add/"


@pytest.fixture
def assistant(acme):
    return make_assistant(acme)


@pytest.fixture
def tool(operator, acme):
    return set_up(operator, acme)


@pytest.fixture(scope="module")
def untouched(operator):
    """A tool that no test changes, and its form, filled in."""
    tool = set_up(operator, make_tenant("Acme"))
    return tool, filled(operator.get(change_page(tool)))


def set_up(operator, tenant):
    operator.save(
        ADD,
        tenant=tenant.id,
        name="refund",
        description="Pays an order back.",
        parameters=json.dumps(SCHEMA),
        risk="approval",
        method="PUT",
        url="https://acme.example/refunds",
        new_headers="X-Key: canary\nX-Shop: acme",
        timeout_seconds="7",
        retries="0",
        fallback_result="Ask a person.",
    )
    with tenant_scope(tenant.id):
        return Tool.objects.get()


def errors(page):
    return page.context["adminform"].form.errors


def test_a_tool_is_set_up_with_everything_that_it_has(acme, tool):
    assert (tool.name, tool.place, tool.risk, tool.method) == (
        "refund",
        "server",
        "approval",
        "PUT",
    )
    assert (tool.url, tool.parameters) == ("https://acme.example/refunds", SCHEMA)
    assert (tool.timeout_seconds, tool.retries, tool.fallback_result) == (7, 0, "Ask a person.")
    assert tool.is_enabled
    assert acts(acme)[-1] == "tool.created"


def test_headers_are_kept_sealed_and_never_shown(operator, acme, tool):
    page = operator.get(change_page(tool)).content.decode()
    operator.save(change_page(tool), description="Pays back.")
    kept = reload(tool)
    operator.save(change_page(tool), new_headers="X-Key: other")
    changed = reload(tool)
    operator.save(change_page(tool), forget_headers="on")

    assert "canary" not in page + tool.sealed_headers + str(acts(acme))
    assert (kept.description, kept.headers) == ("Pays back.", "X-Key: canary\nX-Shop: acme")
    assert changed.headers == "X-Key: other"
    assert reload(tool).headers == ""


def test_a_tool_is_switched_off_and_deleted(operator, acme, tool):
    operator.save(change_page(tool), is_enabled="")
    assert not reload(tool).is_enabled

    operator.post(f"assistants/tool/{tool.pk}/delete/", {"post": "yes"})
    with tenant_scope(acme.id):
        assert not Tool.objects.exists()
    assert acts(acme)[-1] == "tool.deleted"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("parameters", "", "malformed"),
        ("parameters", "{", "malformed"),
        ("parameters", "[]", "must be an object"),
        ("parameters", '{"type": "object", "maxProperties": NaN}', "malformed"),
        ("parameters", '{"type": "object", "title": "\\u0000"}', "malformed"),
        ("parameters", '{"type": "object", "required": 5}', "not of type"),
        ("parameters", '{"type": "object", "$ref": "https://evil.example/"}', "schema itself"),
        ("parameters", '{"a":' * 5000 + "1" + "}" * 5000, "malformed"),
        ("url", "", "Say where the server is."),
        ("url", "http://acme.example/", "https://"),
        ("url", "https://127.0.0.1/", "private network"),
        ("url", "https://user:pw@acme.example/", "user name"),
        ("new_headers", "nonsense", "Name: value"),
        ("new_headers", "Host: evil.example", "cannot be set"),
        ("timeout_seconds", "0", "greater than or equal to 1"),
        ("timeout_seconds", "61", "less than or equal to 60"),
        ("retries", "3", "less than or equal to 2"),
        ("description", " ", "required"),
    ],
)
def test_a_mistake_is_shown_beside_its_field(operator, untouched, field, value, sentence):
    tool, form = untouched
    before = vars(reload(tool))

    page = operator.post(change_page(tool), {**form, field: value})

    assert sentence in str(errors(page)[field])
    assert {**vars(reload(tool)), "_state": ""} == {**before, "_state": ""}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("refund", "already exists"),
        ("hand_over", "has a tool of this name"),
        ("two words", "underscores"),
        ("1st", "underscores"),
        ("é", "underscores"),
    ],
)
def test_a_name_is_one_that_models_can_call_and_nobody_has(operator, acme, tool, name, sentence):
    page = operator.submit(
        ADD, tenant=acme.id, name=name, description="x", url="https://acme.example/"
    )

    assert sentence in errors(page).as_text()
    with tenant_scope(acme.id):
        assert Tool.objects.count() == 1


def test_a_tool_of_the_page_needs_no_address(operator, globex):
    operator.save(ADD, tenant=globex.id, name="show", description="Shows it.", place="client")

    with tenant_scope(globex.id):
        assert Tool.objects.get().place == "client"


def test_tools_are_chosen_for_the_next_version(operator, acme, assistant, tool):
    other = make_tool(acme, "lookup")
    operator.save(change_page(assistant), tools=[str(tool.pk)])

    changed = reload(assistant)
    assert [kept["name"] for kept in changed.staging.tools] == ["refund"]
    assert (changed.production.tools, changed.staging.number) == ([], 2)
    # Opened and saved as it is, it stages nothing.
    operator.save(change_page(assistant))
    assert reload(assistant).staging.number == 2
    operator.save(change_page(assistant), tools=[str(tool.pk), str(other.pk)])
    assert len(reload(assistant).staging.tools) == 2


def test_another_tenants_tool_cannot_be_chosen(operator, acme, globex, assistant):
    foreign = make_tool(globex, "lookup")

    changed = operator.submit(change_page(assistant), tools=[str(foreign.pk)])
    added = operator.submit(
        "assistants/assistant/add/", tenant=acme.id, name="Bob", tools=[str(foreign.pk)]
    )

    assert "tools" in errors(changed)
    assert "another tenant" in str(errors(added)["tools"])
    assert "lookup" not in operator.get(change_page(assistant)).content.decode()
    assert reload(assistant).staging.number == 1


def test_the_page_says_which_tools_have_changed_and_takes_them_over(operator, acme, assistant):
    tools = [make_tool(acme, name) for name in ("same", "altered", "off", "gone")]
    with tenant_scope(acme.id):
        publish(create_version(assistant, tools=tools))
    before = operator.get(change_page(assistant)).content.decode()
    with tenant_scope(acme.id):
        Tool.objects.filter(name="altered").update(timeout_seconds=3)
        Tool.objects.filter(name="off").update(is_enabled=False)
        Tool.objects.filter(name="gone").delete()
    changed = operator.get(change_page(assistant)).content.decode()

    operator.post(action(assistant, "update_tools"))
    after = operator.get(change_page(assistant)).content.decode()

    assert "as they were" in before
    assert "altered was changed, off was switched off, gone was deleted" in changed
    assert ("/update_tools/" in before, "/update_tools/" in changed) == (False, True)
    staged, published = reload(assistant).staging.tools, reload(assistant).production.tools
    assert {tool["name"]: tool["timeout_seconds"] for tool in staged}["altered"] == 3
    assert {tool["name"] for tool in staged} == {"same", "altered", "off"}
    assert {tool["name"] for tool in published} == {"same", "altered", "off", "gone"}
    assert "off was switched off" in after
    assert "altered was" not in after
    assert "/update_tools/" not in after
