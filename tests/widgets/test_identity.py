"""People for whom a tenant's site vouches: what is theirs follows them, and nobody else has it."""

import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import jwt
import pytest
from django.core import signing
from django.db import connections
from websockets.sync.client import connect

from conversations import engine
from conversations.models import Contact, Conversation, Message, VisitorSession
from conversations.sessions import continue_session, end_session, proved_session
from realtime.models import Event
from tenants import credentials
from tenants.models import Credential
from tenants.scope import tenant_scope
from tests.factories import make_visitor
from tests.widgets.shops import make_bubble
from tests.wire import End
from widgets import reply_mail, resuming
from widgets.models import Bubble


class Site:
    """A shop's own site: it knows the secret, and who is logged in."""

    def __init__(self, shop):
        self.shop = shop
        self.secret = credentials.issue(shop.tenant, Credential.Kind.IDENTITY_SECRET).secret

    def token(self, user_id, **more):
        claims = {"sub": user_id, "exp": int(time.time()) + 600, **more}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def proof(self, user_id):
        return hmac.new(self.secret.encode(), user_id.encode(), hashlib.sha256).hexdigest()


class Browser:
    """Keeps what it is told, as the widget does."""

    def __init__(self, shop, bubble=None):
        self.shop, self.bubble = shop, bubble or shop.bubble
        self.id = self.secret = ""

    def call(self, method, path, **options):
        token, code = self.shop.token_of(self.bubble), self.bubble.code
        with self.shop.client(token=token, secret=self.secret, widget_id=code) as client:
            return client.request(method, path, **options)

    def begin(self, **body):
        return self.keep(self.call("POST", "session", json=body))

    def identify(self, token="", **body):
        return self.keep(self.call("POST", "identify", json={"token": token, **body}))

    def keep(self, answer):
        if answer.status_code == 200:
            self.id, self.secret = answer.json()["sessionId"], answer.json()["sessionSecret"]
        return answer

    @contextmanager
    def socket(self):
        url = self.shop.url.replace("http", "ws") + "/api/ws/chat"
        frame = {
            "type": "auth",
            "token": self.shop.token_of(self.bubble),
            "sessionId": self.id,
            "sessionSecret": self.secret,
        }
        with connect(url, proxy=None) as ws:
            ws.send(json.dumps(frame))
            yield End(ws)

    def say(self, text, key="m1"):
        """Write a message; where it went."""
        with self.socket() as end:
            assert end.next()["type"] == "auth:ok"
            end.ws.send(json.dumps({"type": "message", "messageId": key, "text": text}))
            while (frame := end.next())["type"] != "ack":
                pass
            return frame["data"]["conversationId"]

    def conversations(self):
        return [row["id"] for row in self.call("GET", "conversations").json()["results"]]

    def reads(self, conversation_id):
        answer = self.call("GET", f"conversations/{conversation_id}/messages")
        if answer.status_code != 200:
            return answer.status_code
        said = [item for item in answer.json()["results"] if item["author"]["kind"] == "visitor"]
        return [item["text"] for item in said][::-1]


@pytest.fixture
def site(shop):
    return Site(shop)


def test_what_a_person_wrote_follows_them_to_every_browser_that_proves_who_it_is(shop, site):
    phone, laptop = Browser(shop), Browser(shop)
    phone.begin(userId="guest-1")
    before = phone.secret
    mine = phone.say("Hello, nobody knows me.")

    phone.identify(site.token("kim", name="Kim", email="Kim@Example.com"))
    told = laptop.identify(site.token("kim")).json()

    assert phone.secret != before
    assert told["conversationId"] == mine
    assert told["contact"] == {"name": "Kim", "email": "kim@example.com"}
    assert laptop.id != phone.id
    # The same conversation goes on, and a key is each browser's own.
    assert laptop.say("And from my laptop.", key="m1") == mine
    assert phone.reads(mine) == ["Hello, nobody knows me.", "And from my laptop."]
    assert phone.conversations() == laptop.conversations() == [mine]
    with shop.scope():
        (contact,) = Contact.objects.all()
        assert contact.external_id == "kim"
        assert contact.attributes == {"userId": "guest-1"}
        assert VisitorSession.objects.filter(is_verified=True).count() == 2
        told = Event.objects.filter(type="conversation:updated", audience="team").last()
        assert told.data["contact_data"]["verified"] is True
    # A page that loads again proves the same again, which changes nothing.
    again = phone.secret
    with shop.scope():
        announced = Event.objects.count()
    phone.identify(site.token("kim", name="Kim", email="kim@example.com"))
    with shop.scope():
        assert (phone.secret, Event.objects.count()) == (again, announced)


