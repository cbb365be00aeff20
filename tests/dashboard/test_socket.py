import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from realtime.feeds import hub
from realtime.log import Channel
from realtime.models import Event
from tenants import credentials, sessions
from tenants.executor import run_in_db_thread
from tenants.models import Credential, Membership, Tenant, User
from tenants.scope import tenant_scope
from tests.dashboard.sockets import Stopwatch, connected, heard, listening, new_member
from tests.dashboard.team import access_token, make_conversation
from tests.factories import PASSWORD, make_member, make_visitor, write
from tests.waiting import until
from widgets.bubbles import create_bubble, current_token

pytestmark = pytest.mark.usefixtures("closed_hub")


async def converse(tenant, *texts):
    """Have a visitor write these; the conversation's id."""
    visitor = make_visitor()
    first = await run_in_db_thread(make_conversation, tenant, texts[0], visitor=visitor)
    for text in texts[1:]:
        await run_in_db_thread(write, tenant, visitor, text)
    return first


async def test_the_welcome_says_who_and_where(acme):
    member, token = await new_member(acme)
    await converse(acme, "Before")

    async with listening(token) as (socket, data):
        assert data == {
            "tenantId": str(acme.id),
            "userId": str(member.user_id),
            "lastEventId": 2,
        }
        assert await socket.is_silent()


async def test_what_happens_arrives_in_order_and_without_gaps(acme):
    _, token = await new_member(acme)

    async with listening(token) as (socket, data):
        conversation_id = await converse(acme, "Hello?", "Anybody?")
        frames = await socket.frames(3)

    assert data["lastEventId"] == 0
    assert [(frame["type"], frame["id"]) for frame in frames] == [
        ("conversation:new", 1),
        ("message:new", 2),
        ("message:new", 3),
    ]
    assert frames[0]["data"]["id"] == frames[1]["data"]["conversationId"] == conversation_id
    assert [frame["data"]["text"] for frame in frames[1:]] == ["Hello?", "Anybody?"]
    assert all(datetime.fromisoformat(frame["ts"]).tzinfo for frame in frames)
    assert set(frames[0]) == {"type", "data", "id", "ts"}


async def test_nothing_of_another_tenant_arrives(acme, globex):
    _, token = await new_member(acme)
    _, foreign_token = await new_member(globex)

    async with listening(token) as (socket, _), listening(foreign_token) as (stranger, _):
        conversation_id = await converse(globex, "A secret.")
        await stranger.frames(2)
        await heard(stranger, stranger, "typing", conversationId=conversation_id)
        await heard(stranger, stranger, "presence", status="away")

        assert await socket.is_silent()


async def test_a_reconnect_gets_what_was_missed_and_goes_on(acme):
    _, token = await new_member(acme)
    await converse(acme, "One", "Two", "Three")

    async with listening(token, lastEventId=2) as (socket, data):
        missed = await socket.frames(2)
        await converse(acme, "Four")
        live = await socket.frames(2)

    assert data["lastEventId"] == 2
    assert [frame["id"] for frame in missed + live] == [3, 4, 5, 6]
    assert [frame["data"].get("text") for frame in missed] == ["Two", "Three"]


async def test_events_while_reconnecting_come_once_and_in_order(acme):
    _, token = await new_member(acme)
    await converse(acme, "Zero")
    visitor = make_visitor()

    async def keep_writing():
        for number in range(20):
            await run_in_db_thread(write, acme, visitor, str(number))

    writing = asyncio.create_task(keep_writing())
    await asyncio.sleep(0.05)
    async with listening(token, lastEventId=0) as (socket, _):
        frames = await socket.frames(2 + 1 + 20)
        await writing
        assert await socket.is_silent()

    assert [frame["id"] for frame in frames] == list(range(1, 24))


@pytest.mark.parametrize("cursor", [99, -1, "garbage", "99", 1.5, True, [], 2**62])
async def test_a_cursor_of_nobody_means_starting_afresh(acme, cursor):
    _, token = await new_member(acme)
    await converse(acme, "One")

    async with listening(token, lastEventId=cursor) as (socket, data):
        resync = await socket.frame()
        await converse(acme, "Two")
        live = await socket.frames(2)

    assert resync == {"type": "resync", "data": {}}
    assert data["lastEventId"] == 2
    assert [frame["id"] for frame in live] == [3, 4]


async def test_a_cursor_from_before_the_retention_means_starting_afresh(acme):
    _, token = await new_member(acme)
    await converse(acme, "One", "Two")
    await run_in_db_thread(_forget_the_first_event, acme)

    async with listening(token, lastEventId=0) as (socket, _):
        assert await socket.frame() == {"type": "resync", "data": {}}
        await converse(acme, "Three")
        assert [frame["id"] for frame in await socket.frames(2)] == [4, 5]


