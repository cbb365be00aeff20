"""The guided path, over the real forms, and the pages around it."""

import re

from django.db.models.functions import Now

from assistants import usage
from assistants.events import Usage
from assistants.models import KnowledgeSource
from conversations.models import Attachment, Contact, Conversation, Message
from tenants.ids import uuid7
from tenants.models import Invitation, Tenant
from tenants.scope import tenant_scope
from tests.admin.operators import Member, object_id
from tests.factories import make_assistant, make_member, make_visitor, write
from widgets import sightings
from widgets.bubbles import create_bubble
from widgets.models import Bubble

LISTED = "conversations/conversation/"
HREF = re.compile(r'<a class="step-link" href="([^"]+)">([^<]+)<')


def steps(person, tenant):
    """The state of each step, and where its links lead."""
    page = person.get(f"start/{tenant.pk}/")
    found = {step.key: step.state for step in page.context["steps"]}
    hrefs = HREF.findall(page.content.decode())
    return found, {
        label: href.replace("&amp;", "&").removeprefix("/admin/") for href, label in hrefs
    }


def test_the_path_leads_over_the_forms_and_back(operator, acme):
    member = Member(make_member(acme, role="owner")).log_in()
    back = f"/admin/start/{acme.pk}/"

    begun, links = steps(member, acme)
    titled = {"Make the assistant": member.get(links["Make the assistant"]).content.decode()}
    made = member.save(links["Make the assistant"])
    second, links = steps(member, acme)
    pasting = member.get(links["Paste a text"])
    titled["Paste a text"] = pasting.content.decode()
    faq = "Q: When are you open?\nA: At nine."
    told = member.save(links["Questions and answers"], text=faq)
    with tenant_scope(acme.pk):
        KnowledgeSource.objects.update(status="ready")
    titled["Make the bubble"] = member.get(links["Make the bubble"]).content.decode()
    bubble = member.save(links["Make the bubble"])
    page = f"widgets/bubble/{object_id(bubble)}/change/?path=1"
    looked = member.save(page, settings__widget__primaryColor="#ffee00")
    waiting, links = steps(member, acme)
    with tenant_scope(acme.pk):
        shown = Bubble.objects.get()
        sightings.note(shown, "https://shop.example")
    done = member.get(f"start/{acme.pk}/state/").json()["done"]
    over, _ = steps(operator, acme)

    assert begun == {
        "tenant": "done", "people": "done", "assistant": "now", "knowledge": "later",
        "bubble": "later", "site": "later",
    }  # fmt: skip
    assert second["knowledge"] == "now"
    for title, html in titled.items():
        assert f">{title}</span>" in html, title
        assert f"<title>{title} |" in " ".join(html.split()).replace("<title> ", "<title>"), title
    asked = re.findall(
        r'<(?:input|textarea|select)[^>]* name="([^"]+)"',
        re.sub(r'<input[^>]*type="hidden"[^>]*>', "", titled["Paste a text"]),
    )
    assert [name for name in asked if not name.startswith("_")] == ["title", "text"]
    assert [answer.headers["Location"] for answer in (made, told, looked)] == [back] * 3
    assert bubble.headers["Location"].endswith("/change/?path=1")
    assert (waiting["bubble"], waiting["site"]) == ("done", "now")
    assert "Try it and copy the snippet" in links
    assert done == ["tenant", "people", "assistant", "knowledge", "bubble", "site"]
    assert set(over.values()) == {"done"}


def test_operators_begin_with_a_customer_and_see_how_far_each_is(operator, acme):
    slug = f"next-{acme.slug}"
    made = operator.save(
        "tenants/tenant/add/", name="Next Ltd", slug=slug, email=f"o@{slug}.example"
    )
    tenant = Tenant.objects.get(slug=slug)

    listed = operator.get("")
    assert ">New customer</span>" in operator.get("tenants/tenant/add/").content.decode()
    found, links = steps(operator, tenant)
    with tenant_scope(tenant.pk):
        Invitation.objects.update(expires_at=Now())
    expired, _ = steps(operator, tenant)

    assert expired["people"] == "now"
    assert made.headers["Location"] == f"/admin/start/{tenant.pk}/"
    assert tenant.pk in {row["tenant"].pk for row in listed.context["rows"]}
    assert found["people"] == "done"
    assert f"tenant={tenant.pk}" in links["Make the assistant"]


def test_pages_around_the_path_are_their_tenants_alone(operator, acme, globex):
    theirs = create_bubble(globex, make_assistant(globex), name="Site")
    own = create_bubble(acme, make_assistant(acme), name="Site")
    member = Member(make_member(acme, role="admin")).log_in()
    agent = Member(make_member(acme))
    agent.client.post("/admin/login/", {"username": agent.email, "password": "whatever it is"})

    def pages(tenant, bubble):
        return [
            f"start/{tenant.pk}/",
            f"start/{tenant.pk}/state/",
            f"usage/{tenant.pk}/",
            f"playground/{bubble.pk}/",
            f"playground/{bubble.pk}/page/",
        ]

    assert {member.get(page).status_code for page in pages(acme, own)} == {200}
    assert {operator.get(page).status_code for page in pages(acme, own)} == {200}
    assert {member.get(page).status_code for page in pages(globex, theirs)} == {404}
    assert {agent.get(page).status_code for page in pages(acme, own)} == {302}
    framed = member.get(f"playground/{own.pk}/page/")
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in framed.headers["Content-Security-Policy"]


def test_usage_is_shown_by_day(operator, acme, globex):
    with tenant_scope(globex.pk):
        key = uuid7()
        usage.reserve(key, subject=uuid7(), conversation_id=uuid7())
        usage.settle(key, Usage("local", input_tokens=7, output_tokens=3))

    page = operator.get(f"usage/{acme.pk}/")

    bars = page.context["bars"]
    assert len(bars) == 30
    assert {bar["day"].turns for bar in bars} == {0}
    # Whose price nobody knows did not cost nothing.
    today = operator.get(f"usage/{globex.pk}/").context["bars"][-1]["day"]
    assert (today.turns, today.tokens, today.cost) == (1, 10, None)


def test_a_tenants_people_read_what_was_said_and_operators_do_not(operator, acme):
    make_assistant(acme)
    member = Member(make_member(acme, role="owner")).log_in()
    received = write(acme, make_visitor(), "My secret illness <b>")
    with tenant_scope(acme.pk):
        conversation = Conversation.objects.get(pk=received.conversation_id)
        Contact.objects.filter(pk=conversation.contact_id).update(name="Kim <i>")
        conversation.rating_score, conversation.rating_comment = 4, "Quick."
        conversation.save()
        Attachment.objects.create(
            tenant_id=acme.pk,
            conversation=conversation,
            message=Message.objects.get(conversation=conversation, author_kind="visitor"),
            name="scan <u>.png",
            size=2048,
        )
    path = f"conversations/conversation/{received.conversation_id}/change/"
    listed, page = (member.get(each).content.decode() for each in (LISTED, path))
    found = member.get(LISTED, q="kim").content.decode()
    theirs = [operator.get(each).content.decode() for each in (LISTED, path)]

    assert "My secret illness &lt;b&gt;" in listed
    assert "Kim &lt;i&gt;" in found
    assert "with the assistant" in listed
    for shown in ("My secret illness &lt;b&gt;", "Kim &lt;i&gt;", "4 of 5", "scan &lt;u&gt;.png"):
        assert shown in page
        assert not any(shown in other for other in theirs)
    assert not any("illness" in other for other in theirs)
