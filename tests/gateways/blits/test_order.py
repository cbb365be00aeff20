"""What a socket hears and has heard: once, in order, and on no other transport again."""

import asyncio
import json
import time

import pytest

from conversations import engine, erasing, turns
from conversations.models import Conversation, Message
from gateways.blits import commands
from gateways.blits.socket import BlitsSocket
from livechat.asgi import application
from tenants.executor import run_in_db_thread
from tests.factories import make_member
from tests.gateways.blits.sockets import answer, talking
from tests.gateways.blits.test_socket import act, as_team, revoke, speak
from tests.gateways.blits.tokens import api_token, bubble_token
from tests.livechat.asgi_client import Client

pytestmark = pytest.mark.usefixtures("closed_hub", "no_turn_is_left", "rival")


def conversations(shop, *fields):
    with shop.scope():
        return list(Conversation.objects.order_by("id").values_list(*fields, flat=True))


async def exchange(shop, socket, question, reply, **fields):
    """One question and its answer, as the socket tells it."""
    await socket.command("message", message=question, **fields)
    assert (await socket.ask("isActive"))["active"]
    await run_in_db_thread(answer, shop, reply)
    return await socket.frame()


async def post(token, path, **fields):
    body = json.dumps(fields).encode()
    named = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    asked = Client(application).request(
        "POST", f"/api/external/{path}", headers=named, chunks=[body]
    )
    return (await asked).json()


async def test_what_is_told_needs_no_look_at_the_database(shop, monkeypatch):
    async def forbidden(*args, **fields):
        raise AssertionError("A thread was asked for.")

    async with talking(shop) as socket:
        await socket.write("Well?", requestId="m1")
        with monkeypatch.context() as patched:
            patched.setattr("gateways.blits.socket.run_in_db_thread", forbidden)
            await run_in_db_thread(answer, shop)
            told = await socket.frame()

    assert (told["response"], told["language"]) == ("Yes.", "en")


async def test_an_answer_is_told_in_the_language_that_was_understood(shop):
    await run_in_db_thread(speak, shop, ["en", "de"])

    async with talking(shop) as socket:
        await socket.write("Wann?")
        await run_in_db_thread(answer, shop, "Um neun.", effects=turns.Effects(language="de"))
        told = await socket.frame()

    assert socket.first["currentLanguage"] == "en"
    assert told["language"] == "de"


async def test_what_was_asked_is_answered_though_another_conversation_was_begun(shop, monkeypatch):
    monkeypatch.setattr(BlitsSocket, "status_seconds", 0.3)

    async with talking(shop) as socket:
        first = socket.conversation_id
        await socket.write("Well?", requestId="m1")
        again = await socket.initialize()
        other = await socket.initialize(conversationId=None)
        waiting = await socket.frame()
        await run_in_db_thread(answer, shop)
        told = await socket.frame()
        await socket.command("message", conversationId=first, message="And?", requestId="m2")
        # What names no conversation is about the one that was turned to last.
        socket.conversation_id = None
        turned = await socket.ask("isActive")
        await run_in_db_thread(answer, shop, "No.")
        last = await socket.frame()

    assert [one["message"] for one in again["chatHistory"]] == ["Well?"]
    assert other["conversationId"] != first
    assert (waiting["command"], waiting["requestId"]) == ("statusUpdate", "m1")
    assert (told["response"], told["requestId"]) == ("Yes.", "m1")
    assert (last["response"], last["requestId"]) == ("No.", "m2")
    for frame in (waiting, told, turned, last):
        assert frame["conversationId"] == first


async def test_an_answer_that_takes_too_long_elsewhere_is_an_error_there(shop, monkeypatch):
    monkeypatch.setattr(BlitsSocket, "answer_seconds", 0.2)

    async with talking(shop) as socket:
        await socket.write("Well?", requestId="m1")
        await socket.ask("initialize", conversationId=None)
        error = await socket.frame()

    assert (error["error"], error["requestId"]) == ("External API timed out", "m1")
    assert error["conversationId"] == socket.conversation_id


