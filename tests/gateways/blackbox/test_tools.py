"""Tools that run at the client, and tools on our side that it is told of."""

import time

import pytest

from conversations import engine
from tests.assistants.tool_server import Answer, open_tool_server
from tests.conversations.calling import (  # noqa: F401 -- a fixture
    call_states,
    calls,
    let_time_pass,
    make_tool,
    no_turn_is_left,
    rescript,
    work,
)
from tests.gateways.blackbox.places import Place

ITEM = {"item": "lamp"}


@pytest.fixture
def place(acme, live_server_url):
    place = Place(acme, live_server_url, browser_tools=["show"])
    tool = make_tool(acme, "show", place="client", url="", fallback_result="Nobody looked.")
    rescript(place.assistant, [["show", ITEM]], tool)
    return place


@pytest.fixture
def rival(globex, live_server_url):
    return Place(globex, live_server_url, browser_tools=["show"])


@pytest.fixture
def server(settings):
    with open_tool_server() as server:
        settings.INTERNAL_HOSTS = [server.host]
        yield server


def ask(place, client):
    client.say("Show me a lamp.")
    client.until("text")
    work(place.tenant)


def respond(client, call_id, result, channel_id=None):
    content = {"id": call_id, "result": result}
    client.send("websocketToolResponse", channelId=channel_id, content=content)


@pytest.mark.parametrize("dev", [False, True])
def test_a_listed_tool_is_run_by_the_client_and_its_result_goes_on(place, dev):
    with place.chat(dev=dev) as client:
        ask(place, client)
        request = client.until("websocketToolRequest")
        respond(client, request["content"]["id"], {"shown": True})
        wait_until_done(place, client)
        answer = client.until("text", source="assistant")["content"]["text"]

    (call,) = calls(place.tenant)
    assert request["channelId"] is None
    assert request["content"] == {"id": str(call.id), "toolName": "show", "args": ITEM}
    assert answer == '{"shown": true}'


def wait_until_done(place, client):
    """What a client sends is read in order: the answer to this comes after the result is kept."""
    client.send("sdpAnswer")
    assert client.error() == "There is no voice call to answer"
    work(place.tenant)


def test_a_tool_that_is_not_listed_is_never_asked_of_a_page(place):
    place.change(browser_tools=["other"])
    with place.chat() as client:
        ask(place, client)
        while call_states(place.tenant) == ["waiting"]:
            time.sleep(0.02)
        work(place.tenant)
        frame = client.next()

    assert (frame["type"], frame["content"]["text"]) == ("text", "Nobody looked.")
    assert call_states(place.tenant) == ["failed"]


def test_a_server_runs_every_tool(place):
    place.change(browser_tools=[])
    with place.chat(dev=True) as server:
        ask(place, server)
        assert server.until("websocketToolRequest")["content"]["toolName"] == "show"


def test_a_client_that_does_not_answer_leads_to_the_fallback_result(place):
    with place.chat() as client:
        ask(place, client)
        client.until("websocketToolRequest")
        let_time_pass(place.tenant)
        work(place.tenant)

        assert client.until("text", source="assistant")["content"]["text"] == "Nobody looked."


def test_a_call_is_answered_once_and_by_its_own_client(place, rival):
    with place.chat() as client, rival.chat() as foreign, place.chat() as neighbour:
        ask(place, client)
        call_id = client.until("websocketToolRequest")["content"]["id"]
        for stranger in (foreign, neighbour):
            respond(stranger, call_id, "mine")
            assert stranger.error() == "Tool call not found."
        assert call_states(place.tenant) == ["waiting"]
        respond(client, call_id, "x" * (33 * 1024))
        assert client.error() == "result: At most 32768 bytes."
        respond(client, call_id, "Shown.")
        respond(client, call_id, "Shown again.")
        assert client.error() == "This tool call is finished."

    assert [call.result for call in calls(place.tenant)] == ["Shown."]


def test_who_reconnects_is_asked_again_for_what_only_reads(place):
    with place.chat() as client:
        ask(place, client)
        request = client.until("websocketToolRequest")

    with place.chat(recordId=client.record_id, sessionSecret=client.secret) as again:
        assert again.until("websocketToolRequest")["content"] == request["content"]


def test_a_server_sees_what_is_called_on_our_side_and_a_page_only_that(place, server):
    server.will(Answer({"stock": 7}))
    tool = make_tool(place.tenant, "look", url=server.url)
    rescript(place.assistant, [["look", ITEM]], tool)
    for dev, args, result in ((True, ITEM, '{"stock": 7}'), (False, {}, None)):
        with place.chat(dev=dev) as client:
            ask(place, client)
            began, ended = client.until("toolCall"), client.until("toolCallResult")

        call = calls(place.tenant)[-1]
        facts = {"id": str(call.id), "toolName": "look"}
        assert began["content"] == {**facts, "args": args}
        assert ended["content"] == {**facts, "result": result}


def test_a_call_that_waits_for_approval_is_not_the_clients_yet(place):
    tool = make_tool(place.tenant, "pay", place="client", url="", risk="approval")
    place.change(browser_tools=["pay"])
    rescript(place.assistant, [["pay", ITEM]], tool)
    with place.chat() as client:
        ask(place, client)
        (call,) = calls(place.tenant)
        respond(client, str(call.id), "Paid.")
        assert client.error() == "Tool call not found."
        with place.scope():
            conversation = engine.team_conversation(client.record_id)
            assert conversation.owner == "bot"
