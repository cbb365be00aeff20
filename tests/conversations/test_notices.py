"""Members who are away hear by mail of what concerns them, as they wish and not too often."""

from datetime import timedelta

from django.utils import timezone

from conversations import availability, engine, notices
from conversations.models import Availability, Conversation
from tenants import preferences
from tenants.models import Mail, Membership
from tenants.scope import tenant_scope
from tests.dashboard.team import key_api, make_conversation, member_api
from tests.factories import make_member, make_visitor, write


def mails(tenant):
    with tenant_scope(tenant.id):
        rows = Mail.objects.filter(template="conversation_news").order_by("created_at", "id")
        return list(rows.values_list("to", "subject"))


def change(tenant, model, **fields):
    with tenant_scope(tenant.id):
        model.objects.update(**fields)


def ago(**span):
    return timezone.now() - timedelta(**span)


def wish(member, event, *, email):
    with tenant_scope(member.tenant_id):
        preferences.change(member.id, {"notifications": {event: {"email": email}}})


def test_whom_another_makes_responsible_hears_of_it_unless_they_are_there(acme, globex):
    ann, api = member_api(acme)
    bob, eve, dan = (make_member(acme) for _ in range(3))
    conversation_id = make_conversation(acme)
    path = f"conversations/{conversation_id}/assign"
    availability.renew(acme.id, eve.id)
    wish(dan, "assigned", email=False)

    for member in (ann, eve, dan, bob, ann, bob):
        assert api.post(path, {"memberId": str(member.id)}).status_code == 200
    assert mails(acme) == [(bob.user.email, "Agent assigned A visitor to you")]

    # A quarter of an hour later it is worth another mail, and a program has no name.
    change(acme, Mail, created_at=ago(minutes=15))
    with tenant_scope(acme.id):
        for mail in Mail.objects.all():
            mail.key = f"before {mail.pk}"
            mail.save()
    assert key_api(acme, "*").post(path, {"memberId": str(bob.id)}).status_code == 200
    assert mails(acme)[1:] == [(bob.user.email, "The team assigned A visitor to you")]
    assert mails(globex) == []

    # Of many at once too, and nobody of what they do themselves.
    for each in (ann, bob):
        body = {
            "ids": [make_conversation(acme)],
            "do": "assign",
            "with": {"memberId": str(each.id)},
        }
        assert api.post("conversations/bulk", body).json()["results"][0]["ok"]
    assert mails(acme)[2:] == [(bob.user.email, "Agent assigned A visitor to you")]


def test_who_holds_a_conversation_and_went_away_hears_of_what_the_visitor_writes(acme, globex):
    ann, api = member_api(acme)
    visitor = make_visitor()
    conversation_id = make_conversation(acme, visitor=visitor)
    api.post(f"conversations/{conversation_id}/messages", {"text": "Hello!"})
    availability.renew(acme.id, ann.id)
    write(acme, visitor, "Are you\nthere?")

    def later():
        """A minute after the message, at the next look."""
        change(acme, Conversation, updated_at=ago(minutes=2))
        notices.tell_of_replies()
        return mails(acme)

    notices.tell_of_replies()
    assert later() == []
    change(acme, Availability, present_until=ago(seconds=1))
    assert later() == [(ann.user.email, "A visitor wrote to you")]
    assert later() == later() == [(ann.user.email, "A visitor wrote to you")]
    with tenant_scope(acme.id):
        mail = Mail.objects.get(template="conversation_news")
    assert "Are you there?" in mail.text
    assert f"/c/{conversation_id}" in mail.text

    # Too soon for another one, which is not forgotten.
    write(acme, visitor, "Hello?")
    assert len(later()) == 1
    change(acme, Mail, created_at=ago(minutes=11), key="before")
    assert len(later()) == 2
    write(acme, visitor, "Never mind.")
    change(acme, Mail, created_at=ago(minutes=11))
    wish(ann, "reply", email=False)
    assert len(later()) == 2
    change(acme, Conversation, updated_at=ago(days=2), told_seq=0)
    notices.tell_of_replies()
    assert len(mails(acme)) == 2
    assert mails(globex) == []


def test_whom_a_note_names_hears_what_it_says_and_nobody_of_a_test(acme):
    ann, bob = (make_member(acme) for _ in range(2))
    conversation_id = make_conversation(acme)

    with tenant_scope(acme.id):
        conversation = engine.team_conversation(conversation_id)
        members = list(Membership.objects.select_related("user").filter(pk__in=[ann.pk, bob.pk]))
        conversation.is_test = True
        assert notices.tell(conversation, members, notices.MENTION, text="Look!", by="Eve")
        conversation.is_test = False
        assert notices.tell(conversation, members, notices.MENTION, text="Look!", by="Eve\nX")

    assert sorted(mails(acme)) == sorted((m.user.email, "Eve X mentioned you") for m in (ann, bob))


def test_a_note_is_told_to_all_whom_it_names_but_its_author(acme):
    (ann, api), bob = member_api(acme), make_member(acme)
    note = {"text": "Look!", "private": True, "mentions": [str(ann.id), str(bob.id)]}

    answer = api.post(f"conversations/{make_conversation(acme)}/messages", note)

    assert (answer.status_code, mails(acme)) == (201, [(bob.user.email, "Agent mentioned you")])