def _forget_the_first_event(tenant):
    with tenant_scope(tenant.id):
        Event.objects.filter(audience="team", seq=1).delete()


async def test_a_cursor_written_as_text_is_understood(acme):
    _, token = await new_member(acme)
    await converse(acme, "One")

    async with listening(token, lastEventId="1") as (socket, _):
        assert (await socket.frame())["id"] == 2


async def test_ping_is_answered(acme):
    _, token = await new_member(acme)

    async with listening(token) as (socket, _):
        await socket.send("ping")
        assert await socket.frame() == {"type": "pong"}


@pytest.mark.parametrize("frame", [{"type": "ping"}, {"type": "typing"}, {"token": "x"}])
async def test_the_first_frame_must_be_auth(frame):
    async with connected() as socket:
        await socket.send_json_to(frame)
        assert await socket.error_and_close() == ("unauthorized", 4401)


async def test_other_tokens_are_refused(acme):
    for token in await run_in_db_thread(_worthless_tokens, acme):
        async with connected() as socket:
            await socket.send("auth", token=token)
            code, close_code = await socket.error_and_close()
            assert (close_code, code in ("invalid_credentials", "unauthorized")) == (4401, True)


def _worthless_tokens(tenant):
    member = make_member(tenant)
    pair = sessions.log_in(email=member.user.email, password=PASSWORD)
    with tenant_scope(tenant.id):
        bubble = create_bubble(tenant, None, name="Bubble")
    key = credentials.issue(tenant, Credential.Kind.API_KEY, scopes=["*"])
    ended = access_token(other := make_member(tenant))
    sessions.end_sessions(membership=other)
    return [
        None,
        "",
        5,
        "garbage",
        pair.refresh,
        pair.access[:-2],
        current_token(bubble),
        key.secret,
        ended,
    ]


async def test_an_expired_token_is_refused(acme, settings):
    settings.ACCESS_TOKEN_LIFETIME = timedelta(seconds=-6)
    _, token = await new_member(acme)

    async with connected() as socket:
        await socket.send("auth", token=token)
        assert await socket.error_and_close() == ("invalid_credentials", 4401)


async def test_a_suspended_tenant_is_refused(acme):
    _, token = await new_member(acme)
    acme.suspended_at = datetime.now(UTC)
    await run_in_db_thread(acme.save)

    async with connected() as socket:
        await socket.send("auth", token=token)
        assert await socket.error_and_close() == ("tenant_suspended", 4403)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://testserver.evil.example", "null", "http://testserver:81", ""],
)
async def test_pages_of_others_are_refused(acme, origin):
    _, token = await new_member(acme)

    async with connected(origin=origin) as socket:
        await socket.send("auth", token=token)
        assert await socket.error_and_close() == ("origin_not_allowed", 4403)


@pytest.mark.parametrize("origin", ["http://testserver", "https://chat.example"])
async def test_our_own_pages_are_let_in(acme, origin, settings):
    settings.PUBLIC_URL = "https://chat.example"
    _, token = await new_member(acme)

    async with connected(origin=origin) as socket:
        await socket.send("auth", token=token)
        assert (await socket.frame())["type"] == "auth:ok"


async def test_silence_and_old_tokens_end_sockets_after_five_seconds_and_fresh_ones_do_not(
    acme, settings
):
    settings.ACCESS_TOKEN_LIFETIME = timedelta(seconds=1)
    (_, token), (member, replaced) = await new_member(acme), await new_member(acme)
    settings.ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
    fresh = await run_in_db_thread(access_token, member)

    async def is_silent():
        async with connected() as socket:
            watch = Stopwatch()
            assert await socket.error_and_close(seconds=9) == ("auth_timeout", 4401)
            assert 4.5 <= watch.seconds <= 6.5

    async def has_an_old_token():
        async with listening(token) as (socket, _):
            watch = Stopwatch()
            assert await socket.error_and_close(seconds=9) == ("token_expired", 4401)
            assert 4.5 <= watch.seconds <= 6.5

    async def has_a_fresh_one():
        async with listening(replaced) as (socket, _):
            await socket.send("auth", token=fresh)
            assert (await socket.frame())["data"]["userId"] == str(member.user_id)
            await asyncio.sleep(7)
            await converse(acme, "Still there?")
            assert [frame["id"] for frame in await socket.frames(2)] == [1, 2]

    await asyncio.gather(is_silent(), has_an_old_token(), has_a_fresh_one())


async def test_a_token_of_somebody_else_ends_the_socket(acme, globex):
    member, token = await new_member(acme)
    _, colleagues = await new_member(acme)
    elsewhere = await run_in_db_thread(_same_person_in, globex, member)

    for other in (colleagues, elsewhere, "garbage"):
        async with listening(token) as (socket, _):
            await socket.send("auth", token=other)
            code, close_code = await socket.error_and_close()
            assert (close_code, code in ("other_member", "invalid_credentials")) == (4401, True)


