"""Who is let in, how often, and until when."""

import json
import time
from datetime import UTC, datetime

import pytest

from assistants.models import Assistant
from gateways.zeebee import codec
from tenants import credentials, limits
from tenants.models import Credential
from tests.assistants.budgets import limit
from tests.factories import make_tenant
from tests.gateways.zeebee.chats import QUESTION, Place

TEXT = "A person will answer you here."
IP = "127.0.0.1"


@pytest.fixture
def acme(live_server_url):
    """A tenant of the test's own, as it is changed."""
    return Place(make_tenant("Acme", guests_allowed=True), live_server_url)


@pytest.fixture
def metered(live_server_url):
    place = Place(
        make_tenant("Acme", guests_allowed=True),
        live_server_url,
        engine="model",
        handover_text=TEXT,
    )
    limit(place.tenant, turns_per_month=0)
    return place


def fill(window, tenant, *keys):
    for _ in range(window.window.amount):
        limits.hit(window, tenant.id, *keys)


@pytest.mark.parametrize("name", ["slug", "id"])
def test_a_guest_names_the_tenant(acme, name):
    acme.url += f"?tenant={getattr(acme.tenant, name)}"
    with acme.client() as client:
        ack = client.begin(user_id="kim")

    assert list(ack) == ["type", "status", "user_id", "session_token"]
    assert acme.stored()["VisitorSession"] == 1


@pytest.mark.parametrize("why", ["off", "suspended", "unknown", "garbage", "NUL", "long", "two"])
def test_where_guests_are_not_let_in_they_all_hear_the_same(acme, why):
    name = {
        "unknown": "unheard-of",
        "garbage": "'%20or%201=1%20--",
        "NUL": "acme%00",
        "long": "9" * 4000,
        "two": f"{acme.tenant.slug}&tenant=unheard-of",
    }.get(why, acme.tenant.slug)
    acme.tenant.suspended_at = datetime.now(UTC) if why == "suspended" else None
    acme.allow_guests(why != "off")
    acme.url += f"?tenant={name}"

    with acme.client() as client:
        assert client.refusal("init", user_id="kim") == codec.NOT_LOGGED_IN
        assert client.refusal("message", message=QUESTION) == codec.NOT_LOGGED_IN

    assert set(acme.stored().values()) == {0}


def test_a_key_needs_no_guests_and_chooses_the_tenant(acme, globex):
    acme.allow_guests(False)
    acme.url += f"?tenant={globex.tenant.slug}"
    theirs = globex.stored()
    with acme.server() as client:
        client.say()

    assert acme.stored() == {"VisitorSession": 1, "Conversation": 1, "Message": 1}
    assert globex.stored() == theirs


def test_a_page_may_use_a_key_only_if_the_key_lists_it(acme):
    key, page = acme.new_key(origins=["https://shop.example"]), "https://shop.example"
    for used, origin in ((acme.key, page), (key, "https://other.example"), (key, "null")):
        with acme.client(origin=origin) as client:
            assert client.refusal("init", api_key=used) == codec.INVALID_API_KEY
    with acme.client(origin=page) as client:
        client.begin(api_key=key)


def test_a_key_of_another_kind_is_none(acme):
    token = credentials.issue(acme.tenant, Credential.Kind.WEB_INTEGRATION_TOKEN).secret
    with acme.client() as client:
        assert client.refusal("init", api_key=token) == codec.INVALID_API_KEY


def test_a_session_writes_twenty_messages_a_minute(acme):
    with acme.server(user_id="kim") as client:
        client.say()
        with acme.scope():
            session = acme.conversation(client.say()["conversation_id"]).session
        for _ in range(18):
            limits.hit(limits.CHAT_PER_SESSION, acme.tenant.id, session.id)
        before = acme.stored()
        said = client.refusal("message", message=QUESTION)

    assert said.startswith("Too many requests. Try again in ")
    assert acme.stored() == before
    with acme.server(user_id="ann") as client:
        client.say()


def test_an_address_writes_sixty_messages_a_minute_unless_it_is_a_servers(acme):
    fill(limits.CHAT_PER_IP, acme.tenant, IP)
    with acme.guest() as guest, acme.server() as server:
        before = acme.stored()
        assert guest.refusal("message", message=QUESTION).startswith("Too many requests.")
        assert acme.stored() == before
        server.say()


def test_an_address_begins_ten_sessions_unless_it_is_a_servers(acme):
    with acme.guest() as guest:
        token = guest.ack["session_token"]
    for _ in range(9):
        limits.hit(limits.NEW_SESSIONS, acme.tenant.id, IP)
    before = acme.stored()
    with acme.client(guest=True) as client:
        assert client.refusal("init", user_id="kim").startswith("Too many requests.")

    assert acme.stored() == before
    with acme.guest(session_token=token), acme.server():
        pass


def test_a_spent_budget_is_an_error_for_a_server(metered):
    before = metered.stored()
    with metered.server() as client:
        assert client.refusal("message", message=QUESTION) == "The budget for answers is spent."

    assert metered.stored() == before


def test_a_spent_budget_leads_a_guest_to_a_person(metered):
    with metered.guest() as client:
        stored, line, status = client.say(), client.next(), client.next()

        assert client.is_silent()

    assert (stored["status"], status["status"]) == ("processing", "waiting")
    assert (line["type"], line["text"]) == ("response", TEXT)
    assert metered.conversation(line["conversation_id"]).owner == "waiting"


def test_without_an_assistant_nothing_is_stored(acme):
    with acme.scope():
        Assistant.objects.update(is_default=False)
    with acme.server() as client:
        assert client.refusal("message", message=QUESTION) == "No assistant is configured."

    assert set(acme.stored().values()) == {0}


@pytest.mark.parametrize("how", ["revoked", "suspended", "no guests"])
def test_who_may_not_stay_is_told_and_left_within_two_seconds(acme, how):
    door = acme.guest if how == "no guests" else acme.server
    with door() as client:
        if how == "revoked":
            credentials.revoke(Credential.objects.get(tenant=acme.tenant))
        elif how == "suspended":
            acme.tenant.suspended_at = datetime.now(UTC)
            acme.tenant.save()
        else:
            acme.allow_guests(False)
        begun = time.monotonic()
        (error,), code = client.end()

    assert time.monotonic() - begun < 2
    assert list(error) == ["type", "message"]
    if how != "suspended":
        expected = codec.INVALID_API_KEY if how == "revoked" else codec.NOT_LOGGED_IN
        assert error["message"] == expected
    assert code == (4403 if how == "suspended" else 4401)


def test_before_the_client_begins_frames_are_small(acme):
    with acme.client() as client:
        client.ws.send(json.dumps({"type": "ping", "more": "x" * 8 * 1024}))
        (error,), code = client.end()

    assert (error["message"], code) == ("The frame is too large.", 4413)


def test_afterwards_they_hold_what_was_recorded(acme):
    with acme.server() as client:
        assert client.refusal("audio", audio_data="UklG" * 3_900_000) == codec.NO_SPEECH
        client.ws.send(json.dumps({"type": "audio", "audio_data": "UklG" * 3_940_000}))
        (error,), code = client.end()

    assert (error["message"], code) == ("The frame is too large.", 4413)
