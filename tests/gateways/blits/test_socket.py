"""What the socket does with its commands, and what it says without being asked."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from assistants.versions import create_version, publish
from conversations import engine
from conversations.models import Conversation, Message, Turn, VisitorSession
from conversations.sessions import change_secret, end_session
from gateways.blits import commands
from gateways.blits.conversation import Asker
from gateways.blits.socket import BlitsSocket
from realtime.ephemeral import whisper
from tenants import credentials
from tenants.errors import NotFound
from tenants.executor import run_in_db_thread
from tenants.models import Credential
from tests.assistants.budgets import limit
from tests.factories import make_member
from tests.gateways.blits.sockets import answer, connected, talking
from tests.gateways.blits.tokens import api_token, bubble_token
from widgets.callers import Caller

pytestmark = pytest.mark.usefixtures("closed_hub", "no_turn_is_left", "rival")

GONE = "conversationId expired. Initialize a new conversation"


@pytest.fixture
def watchful_guard(monkeypatch):
    monkeypatch.setattr("realtime.guard.LOOK_SECONDS", 0.2)


def messages(shop):
    with shop.scope():
        return list(Message.objects.order_by("created_at").values_list("author_kind", "text"))


def act(shop, verb, conversation_id, *args, **fields):
    with shop.scope():
        return verb(engine.team_conversation(conversation_id), *args, **fields)


async def as_team(shop, verb, socket, *args, **fields):
    await run_in_db_thread(act, shop, verb, socket.conversation_id, *args, **fields)


def first_of(shop, model):
    with shop.scope():
        return model.objects.latest("created_at")


async def test_the_client_is_greeted_and_told_nothing_more_before_it_asks():
    async with connected() as socket:
        assert await socket.is_silent()


async def test_who_does_not_initialize_in_time_is_told_so(monkeypatch):
    monkeypatch.setattr(BlitsSocket, "auth_deadline", 0.05)

    async with connected() as socket:
        frame, code = await socket.frame(), await socket.close_code()

    assert (frame["error"], frame["active"], code) == (
        "No initialize came in time",
        False,
        4401,
    )


async def test_an_initialized_socket_outlives_that_time(shop, monkeypatch):
    monkeypatch.setattr(BlitsSocket, "auth_deadline", 0.3)

    async with talking(shop) as socket:
        assert await socket.is_silent(0.5)


async def test_a_nameless_user_is_given_a_name(shop):
    async with talking(shop) as socket:
        name = socket.first["userId"]
        again = await socket.initialize(userId=name)

    assert name.startswith("guest-")
    assert again["userId"] == name
    assert await run_in_db_thread(count_sessions, shop) == 1


def count_sessions(shop):
    with shop.scope():
        return Conversation.objects.values("session").distinct().count()


async def test_whoever_reconnects_finds_what_was_said_and_hears_what_follows(shop):
    async with talking(shop, userId="kim") as socket:
        await socket.write("Well?", requestId="m1")
        await run_in_db_thread(answer, shop, "Yes.", choices=("A", "B"))
        said = await socket.frame()
        known = socket.conversation_id

    async with talking(shop, conversationId=known, userId="kim") as socket:
        history = socket.first["chatHistory"]
        await socket.write("And?", requestId="m2")
        await run_in_db_thread(answer, shop, "No.")
        heard = await socket.frame()

    assert said["response"] == "Yes.\n- A\n- B"
    assert [(one["type"], one["message"]) for one in history] == [
        ("user", "Well?"),
        ("bot", "Yes.\n- A\n- B"),
    ]
    assert history[1]["messageId"] == said["messageId"]
    assert (heard["response"], heard["requestId"]) == ("No.", "m2")


async def test_an_answer_to_two_questions_is_told_to_both(shop):
    async with talking(shop) as socket:
        for tag in ("m1", "m2"):
            await socket.command("message", message="Well?", requestId=tag)
        # Whoever sends the third one waits for the second to be stored.
        await socket.ask("isActive")
        await run_in_db_thread(answer, shop)
        frames = [await socket.frame() for _ in range(2)]
        silent = await socket.is_silent()

    assert [frame["requestId"] for frame in frames] == ["m1", "m2"]
    assert frames[0]["messageId"] == frames[1]["messageId"]
    assert silent


async def test_without_request_ids_an_answer_is_told_once(shop):
    async with talking(shop) as socket:
        for _ in range(2):
            await socket.write("Well?")
        await run_in_db_thread(answer, shop)
        frame, silent = await socket.frame(), await socket.is_silent()

    assert "requestId" not in frame
    assert silent


async def test_an_answer_that_takes_long_is_announced_once(shop, monkeypatch):
    monkeypatch.setattr(BlitsSocket, "status_seconds", 0.1)

    async with talking(shop) as socket:
        waiting = await socket.ask("message", message="Well?", requestId="m1")
        silent = await socket.is_silent()
        await run_in_db_thread(answer, shop)
        said = await socket.frame()
        monkeypatch.setattr(BlitsSocket, "status_seconds", 0.5)
        await socket.write("Quickly?", requestId="m2")
        await run_in_db_thread(answer, shop)
        quick, nothing = await socket.frame(), await socket.is_silent(0.7)

    assert waiting == {
        "command": "statusUpdate",
        "conversationId": socket.conversation_id,
        "response": {"status": "processing", "message": "The assistant is working on an answer."},
        "requestId": "m1",
    }
    assert silent
    assert (said["requestId"], quick["requestId"]) == ("m1", "m2")
    assert nothing


async def test_a_tool_that_runs_is_told_of_to_whoever_waits(shop):
    data = {"id": "c", "name": "lookup", "status": "started"}

    async with talking(shop) as socket:
        data["conversationId"] = socket.conversation_id
        tell = {"visitor_of": socket.conversation_id}
        whisper(shop.tenant.id, "tool:call", data, **tell)
        before = await socket.is_silent()
        await socket.write("Well?", requestId="m1")
        whisper(shop.tenant.id, "tool:call", data, **tell)
        whisper(shop.tenant.id, "tool:call", {**data, "status": "done"}, **tell)
        frame, silent = await socket.frame(), await socket.is_silent()

    assert before
    assert frame["response"] == {
        "status": "processing",
        "message": "The assistant is using lookup.",
    }
    assert frame["requestId"] == "m1"
    assert silent


async def test_an_answer_that_never_comes_is_an_error_and_a_late_one_is_told(shop, monkeypatch):
    monkeypatch.setattr(BlitsSocket, "answer_seconds", 0.1)

    async with talking(shop) as socket:
        error = await socket.ask("message", message="Well?", requestId="m1")
        await run_in_db_thread(answer, shop)
        late = await socket.frame()

    assert error["error"] == "External API timed out"
    assert (error["active"], error["requestId"]) == (True, "m1")
    assert error["conversationId"] == socket.conversation_id
    assert late["response"] == "Yes."
    assert "requestId" not in late


async def test_a_person_is_heard_in_the_same_words(shop, monkeypatch):
    monkeypatch.setattr(BlitsSocket, "status_seconds", 0.1)
    member = await run_in_db_thread(make_member, shop.tenant)

    async with talking(shop) as socket:
        await as_team(shop, engine.take_over, socket, member)
        joined = await socket.frame()
        waiting = await socket.ask("message", message="Hello?", requestId="m1")
        await as_team(shop, engine.post_reply, socket, member, text="I am here.")
        reply = await socket.frame()
        await as_team(shop, engine.post_reply, socket, member, text="A note.", private=True)
        await as_team(shop, engine.close, socket, by="Kim")
        closed = await socket.frame()
        active = await socket.ask("isActive")
        await socket.write("One more thing", requestId="m2")
        await run_in_db_thread(answer, shop)
        again = await socket.frame()
        history = await socket.ask("loadHistory")

    assert "A note." not in [one["message"] for one in history["chatHistory"]]
    assert joined["response"] == "Agent joined the conversation."
    assert waiting["response"]["status"] == "waiting"
    assert (reply["response"], reply["requestId"]) == ("I am here.", "m1")
    assert closed["response"] == "Kim closed the conversation."
    assert active["active"] is False
    assert (again["response"], again["requestId"]) == ("Yes.", "m2")


async def test_the_opening_message_is_said_to_whoever_asks_and_stored_once(shop):
    async with talking(shop) as socket:
        first = await socket.ask("message", type="NEW", requestId="n1")
        again = await socket.ask("message", type="NEW", requestId="n2")
        silent = await socket.is_silent()

    assert first["response"] == "Hello! What would you like to know?"
    assert (first["requestId"], again["requestId"]) == ("n1", "n2")
    assert first["messageId"] == again["messageId"]
    assert silent
    assert len(await run_in_db_thread(messages, shop)) == 1


async def test_without_an_opening_message_whoever_asks_is_told_so(shop):
    async with talking(shop) as socket:
        await socket.write("Well?")
        refused = await socket.ask("message", type="NEW")

    assert (refused["error"], refused["active"]) == ("There is no opening message", True)


async def test_another_token_may_speak_if_it_reaches_the_same_conversation(
    shop, rival, watchful_guard
):
    first, second = [await run_in_db_thread(api_token, shop) for _ in range(2)]
    foreign = await run_in_db_thread(api_token, rival)

    async with talking(shop, token=first) as socket:
        refused = await socket.ask("message", authToken=foreign, message="Hello?")
        nobody = await socket.ask("isActive", authToken="nonsense")
        allowed = await socket.ask("isActive", authToken=second)
        await run_in_db_thread(revoke, first)
        stays = await socket.is_silent(0.5)
        late = await socket.ask("isActive", authToken=first)
        await run_in_db_thread(revoke, second)
        last, code = await socket.frame(), await socket.close_code()

    assert (refused["error"], refused["active"]) == ("Conversation not found", False)
    assert nobody["error"] == late["error"] == "These credentials are not valid"
    assert allowed["active"]
    assert stays
    assert last["error"] == "These credentials are no longer valid"
    assert code == 4401
    assert await run_in_db_thread(messages, shop) == []


def revoke(token):
    kinds = (Credential.Kind.API_TOKEN,)
    grant = credentials.verify(token, kinds=kinds)
    credentials.revoke(Credential.objects.get(pk=grant.credential_id))


async def test_a_revoked_token_takes_its_socket_along_within_two_seconds(shop):
    token = await run_in_db_thread(api_token, shop)

    async with talking(shop, token=token) as socket:
        begun = time.monotonic()
        await run_in_db_thread(revoke, token)
        last, code = await socket.frame(), await socket.close_code()

    assert time.monotonic() - begun < 2.5
    assert (last["error"], last["active"], code) == (
        "These credentials are no longer valid",
        False,
        4401,
    )


@pytest.mark.parametrize("end", [end_session, change_secret])
async def test_a_session_that_ends_or_gets_another_secret_takes_its_socket_along(
    shop, watchful_guard, end
):
    token = await run_in_db_thread(bubble_token, shop)

    def end_it():
        with shop.scope():
            session = VisitorSession.objects.latest("last_seen_at")
            end(session)
            return session.id

    async with talking(shop, token=token) as socket:
        known = socket.conversation_id
        ended = await run_in_db_thread(end_it)
        last, code = await socket.frame(), await socket.close_code()

    assert (last["error"], code) == ("These credentials are no longer valid", 4401)
    if end is end_session:
        asker = Asker(Caller(token=token), known, proved={ended})
        with pytest.raises(NotFound):
            await run_in_db_thread(commands.reach, asker)


async def test_what_another_conversations_token_may_does_not_keep_this_one_open(
    shop, rival, watchful_guard
):
    mine, theirs = [await run_in_db_thread(api_token, one) for one in (shop, rival)]
    async with talking(rival, token=theirs) as other:
        elsewhere = other.conversation_id

    async with talking(shop, token=mine) as socket:
        reached = await socket.ask("isActive", authToken=theirs, conversationId=elsewhere)
        await run_in_db_thread(revoke, mine)
        last, code = await socket.frame(), await socket.close_code()

    assert reached["active"]
    assert (last["error"], code) == ("These credentials are no longer valid", 4401)


async def test_a_page_proves_its_session_once_for_its_socket(shop):
    token = await run_in_db_thread(bubble_token, shop)

    async with talking(shop, token=token, userId="web-user") as socket:
        secret = socket.first["sessionSecret"]
        await socket.write("Well?", requestId="m1")
        await run_in_db_thread(answer, shop)
        said = await socket.frame()
        known = socket.conversation_id
        refused = [await socket.ask(name) for name in ("deleteHistory", "debug")]
        refused.append(await socket.ask("loadHistory", conversationId=None, userId="web-user"))
        history = await socket.ask("loadHistory")
    async with connected(token, **{"user-agent": "Other"}) as stranger:
        unknown = await stranger.ask("initialize", conversationId=known)
        with_secret = await stranger.ask("initialize", conversationId=known, sessionSecret=secret)
        afterwards = await stranger.ask("isActive", conversationId=known)
    async with connected(token) as late:
        spent = await late.ask("initialize", conversationId=known)

    assert said["response"] == "Yes."
    assert socket.first["userId"] == "web-user"
    assert {frame["error"] for frame in refused} == {"This token may not do this"}
    assert len(history["chatHistory"]) == len(with_secret["chatHistory"]) == 2
    assert (unknown["error"], unknown["errorHint"]) == ("Conversation not found", GONE)
    assert "sessionSecret" not in with_secret
    assert afterwards["active"]
    # Whoever has shown the secret is asked for it from then on.
    assert spent["error"] == "Conversation not found"
    assert len(await run_in_db_thread(messages, shop)) == 2


async def test_the_named_language_is_spoken_and_unknown_ones_are_ignored(shop):
    await run_in_db_thread(speak, shop, ["en", "de"])

    async with talking(shop, setCurrentLanguageTo="de-AT") as socket:
        first = socket.first
        await socket.write("Well?", language="EN")
        await run_in_db_thread(answer, shop)
        english = await socket.frame()
        unknown = await socket.initialize(setCurrentLanguageTo="xx")

    assert (first["currentLanguage"], first["availableLanguages"]) == ("de", ["en", "de"])
    assert english["language"] == "en"
    assert unknown["currentLanguage"] == "en"


def speak(shop, languages):
    with shop.scope():
        publish(create_version(shop.assistant, languages=languages))


async def test_what_is_told_beside_a_message_is_data_for_its_answer(shop):
    async with talking(shop) as socket:
        await socket.ask("stateVariables", variables={"plan": "large"})
        await socket.ask("stateVariables", variables={"name": "Kim"})
        await socket.write("Where?", llmAdditionalInput="On page 4.", location=[52.1, 4])

    turn, conversation = [await run_in_db_thread(first_of, shop, m) for m in (Turn, Conversation)]
    assert turn.additional_input == {
        "additionalInput": "On page 4.",
        "location": {"latitude": 52.1, "longitude": 4},
    }
    assert conversation.variables == {"plan": "large", "name": "Kim"}


async def test_a_spent_budget_is_an_error_and_nothing_is_stored(shop):
    await run_in_db_thread(spend, shop)

    async with talking(shop) as socket:
        refused = await socket.ask("message", message="Well?", type="NEW", requestId="m1")

    assert refused["error"] == "The budget for answers is spent"
    assert (refused["active"], refused["requestId"]) == (True, "m1")
    assert await run_in_db_thread(messages, shop) == []


async def test_a_spent_budget_leads_a_pages_visitor_to_a_person(shop):
    token = await run_in_db_thread(bubble_token, shop)
    await run_in_db_thread(spend, shop)

    async with talking(shop, token=token) as socket:
        told = await socket.ask("message", message="Well?", requestId="m1")

    assert told["response"] == "I will ask a person of our team to answer you here."
    assert told["requestId"] == "m1"
    assert len(await run_in_db_thread(messages, shop)) == 2


def spend(shop):
    with shop.scope():
        publish(create_version(shop.assistant, engine="model"))
    limit(shop.tenant, turns_per_month=0)


async def test_the_twentyfirst_message_of_a_minute_is_refused(shop, monkeypatch):
    monkeypatch.setattr(BlitsSocket, "status_seconds", 60)
    async with talking(shop) as socket:
        for _ in range(20):
            await socket.command("message", message="Well?")
        refused = await socket.ask("message", message="Well?", requestId="m21")

    assert refused["error"] == "Too many requests; try again later"
    assert "Try again in" in refused["errorHint"]
    assert refused["requestId"] == "m21"
    assert len(await run_in_db_thread(messages, shop)) == 20


async def test_what_rested_too_long_is_gone(shop):
    async with talking(shop) as socket:
        await run_in_db_thread(let_rest, shop)
        gone = [
            await socket.ask(name, requestId="r", **fields)
            for name, fields in (
                ("message", {"message": "Hello?"}),
                ("isActive", {}),
                ("initialize", {}),
                ("stateVariables", {"variables": {}}),
            )
        ]
        history = await socket.ask("loadHistory")

    assert gone == 4 * [
        {
            "error": "Conversation not found",
            "errorHint": GONE,
            "active": False,
            "conversationId": socket.conversation_id,
            "requestId": "r",
        }
    ]
    assert history["chatHistory"] == []


def let_rest(shop):
    with shop.scope():
        Conversation.objects.update(updated_at=datetime.now(UTC) - timedelta(hours=24, minutes=1))


async def test_whoever_guesses_tokens_has_sixty_guesses(shop):
    async with connected() as socket:
        for _ in range(60):
            assert "error" in await socket.ask("initialize", authToken="nonsense")
        last, code = await socket.ask("initialize"), await socket.close_code()

    assert (last["error"], code) == ("Too many frames; try again later", 4429)


async def test_frames_are_small_before_initialize():
    async with connected() as socket:
        last = await socket.ask("initialize", authToken="x" * 9000)
        code = await socket.close_code()

    assert (last["error"], code) == ("The frame is too large", 4413)


async def test_a_page_that_does_not_prove_its_session_goes_on_and_learns_nothing_of_before(shop):
    token = await run_in_db_thread(bubble_token, shop)
    async with talking(shop, token=token) as socket:
        secret, known = socket.first["sessionSecret"], socket.conversation_id
        await socket.write("my card is 1234")
        await run_in_db_thread(answer, shop, "Keep it secret.")
        assert (await socket.frame())["response"] == "Keep it secret."
        own = await socket.ask("loadHistory")
    async with connected(token) as another:
        went_on = await another.initialize(conversationId=known)
        refused = await another.ask("loadHistory")
        proved = await another.ask("loadHistory", sessionSecret=secret)

    assert [one["message"] for one in own["chatHistory"]] == ["my card is 1234", "Keep it secret."]
    assert (went_on["conversationId"], went_on["chatHistory"]) == (known, [])
    assert refused["error"] == "The session secret is required"
    assert proved["chatHistory"] == own["chatHistory"]