def _same_person_in(tenant, member):
    return access_token(Membership.objects.create(tenant=tenant, user=member.user))


async def test_typing_is_seen_by_the_team_and_the_visitor(acme):
    member, token = await new_member(acme)
    _, other_token = await new_member(acme)
    conversation_id = await converse(acme, "Hello?")
    elsewhere = await converse(acme, "Me too!")
    seen, not_seen = [], []
    await _listen_as_visitor(acme, conversation_id, seen)
    await _listen_as_visitor(acme, elsewhere, not_seen)

    async with listening(token) as (socket, _), listening(other_token) as (colleague, _):
        frame = await heard(colleague, socket, "typing", conversationId=conversation_id)
        await asyncio.to_thread(until, lambda: seen)

    assert frame == {
        "type": "typing",
        "data": {
            "conversationId": conversation_id,
            "typing": True,
            "author": {"kind": "agent", "id": str(member.id), "name": "Agent"},
        },
    }
    assert json.loads(seen[0]) == frame
    assert not_seen == []


async def _listen_as_visitor(tenant, conversation_id, frames):
    channel = Channel(tenant.id, uuid.UUID(conversation_id))
    await hub().subscribe(channel, frames.append, _ignore)


async def _ignore(frame):
    pass


async def test_typing_elsewhere_is_refused(acme, globex):
    _, token = await new_member(acme)
    foreign = await converse(globex, "A secret.")
    seen = []
    await _listen_as_visitor(globex, foreign, seen)

    async with listening(token) as (socket, _):
        for conversation_id in (foreign, str(uuid.uuid4()), "garbage", None, 5, [foreign]):
            await socket.send("typing", conversationId=conversation_id)
            assert (await socket.frame())["code"] == "conversation_not_found"
        await socket.send("ping")
        assert await socket.frame() == {"type": "pong"}

    assert seen == []


async def test_presence_is_seen_by_the_team(acme):
    member, token = await new_member(acme)
    _, other_token = await new_member(acme)

    async with listening(token) as (socket, _), listening(other_token) as (colleague, _):
        frame = await heard(colleague, socket, "presence", status="away")

    assert (frame["type"], frame["data"]["status"]) == ("presence", "away")
    assert frame["data"]["author"]["id"] == str(member.id)
    assert "id" not in frame


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "presence", "status": "asleep"}, "invalid_status"),
        ({"type": "presence", "status": []}, "invalid_status"),
        ({"type": "message", "text": "Hi"}, "unknown_type"),
        ({"type": []}, "unknown_type"),
        ({}, "unknown_type"),
    ],
)
async def test_a_frame_that_makes_no_sense_gets_an_error(acme, frame, code):
    _, token = await new_member(acme)

    async with listening(token) as (socket, _):
        await socket.send_json_to(frame)
        assert (await socket.frame())["code"] == code
        await socket.send("ping")
        assert await socket.frame() == {"type": "pong"}


async def test_revocation_reaches_open_sockets_within_two_seconds(acme, globex):
    people = [await new_member(acme) for _ in range(5)]
    stays_token = people[0][1]
    _, elsewhere_token = await new_member(globex)
    revoke = [
        lambda member: sessions.end_sessions(membership=member),
        lambda member: Membership.objects.filter(pk=member.pk).update(role="admin"),
        lambda member: Membership.objects.filter(pk=member.pk).update(is_active=False),
        lambda member: User.objects.filter(pk=member.user_id).update(is_active=False),
    ]

    async with listening(stays_token) as (safe, _):
        for (member, token), act in zip(people[1:], revoke, strict=True):
            async with listening(token) as (socket, _):
                await run_in_db_thread(act, member)
                watch = Stopwatch()
                assert await socket.error_and_close() == ("unauthorized", 4401)
                assert watch.seconds <= 2
        await safe.send("ping")
        assert await safe.frame() == {"type": "pong"}

    async with listening(elsewhere_token) as (socket, _):
        await run_in_db_thread(_suspend, globex)
        watch = Stopwatch()
        assert await socket.error_and_close() == ("tenant_suspended", 4403)
        assert watch.seconds <= 2


def _suspend(tenant):
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=datetime.now(UTC))


async def test_a_logged_out_session_does_not_end_anothers(acme):
    member, token = await new_member(acme)
    pair = await run_in_db_thread(
        sessions.log_in, email=member.user.email, password=PASSWORD, tenant_id=str(acme.id)
    )

    async with listening(token) as (first, _), listening(pair.access) as (second, _):
        await run_in_db_thread(sessions.log_out, pair.refresh)
        assert await second.error_and_close() == ("unauthorized", 4401)
        await first.send("ping")
        assert await first.frame() == {"type": "pong"}