def test_nobody_else_reads_what_a_verified_person_wrote(shop, site, rival):
    kim = Browser(shop)
    kim.begin()
    stale = Browser(shop)
    stale.id, stale.secret = kim.id, kim.secret
    kim.identify(site.token("kim", email="kim@example.com"))
    mine = kim.say("My card ends in 1234.")

    claimed = Browser(shop)
    claimed.begin(userId="kim")
    claimed.call("POST", "contact", json={"email": "kim@example.com", "name": "Kim"})
    other = Browser(shop)
    other.identify(site.token("lee"))
    elsewhere = Browser(shop, make_bubble(shop, name="Other"))
    elsewhere.identify(site.token("kim"))
    abroad = Browser(rival)
    abroad.identify(Site(rival).token("kim"))
    strangers = [stale, claimed, other, elsewhere, abroad]

    assert [one.reads(mine) for one in strangers] == [401, 404, 404, 404, 404]
    assert all(mine not in one.call("GET", "conversations").text for one in strangers)
    for one in strangers[1:]:
        for path in ("events", "read", "end", "handover", "messages"):
            method = "GET" if path in ("events", "messages") else "POST"
            answer = one.call(method, f"conversations/{mine}/{path}", json={})
            assert answer.status_code == 404, path
    assert kim.reads(mine) == ["My card ends in 1234."]


def test_logging_out_leaves_the_next_visitor_of_the_browser_nothing(shop, site):
    browser = Browser(shop)
    browser.identify(site.token("kim"))
    mine = browser.say("Mine alone.")
    with browser.socket() as end:
        assert end.next()["type"] == "auth:ok"
        started = time.monotonic()
        assert browser.call("POST", "logout", json={}).json() == {"success": True}
        frames, code = end.end()

        assert time.monotonic() - started < 2.5
    assert (frames[-1]["type"], code) == ("error", 4401)
    assert browser.reads(mine) == 401
    assert browser.call("POST", "logout", json={}).status_code == 401
    said = {"sessionId": browser.id, "message": "Hello?", "conversationId": mine}
    assert browser.call("POST", "chat", json=said).status_code == 401
    with browser.socket() as end:
        assert end.end()[1] == 4401

    browser.secret = ""
    browser.begin()
    assert browser.conversations() == []
    assert browser.reads(mine) == 404
    browser.identify(site.token("kim"))
    assert browser.reads(mine) == ["Mine alone."]


def test_another_person_in_the_same_browser_ends_the_session_of_the_one_before(shop, site):
    browser = Browser(shop)
    browser.identify(userId="kim", userHash=site.proof("kim"), name="Kim", email="kim@example.com")
    mine, before = browser.say("Mine alone."), browser.id
    with browser.socket() as end:
        assert end.next()["type"] == "auth:ok"
        kims = browser.secret
        told = browser.identify(site.token("lee")).json()

        assert end.end()[1] == 4401
    assert (told["conversationId"], browser.id == before) == (None, False)
    assert browser.reads(mine) == 404
    browser.id, browser.secret = before, kims
    assert browser.reads(mine) == 401
    with shop.scope():
        kim = Contact.objects.get(external_id="kim")
        # A hash vouches for the id alone.
        assert (kim.name, kim.email) == ("Kim", None)
        assert kim.attributes == {"claimedEmail": "kim@example.com"}


def test_what_is_no_proof_changes_nothing(shop, site, rival):
    browser = Browser(shop)
    assert Browser(rival).identify(site.token("kim")).json()["code"] == "identity_not_configured"
    theirs = Site(rival)
    browser.begin()
    secret = browser.secret
    refused = [
        browser.identify(theirs.token("kim")),
        browser.identify(site.token("kim", aud="elsewhere")),
        browser.identify(userId="kim", userHash=theirs.proof("kim")),
    ]
    malformed = [
        {},
        {"token": 7},
        {"userId": "kim"},
        {"token": "x", "userId": "a", "userHash": "b"},
    ]
    malformed += [{"token": "t" * 5000}, {"userId": "k" * 201, "userHash": "b"}]

    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (401, "invalid_identity")
    ] * 3
    for body in malformed:
        assert browser.call("POST", "identify", json=body).status_code == 400, body
    assert browser.secret == secret
    with shop.scope():
        assert not VisitorSession.objects.filter(is_verified=True).exists()
        assert not Contact.objects.exclude(external_id=None).exists()
    # A secret that is dead is no reason to refuse somebody who proves to be somebody.
    browser.secret = "ss_dead"
    assert browser.identify(site.token("kim", aud=shop.bubble.code)).status_code == 200


