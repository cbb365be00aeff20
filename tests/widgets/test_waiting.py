"""What visitors are told who wait for a person, and how a reply reaches them who are gone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.utils import translation
from django.utils.formats import date_format

from conversations import availability, engine, routing, worker
from conversations.contacts import introduce
from conversations.identity import Person, identify
from conversations.message_context import MessageContext
from conversations.models import Conversation, Message
from conversations.sessions import continue_session, secret_of
from conversations.teams import create_team
from tenants import account_mail
from tenants.models import Mail
from tests.conversations.test_engine import do
from tests.factories import make_member, make_visitor
from tests.waiting import until
from tests.widgets.shops import make_shop
from widgets import absence, reply_mail, tasks
from widgets.bubbles import config_of
from widgets.callers import Caller
from widgets.chat import ask

NEVER = {"enabled": True, "timezone": "Asia/Tokyo", "hours": []}


@pytest.fixture
def shop(acme, globex):
    make_shop(globex, "")
    return make_shop(acme, "", domains=["shop.example"])


def write(shop, text="Hello?", visitor=None, **fields):
    visitor = visitor or make_visitor(source_id=shop.bubble.id)
    with shop.scope():
        session = continue_session(visitor)
        return engine.receive_message(session, text=text, assistant=shop.assistant, **fields)


def hand_over(shop, received):
    do(shop.tenant, received, engine.hand_over, reason="visitor", text="Wait.")
    tasks.route(str(shop.tenant.id))


def lines(shop, received):
    with shop.scope():
        rows = Message.objects.filter(conversation=received.conversation_id, author_kind="system")
        return list(rows.order_by("seq").values_list("text", flat=True))


def expected(shop):
    with shop.scope():
        return config_of(shop.bubble)["availability"]


def set_hours(shop, hours):
    with shop.scope():
        shop.bubble.settings = {"businessHours": hours}
        shop.bubble.save()


def test_who_waits_is_told_once_that_nobody_is_there_and_by_when_somebody_is(shop, monkeypatch):
    nobody = {"status": "away", "opensAt": None, "usualReplySeconds": None}
    assert expected(shop) == nobody
    first = write(shop)
    owner = make_member(shop.tenant, role="owner")
    hand_over(shop, first)
    tasks.keep_queues()

    away = "Nobody of our team is here right now. Leave a message, and we will get back to you."
    assert lines(shop, first) == ["Wait.", away]
    with shop.scope():
        conversation = engine.team_conversation(first.conversation_id)
        assert conversation.told_position == 1
    # In the language that is spoken, and that the tenant's pages know.
    with shop.scope():
        shop.bubble.settings = {"languages": ["en", "de"]}
        shop.bubble.save()
        Conversation.objects.filter(pk=first.conversation_id).update(
            is_absence_told=False, language="de"
        )
    tasks.keep_queues()
    assert lines(shop, first)[-1].startswith("Gerade ist niemand")
    # The team hears of it by mail, once for a conversation.
    (told,) = mails(shop)
    assert (told.to, told.reply_to) == (owner.user.email, "")
    assert "Hello?" in told.text
    assert f"/c/{first.conversation_id}" in told.text
    assert told.subject == "A visitor waits for an answer"
    assert "wrote:\n\nHello?\n\nThey left no e-mail address" in told.text

    ann = make_member(shop.tenant)
    availability.renew(shop.tenant.id, ann.id)
    assert expected(shop)["status"] == "online"
    second = write(shop)
    hand_over(shop, second)
    assert lines(shop, second) == ["Wait."]
    # Nobody has room for more, and whoever waits is not locked only to hear nothing.
    with shop.scope():
        availability.choose(ann, capacity=0)
        third = write(shop)
    monkeypatch.setattr(absence, "_tell_one", lambda conversation: pytest.fail("Locked."))
    hand_over(shop, third)
    monkeypatch.undo()
    do(shop.tenant, third, engine.take_over, ann)

    set_hours(shop, NEVER)
    assert expected(shop) == {**nobody, "status": "closed"}
    weekly = [{"day": 1, "opens": "00:00", "closes": "00:01"}]
    set_hours(shop, {"enabled": True, "timezone": "Asia/Tokyo", "hours": weekly})
    opens = expected(shop)["opensAt"]
    # Monday's first minute in Tokyo.
    assert opens is None or opens[10:] == "T15:00:00.000Z"
    assert shop.tenant.id not in absence.due()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "We are back at 12:30 on {} (Asia/Tokyo)."),
        ("de", "Wir sind am {} um 12:30 Uhr wieder da (Asia/Tokyo)."),
        ("ar", "سنعود يوم {} الساعة 12:30 (Asia/Tokyo)."),
        ("fr", "Retour {}, 12:30 ! (Asia/Tokyo)."),
    ],
)
def test_when_somebody_is_back_is_a_sentence_in_the_visitors_language(shop, language, sentence):
    later = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")) + timedelta(days=2)
    day = {"day": later.isoweekday(), "opens": "12:30", "closes": "13:00"}
    with shop.scope():
        shop.bubble.settings = {
            "languages": ["en", "de", "ar", "fr"],
            "businessHours": {"enabled": True, "timezone": "Asia/Tokyo", "hours": [day]},
            "translations": {"fr": {"closedUntil": "Retour {time} !"}},
        }
        shop.bubble.save()
    asked = write(shop, context=MessageContext(language=language))
    with shop.scope():
        Conversation.objects.update(language=language)
    hand_over(shop, asked)

    with translation.override(language):
        expected = sentence.replace("{}", date_format(later, "DATE_FORMAT"))
    assert expected in lines(shop, asked)[-1]


def test_a_bubble_leads_to_its_team_and_who_left_a_message_is_told_no_more(shop):
    ann, bob = make_member(shop.tenant), make_member(shop.tenant)
    account_mail.remember_language(bob.user, "ar-EG,en")
    with shop.scope():
        team = create_team(name="Sales", strategy="round_robin", members=[bob], actor="a test")
        shop.bubble.team = team
        shop.bubble.save()
    availability.renew(shop.tenant.id, ann.id)
    # Ann is there, and not of the team.
    assert expected(shop)["status"] == "away"
    visitor = {"token": shop.token, "widget_id": str(shop.tenant.id)}
    asked = ask(
        Caller(**visitor),
        lambda: {"sessionId": "s", "message": "Hi"},
        attend=lambda tenant_id: None,
    )
    with shop.scope():
        session = continue_session(make_visitor(source_id=shop.bubble.id))
        left = engine.leave_message(
            session,
            text="Call me.",
            thanks="Thanks.",
            assistant=shop.assistant,
            context=MessageContext(team_id=team.id),
            admit=lambda: introduce(session, email="kim@shop.example", name="Kim"),
        )
    tasks.route(str(shop.tenant.id))
    tasks.keep_queues()

    assert lines(shop, left) == ["Thanks."]
    (told,) = mails(shop)
    assert (told.to, told.reply_to) == (bob.user.email, "kim@shop.example")
    # In the language of the member's browser.
    assert told.subject == "Kim بانتظار الرد"
    assert 'dir="rtl"' in told.html
    assert "كتب Kim:\n\nCall me.\n\nأجيبوا" in told.text
    assert f"/c/{left.conversation_id}" in told.text
    with shop.scope():
        rows = Conversation.objects.filter(
            pk__in=[left.conversation_id, asked.received.conversation_id]
        )
        assert [row.team_id for row in rows] == [team.id] * 2
        assert rows.get(pk=left.conversation_id).assignee_id is None
    availability.renew(shop.tenant.id, bob.id)
    tasks.route(str(shop.tenant.id))
    with shop.scope():
        assert Conversation.objects.get(pk=left.conversation_id).assignee_id == bob.id


def replied(shop, received, member, *texts, seconds_ago=61):
    """What a member wrote that long ago."""
    for text in texts:
        do(shop.tenant, received, engine.post_reply, member, text=text)
    with shop.scope():
        ago = timedelta(seconds=seconds_ago)
        rows = Message.objects.filter(conversation=received.conversation_id)
        rows.filter(author_kind="agent", text__in=texts).update(created_at=F("created_at") - ago)
        Conversation.objects.filter(pk=received.conversation_id).update(
            unread_reply_since=F("unread_reply_since") - ago
        )


def mails(shop):
    with shop.scope():
        return list(Mail.objects.order_by("created_at"))


def test_a_reply_is_mailed_in_the_visitors_language_to_whom_the_site_vouches_for_alone(shop):
    ann, visitor = make_member(shop.tenant), make_visitor(source_id=shop.bubble.id)
    typed, known = (f"{name}@{shop.tenant.slug}.example" for name in ("typed", "known"))
    with shop.scope():
        shop.bubble.settings = {"languages": ["en", "ar"]}
        shop.bubble.save()
    received = write(shop, "مرحبا", visitor, context=MessageContext(language="ar"))
    with shop.scope():
        session = continue_session(visitor)
        introduce(session, email=typed, name="Kim")
        Conversation.objects.filter(session=session).update(named_language="ar")
    replied(shop, received, ann, "Hello!")
    # Whose address it was that the visitor typed nobody knows; who the visitor is, the site does.
    with shop.scope():
        shown = replace(visitor, secret=secret_of(session))
        identify(shown, Person("kim", email=known, is_whole=True))
    reply_mail.send_due()

    (mail,) = mails(shop)
    assert (mail.to, mail.subject) == (known, "ردّ عليك Agent")
    assert 'dir="rtl"' in mail.html

    other = make_visitor(source_id=shop.bubble.id)
    received = write(shop, "Hello?", other)
    with shop.scope():
        session = continue_session(other)
        introduce(session, email=typed)
        identify(replace(other, secret=secret_of(session)), Person("lee", email=typed))
    replied(shop, received, ann, "Hello!")
    reply_mail.send_due()
    assert len(mails(shop)) == 1


def test_without_redis_and_beat_a_worker_leads_visitors_to_whoever_is_there(shop, monkeypatch):
    ann = make_member(shop.tenant)
    availability.renew(shop.tenant.id, ann.id)
    received = write(shop)
    do(shop.tenant, received, engine.hand_over, reason="visitor", text="Wait.")
    monkeypatch.setattr(worker, "CHORE_SECONDS", 0.1)
    lonely = worker.Worker()

    def assignee():
        with shop.scope():
            return Conversation.objects.get(pk=received.conversation_id).assignee_id

    try:
        until(lambda: assignee() == ann.id)
    finally:
        lonely.stop()


def test_what_fails_for_one_tenant_or_visitor_keeps_nobody_else_waiting(shop, globex, monkeypatch):
    ann = make_member(shop.tenant)
    broken, fine = (write(shop, "Hello?") for _ in range(2))
    for received, seconds_ago in ((broken, 90), (fine, 61)):
        with shop.scope():
            contact = Conversation.objects.get(pk=received.conversation_id).contact
            contact.email = f"{received.message_id}@{shop.tenant.slug}.example"
            contact.save()
        replied(shop, received, ann, "Hello!", seconds_ago=seconds_ago)
    context = reply_mail._context

    def failing_context(conversation, *args):
        if conversation.id == broken.conversation_id:
            raise KeyError("A text is missing.")
        return context(conversation, *args)

    def failing_route(tenant_id):
        raise KeyError("A setting is missing.")

    monkeypatch.setattr(routing, "due", lambda: [globex.id])
    monkeypatch.setattr(routing, "route", failing_route)
    monkeypatch.setattr(reply_mail, "_context", failing_context)

    tasks.keep_queues()

    assert [mail.to for mail in mails(shop)] == [f"{fine.message_id}@{shop.tenant.slug}.example"]


def test_replies_that_nobody_reads_for_a_minute_are_mailed_together_and_once(shop):
    visitor = make_visitor(source_id=shop.bubble.id, origin="https://shop.example")
    received = write(shop, "Hello?", visitor)
    ann = make_member(shop.tenant)
    with shop.scope():
        shop.bubble.settings = {**shop.bubble.settings, "widget": {"primaryColor": "#aa3377"}}
        shop.bubble.save()
    with shop.scope():
        contact = continue_session(visitor).contact
        contact.email = f"kim@{shop.tenant.slug}.example"
        contact.save()
    replied(shop, received, ann, "Only just.", seconds_ago=0)
    reply_mail.send_due()
    assert mails(shop) == []

    replied(shop, received, ann, "Yes, <b>we</b> do.", "It **costs**:\n- [ten](https://a.example/)")
    do(shop.tenant, received, engine.post_reply, ann, text="A note.", private=True)
    reply_mail.send_due()
    reply_mail.send_due()

    (mail,) = mails(shop)
    assert mail.to == contact.email
    assert mail.subject == "Agent has replied to you"
    assert "Only just." in mail.text
    assert "Yes, <b>we</b> do." in mail.text
    assert "It costs:\n- ten (https://a.example/)" in mail.text
    assert "background-color:#aa3377" in mail.html
    assert "#resume=" in mail.text
    assert "A note." not in mail.text + mail.html
    assert "&lt;b&gt;we" in mail.html
    assert "https://shop.example" in mail.text

    # What was read meanwhile is not mailed, nor what the visitor has answered to.
    replied(shop, received, ann, "Read.")
    with shop.scope():
        conversation = engine.team_conversation(received.conversation_id)
        engine.mark_seen(conversation, seq=conversation.message_seq)
    reply_mail.send_due()
    replied(shop, received, ann, "Answered to.")
    write(shop, "Thanks.", visitor)
    reply_mail.send_due()
    assert len(mails(shop)) == 1
    replied(shop, received, ann, "And one more.")
    reply_mail.send_due()
    assert [mail.text.count("And one more.") for mail in mails(shop)] == [0, 1]
    assert "Answered to." not in mails(shop)[1].text


def test_without_an_address_nothing_is_mailed_and_made_up_pages_are_not_linked(shop):
    received = write(shop)
    ann = make_member(shop.tenant)
    replied(shop, received, ann, "Hello!")
    reply_mail.send_due()
    assert mails(shop) == []

    with shop.scope():
        shop.bubble.domains = []
        shop.bubble.save()
        conversation = engine.team_conversation(received.conversation_id)
        conversation.session.origin = "https://evil.example"
        url, site = reply_mail._ways_back(conversation, shop.bubble)
        assert (url.partition("#")[0].endswith(f"/chat/{shop.bubble.code}"), site) == (True, "")