@pytest.mark.parametrize("at_once", [1, 100])
async def test_whoever_is_not_heard_any_more_is_told_so(shop, rival, monkeypatch, at_once):
    """As there are too many conversations, or as another token reaches only another one."""
    monkeypatch.setattr(BlitsSocket, "conversations_at_once", at_once)
    tokens = [
        await run_in_db_thread(api_token, one) for one in (shop, shop if at_once == 1 else rival)
    ]

    async with talking(shop, token=tokens[0]) as socket:
        await socket.write("Well?", requestId="m1")
        await socket.command("initialize", authToken=tokens[1], conversationId=None)
        error, begun = await socket.frame(), await socket.frame()
        await run_in_db_thread(answer, shop)
        silent = await socket.is_silent()

    assert (error["error"], error["requestId"]) == ("External API timed out", "m1")
    assert error["conversationId"] == socket.conversation_id
    assert begun["command"] == "initialize"
    assert silent


async def test_what_happens_between_beginning_and_hearing_is_told(shop, monkeypatch):
    monkeypatch.setattr(BlitsSocket, "status_seconds", 0.1)
    async with talking(shop) as socket:
        await exchange(shop, socket, "Well?", "Yes.")
        known = socket.conversation_id
    member = await run_in_db_thread(make_member, shop.tenant)
    monkeypatch.setattr(commands, "initialize", taken_over_late(shop, known, member))

    async with talking(shop, conversationId=known) as socket:
        texts = [(await socket.frame())["response"] for _ in range(2)]
        waiting = await socket.ask("message", message="Kim?")

    assert [one["message"] for one in socket.first["chatHistory"]] == ["Well?", "Yes."]
    assert texts == ["Agent joined the conversation.", "In between."]
    assert waiting["response"]["status"] == "waiting"


def taken_over_late(shop, conversation_id, member):
    initialize = commands.initialize

    def and_then(*args, **fields):
        found = initialize(*args, **fields)
        act(shop, engine.post_reply, conversation_id, member, text="In between.")
        # All who hear of it have heard of it.
        time.sleep(0.3)
        return found

    return and_then


async def test_what_a_socket_told_is_not_told_again_over_http(shop):
    token = await run_in_db_thread(api_token, shop)
    async with talking(shop, token=token) as socket:
        for text in ("One.", "Two.", "Three."):
            told = await exchange(shop, socket, "And?", text)
            assert told["response"] == text
        known = await run_in_db_thread(conversations, shop, "visitor_read_seq")

    path = f"messages/{socket.conversation_id}/text"
    asked = asyncio.create_task(post(token, path, message="And?"))
    async with asyncio.timeout(5):
        while await run_in_db_thread(count_messages, shop) < 7:  # noqa: ASYNC110 -- plain enough
            await asyncio.sleep(0.02)
    await run_in_db_thread(answer, shop, "Four.")

    assert (await asked)["response"] == ["Four."]
    # Noted with the message that followed, and the last one when the client had said goodbye.
    assert known == [4]


def count_messages(shop):
    with shop.scope():
        return Message.objects.count()


async def test_who_is_cut_off_may_have_missed_the_last_answer(shop):
    async with talking(shop) as socket:
        await exchange(shop, socket, "Well?", "Yes.")
        await socket.send_input({"type": "websocket.disconnect", "code": 1006})
        await socket.wait()

    assert await run_in_db_thread(conversations, shop, "visitor_read_seq") == [0]


async def test_who_turns_to_a_conversation_is_told_what_was_said_meanwhile(shop):
    token = await run_in_db_thread(api_token, shop)
    member = await run_in_db_thread(make_member, shop.tenant)
    async with talking(shop, token=token) as known:
        await exchange(shop, known, "Well?", "Yes.")
    await as_team(shop, engine.post_reply, known, member, text="In between.")
    await as_team(shop, engine.give_back, known)

    async with talking(shop, token=token) as socket:
        there = {"conversationId": known.conversation_id}
        await socket.command("message", message="And?", requestId="m1", **there)
        missed = await socket.frame()
        await socket.ask("isActive")
        await run_in_db_thread(answer, shop, "No.")
        told = await socket.frame()
        await socket.write("Back here.")
        turned = await socket.ask("message", message=" ", **there)
        silent = await socket.is_silent()

    assert (missed["response"], missed["conversationId"]) == ("In between.", *there.values())
    assert "requestId" not in missed
    assert (told["response"], told["requestId"]) == ("No.", "m1")
    # What was heard is not told again.
    assert "error" in turned
    assert silent