def test_an_address_belongs_to_who_proves_it_first_and_not_to_who_typed_it(shop, site):
    guest, kim, second = Browser(shop), Browser(shop), Browser(shop)
    guest.begin()
    guest.call("POST", "contact", json={"email": "Kim@example.com", "name": "Somebody"})
    theirs = guest.say("From somebody who typed an address.")

    told = kim.identify(site.token("kim", email="kim@example.com")).json()
    refused = second.identify(site.token("kim-2", email="kim@example.com")).json()

    assert (told["contact"]["email"], refused["contact"]["email"]) == ("kim@example.com", None)
    assert (kim.reads(theirs), guest.conversations()) == (404, [theirs])
    second.call("POST", "contact", json={"email": "else@example.com", "phone": "123"})
    guest.call("POST", "contact", json={"email": "kim@example.com"})
    with shop.scope():
        typed = Conversation.objects.get(pk=theirs).contact
        announced = Event.objects.filter(type="contact:updated", data__id=str(typed.id)).last()
        known = {one.external_id: one for one in Contact.objects.exclude(external_id=None)}
    claim = {"claimedEmail": "kim@example.com"}
    assert (typed.name, typed.email, typed.attributes) == ("Somebody", None, claim)
    assert announced.data["email"] is None
    assert (known["kim"].email, known["kim"].attributes) == ("kim@example.com", {})
    assert (known["kim-2"].email, known["kim-2"].phone) == (None, "123")
    assert known["kim-2"].attributes["claimedEmail"] == "kim@example.com"


def test_who_typed_an_address_and_then_proves_it_takes_everything_along(shop, site):
    phone, laptop = Browser(shop), Browser(shop)
    for browser in (laptop, phone):
        browser.begin()
    phone.call("POST", "contact", json={"email": "kim@example.com", "name": "Kim", "phone": "1"})
    mine = phone.say("From my phone.")
    phone.identify(site.token("kim", email="kim@example.com"))

    laptop.call("POST", "contact", json={"email": "lee@example.com", "name": "L"})
    elsewhere = Browser(shop)
    elsewhere.begin()
    elsewhere.call("POST", "contact", json={"email": "lee@example.com"})
    laptop.identify(site.token("lee", email="lee@example.com"))

    assert phone.reads(mine) == ["From my phone."]
    with shop.scope():
        known = {one.external_id: one for one in Contact.objects.all()}
        assert len(known) == Contact.objects.count() == 3
        kim, lee, other = known["kim"], known["lee"], known[None]
        assert (kim.name, kim.email, kim.phone, kim.attributes) == (
            "Kim",
            "kim@example.com",
            "1",
            {},
        )
        assert Conversation.objects.get(pk=mine).contact_id == kim.id
        # What is known of two browsers is not taken for one person's.
        assert (lee.name, lee.email) == ("", "lee@example.com")
        assert (other.name, other.email) == ("L", None)
        assert other.attributes == {"claimedEmail": "lee@example.com"}


def test_typing_and_proving_one_address_at_once_ends_well_for_everybody(shop, site):
    typists, people = [Browser(shop) for _ in range(4)], [Browser(shop) for _ in range(4)]
    for number, browser in enumerate(typists + people):
        browser.begin()
        if number % 2:
            browser.call("POST", "contact", json={"email": "kim@example.com"})
    person = ["kim", "kim", "lee", "lee"]

    def act(number):
        browser = (typists + people)[number]
        try:
            if number < len(typists):
                answer = browser.call("POST", "contact", json={"email": "kim@example.com"})
            else:
                token = site.token(person[number - len(typists)], email="kim@example.com")
                answer = browser.identify(token)
            return answer.status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(act, range(8))) == {200}
    with shop.scope():
        holder = Contact.objects.get(email="kim@example.com")
        assert holder.external_id in ("kim", "lee")
        assert not VisitorSession.objects.filter(contact=holder, is_verified=False).exists()


def require(bubble, required):
    with tenant_scope(bubble.tenant_id):
        Bubble.objects.filter(pk=bubble.pk).update(identity_required=required)