async def test_who_has_not_proved_its_session_is_not_told_what_was_said_meanwhile(shop):
    token = await run_in_db_thread(bubble_token, shop)
    member = await run_in_db_thread(make_member, shop.tenant)
    async with talking(shop, token=token) as known:
        await exchange(shop, known, "Well?", "Yes.")
    await as_team(shop, engine.post_reply, known, member, text="In between.")
    seen = await run_in_db_thread(conversations, shop, "visitor_read_seq")

    async with talking(shop, token=token) as socket:
        socket.conversation_id = known.conversation_id
        await socket.write("And?")
        await as_team(shop, engine.post_reply, known, member, text="I am here.")
        told = await socket.frame()

    assert told["response"] == "I am here."
    assert await run_in_db_thread(conversations, shop, "visitor_read_seq") == [*seen, 0]


async def test_a_users_history_is_read_and_erased_as_a_whole_and_nobody_elses(shop, rival):
    token = await run_in_db_thread(api_token, shop)
    for name, text in (("kim", "First."), ("alex", "Mine."), ("kim", "Second.")):
        async with talking(shop, token=token, userId=name) as socket:
            await socket.write(text)

    async with talking(shop, token=token) as socket:
        user = {"conversationId": None, "userId": "kim"}
        before = await socket.ask("loadHistory", **user)
        erased = await socket.ask("deleteHistory", **user, requestId="d")
        after = await socket.ask("loadHistory", **user)
        others = await socket.ask("loadHistory", conversationId=None, userId="alex")

    assert [one["message"] for one in before["chatHistory"]] == ["First.", "Second."]
    assert erased == {"command": "deleteHistory", "userId": "kim", "requestId": "d"}
    assert after["chatHistory"] == []
    assert [one["message"] for one in others["chatHistory"]] == ["Mine."]


async def test_who_may_erase_a_users_history_erases_all_of_it(shop, monkeypatch):
    token = await run_in_db_thread(api_token, shop)
    for text in ("First.", "Second.", "Third."):
        async with talking(shop, token=token, userId="kim") as socket:
            await socket.write(text)
    monkeypatch.setattr(erasing, "erase_history", revoking(token))

    async with talking(shop, token=token) as socket:
        await socket.command("deleteHistory", conversationId=None, userId="kim")
        async with asyncio.timeout(5):
            while await run_in_db_thread(standing, shop):  # noqa: ASYNC110 -- plain enough
                await asyncio.sleep(0.02)


def revoking(token):
    """Erases, after the token was revoked."""
    erase, tokens = erasing.erase_history, [token]

    def erase_history(conversation):
        while tokens:
            revoke(tokens.pop())
        erase(conversation)

    return erase_history


def standing(shop):
    with shop.scope():
        return Message.objects.filter(erased_at=None).exists()


async def test_what_is_said_before_the_erasing_comes_to_it_stands(shop, monkeypatch):
    token = await run_in_db_thread(api_token, shop)
    async with talking(shop, token=token, userId="kim") as socket:
        await socket.write("First.")
    member = await run_in_db_thread(make_member, shop.tenant)
    erase = commands.erase

    def erase_late(tenant_id, conversation_id):
        with shop.scope():
            engine.post_reply(engine.team_conversation(conversation_id), member, text="Later.")
        erase(tenant_id, conversation_id)

    monkeypatch.setattr(commands, "erase", erase_late)

    async with talking(shop, token=token) as socket:
        await socket.ask("deleteHistory", conversationId=None, userId="kim")
        left = await socket.ask("loadHistory", conversationId=None, userId="kim")

    assert [one["message"] for one in left["chatHistory"]][-1] == "Later."
    assert "First." not in str(left)


async def test_a_conversation_that_is_gone_by_then_keeps_none_from_being_erased(shop, monkeypatch):
    token = await run_in_db_thread(api_token, shop)
    async with talking(shop, token=token, userId="kim"):
        """Nothing is said."""
    async with talking(shop, token=token, userId="kim") as socket:
        await socket.write("Well?")
    monkeypatch.setattr(commands, "erasable", forgetting_unused(shop))

    async with talking(shop, token=token) as socket:
        erased = await socket.ask("deleteHistory", conversationId=None, userId="kim")

    assert erased == {"command": "deleteHistory", "userId": "kim"}
    assert not await run_in_db_thread(standing, shop)


def forgetting_unused(shop):
    erasable = commands.erasable

    def and_then(asker):
        found = erasable(asker)
        with shop.scope():
            Conversation.objects.filter(message_seq=0, session__label="kim").delete()
        return found

    return and_then