def test_a_bubble_may_be_for_people_who_are_logged_in_only(shop, site):
    settings = {"offlineForm": {"enabled": True}}
    bubble = make_bubble(shop, name="Members", identity_required=True, settings=settings)
    stranger, member = Browser(shop, bubble), Browser(shop, bubble)
    require(bubble, False)
    stranger.begin()
    require(bubble, True)
    known, unknown = stranger.secret, "conversations/" + "0" * 8 + "-0000-4000-8000-000000000000"
    doors = [
        ("POST", "session", {"sessionId": stranger.id}),
        ("POST", "chat", {"sessionId": stranger.id, "message": "Hello?"}),
        ("POST", "offline", {"sessionId": stranger.id, "email": "a@b.example", "message": "Hi"}),
        ("POST", "contact", {"name": "Kim"}),
        ("POST", "attributes", {"attributes": {}}),
        ("POST", "attachments", {}),
        ("GET", "conversations", None),
        ("GET", f"{unknown}/messages", None),
        ("POST", f"{unknown}/read", {}),
        ("POST", "logout", {}),
    ]

    for secret in ("", known):
        stranger.secret = secret
        for method, path, body in doors:
            answer = stranger.call(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "identity_required"), path
    with stranger.socket() as end:
        frames, code = end.end()
        assert (frames[-1]["code"], code) == ("identity_required", 4403)
    with shop.client(token="", widget_id=bubble.code) as client:
        assert client.get("config").json()["config"]["identityRequired"] is True
        assert client.post("session", json={}).json()["code"] == "identity_required"
        told = client.post("identify", json={"token": site.token("kim")}).json()
    assert told["widgetToken"] == shop.token_of(bubble)
    member.identify(site.token("kim"))
    assert member.say("Hello from inside.") == member.conversations()[0]
    with shop.scope():
        assert Conversation.objects.count() == Message.objects.count() == 1


def test_a_page_tells_more_of_its_visitor_within_bounds(shop, site):
    browser = Browser(shop)
    browser.begin(userId="7")

    def describe(**attributes):
        return browser.call("POST", "attributes", json={"attributes": attributes}).status_code

    assert describe(plan="free", seats=3, trial=True) == 200
    assert describe(plan="pro", trial=None) == 200
    refused = [
        {"userId": "8"},
        {"claimedEmail": "kim@example.com"},
        {"deep": {"a": 1}},
        {"long": "x" * 501},
        {"n" * 61: 1},
        {"": 1},
        {f"n{number}": 1 for number in range(49)},
        {f"n{number}": 1 for number in range(51)},
    ]
    assert {describe(**attributes) for attributes in refused} == {400}
    assert browser.call("POST", "attributes", json={"attributes": [1]}).status_code == 400
    with shop.scope():
        (contact,) = Contact.objects.all()
        assert contact.attributes == {"userId": "7", "plan": "pro", "seats": 3}
        assert contact.external_id is None
    # Of somebody whose address was only typed, nothing is changed.
    browser.call("POST", "contact", json={"email": "kim@example.com"})
    assert describe(plan="first") == describe(plan="second") == 200
    with shop.scope():
        assert Contact.objects.get(email="kim@example.com").attributes["plan"] == "first"


def test_a_mails_link_leads_back_into_its_conversation_and_only_that_of_its_session(
    shop, rival, monkeypatch
):
    visitor = make_visitor(source_id=shop.bubble.id, origin="http://shop.example")
    with shop.scope():
        received = engine.receive_message(
            continue_session(visitor), text="Hello?", assistant=shop.assistant
        )
        shop.bubble.origins = ["http://shop.example"]
        conversation = engine.team_conversation(received.conversation_id)
        url, site = reply_mail._ways_back(conversation, shop.bubble)
        forged = signing.dumps([str(conversation.session_id), 0, str(conversation.id)])
    token = url.partition("#resume=")[2]

    def resume(token, at=shop):
        with at.client(token="", widget_id=at.bubble.code) as client:
            return client.post("resume", json={"token": token})

    def refused(token, at=shop):
        answer = resume(token, at)
        return answer.status_code, answer.json()["code"]

    assert site == "http://shop.example"
    told = resume(token).json()
    assert (told["sessionId"], told["conversationId"]) == (visitor.label, str(conversation.id))
    with shop.client(secret=told["sessionSecret"]) as client:
        page = client.get(f"conversations/{told['conversationId']}/messages").json()
    assert [message["text"] for message in page["results"]] == ["Hello?"]

    invalid = 401, "invalid_resume_token"
    assert refused(token + "x") == refused(forged) == refused(token, at=rival) == invalid
    with monkeypatch.context() as earlier:
        then = time.time() - 8 * 24 * 3600
        earlier.setattr(signing, "time", SimpleNamespace(time=lambda: then))
        old = resuming.link_to(shop.bubble, conversation).partition("#resume=")[2]
    assert refused(old) == invalid
    with shop.scope():
        shop.bubble.identity_required = True
        shop.bubble.save()
        assert reply_mail._ways_back(conversation, shop.bubble) == ("http://shop.example", "")
    assert refused(token) == (403, "identity_required")
    with shop.scope():
        shop.bubble.identity_required = False
        shop.bubble.save()
        end_session(proved_session(conversation.session_id))
    assert refused(token) == invalid
