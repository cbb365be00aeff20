"""A conversation in the inbox, from a visitor's first word to their rating."""

import asyncio
import re
from functools import partial

import pytest
import pytest_asyncio
from django.utils import timezone
from playwright.async_api import expect

from conversations.canned_responses import create_response
from conversations.labels import create_label
from conversations.models import Conversation, Message
from livechat.embedded.redis import free_port
from tenants.executor import run_in_db_thread
from tests.conversations.calling import (  # noqa: F401 -- a fixture
    make_tool,
    no_turn_is_left,
    rescript,
    work,
)
from tests.dashboard.team import member_api
from tests.factories import PASSWORD, make_visitor
from tests.frontend import inbox, visitors
from tests.frontend.accessibility import require_usable, violations
from tests.frontend.test_hostile_pages import ELSEWHERE, EVIL, TRICKS
from tests.servers import serving
from tests.widgets.images import black_png

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURE = {"name": "label.png", "mimeType": "image/png", "buffer": black_png(80)}
FIRST = "Where is my parcel?"


@pytest.fixture
def ana(acme):
    return inbox.member(acme, role="owner")


@pytest_asyncio.fixture(loop_scope="module")
async def desks(browser):
    """Makes pages of members; whatever these complain about is a failure."""
    contexts, complaints = [], []

    async def make(**options):
        context = await browser.new_context(
            locale="en-GB", timezone_id="UTC", reduced_motion="reduce", **options
        )
        contexts.append(context)
        desk = await context.new_page()
        desk.on("console", lambda said: complaints.extend(complaint(said)))
        desk.on("pageerror", lambda error: complaints.append(str(error)))
        return desk

    yield make
    for context in contexts:
        await context.close()
    assert complaints == []


def complaint(said):
    """What a page finds wrong; browsers call it an error that a colleague was first, too."""
    if said.type != "error" or "409 (Conflict)" in said.text:
        return []
    return [f"{said.text} ({said.location['url']})"]


def offered(desk):
    return desk.get_by_role("listbox", name="Suggestions").get_by_role("option")


def field(desk, name="Reply"):
    return desk.get_by_role("textbox", name=name, exact=True)


def thread(desk):
    return desk.get_by_role("log", name="Messages")


def details(desk):
    return desk.get_by_role("complementary", name="Details")


async def open_first(desk):
    await inbox.rows(desk).first.get_by_role("link").click()
    await expect(thread(desk)).to_be_visible()


async def write(desk, text, name="Reply"):
    await field(desk, name).fill(text)
    await desk.keyboard.press("Control+Enter")


def texts(tenant):
    """What was said, in its order, by people."""
    with inbox.tenant_scope(tenant.id):
        said = Message.objects.exclude(author_kind="system").order_by("seq")
        return list(said.values_list("text", flat=True))


def furnish(tenant):
    """What a team has at hand."""
    with inbox.tenant_scope(tenant.id):
        create_label(name="Delivery", color="#2563eb", actor="")
        text = "Good day {{contact.name|there}}, {{agent.name}} speaking."
        create_response(shortcut="hello", text=text, team=None, actor="")


async def test_a_working_day(page, desks, site, shop, ana, acme, live_server_url):
    await run_in_db_thread(furnish, acme)
    await run_in_db_thread(inbox.make_member, acme)
    await visitors.visit(page, site.page(site.mount(shop)))
    await visitors.say(page, FIRST)
    desk = await desks(viewport={"width": 1366, "height": 820})
    await inbox.log_in(desk, live_server_url, ana)
    await open_first(desk)
    await expect(thread(desk)).to_contain_text(FIRST)
    await expect(desk.get_by_text("Your reply takes over from the assistant.")).to_be_visible()
    await require_usable(desk)

    await desk.keyboard.press("i")
    await expect(desk.get_by_text("You answer")).to_be_visible()
    await expect(visitors.log(page)).to_contain_text("joined")
    await inbox.press(desk, "r")
    await expect(field(desk)).to_be_focused()
    await desk.keyboard.type("/hel")
    await expect(offered(desk)).to_contain_text("/hello")
    await require_usable(desk)
    await inbox.press(desk, "Enter")
    await expect(field(desk)).to_have_value("Good day there, Owner speaking.")
    await inbox.press(desk, "End")
    await desk.keyboard.type(" It is **here**.")
    await desk.keyboard.press("Control+Enter")
    await expect(page.locator(".agent strong", has_text="here")).to_be_visible()
    await expect(field(desk)).to_have_value("")
    await expect(thread(desk).locator(".state")).to_have_text("Read")
    await visitors.box(page).press_sequentially("Th")
    await expect(thread(desk)).to_contain_text("is typing")

    await inbox.press(desk, "Escape", "n")
    await expect(field(desk, "Note")).to_be_focused()
    await desk.keyboard.type("Please look, @Ag")
    await expect(offered(desk)).to_contain_text("@Agent")
    await inbox.press(desk, "Tab")
    await expect(field(desk, "Note")).to_have_value("Please look, @Agent ")
    await require_usable(desk)
    await desk.keyboard.press("Control+Enter")
    await expect(thread(desk).locator(".note")).to_contain_text("For Agent")

    await desk.get_by_role("button", name="Reply", exact=True).click()
    await desk.get_by_label("Files", exact=True).set_input_files(PICTURE)
    await expect(desk.locator(".uploads small")).to_be_visible()
    await desk.get_by_role("button", name="Send", exact=True).click()
    await expect(thread(desk).locator(".thumbnail img")).to_have_js_property("naturalWidth", 80)
    await visitors.say(page, "Thanks!")
    await expect(thread(desk)).to_contain_text("Thanks!")
    assert "Please look" not in await visitors.log(page).inner_text()

    await inbox.press(desk, "Escape", "l")
    await desk.get_by_role("menuitemcheckbox", name="Delivery").press("Enter")
    await expect(details(desk).get_by_role("button", name="Take Delivery off")).to_be_visible()
    await details(desk).get_by_label("Priority").select_option("high")
    await details(desk).get_by_role("button", name="Edit").click()
    await details(desk).get_by_label("Name").fill("Kim")
    await details(desk).get_by_role("button", name="Save").click()
    await expect(desk.get_by_role("heading", name="Kim", level=2)).to_be_visible()
    await expect(inbox.row(desk, "Kim")).to_contain_text("High")

    await desk.get_by_role("button", name="Give back").click()
    await expect(desk.locator(".who")).to_contain_text("answers")
    await desk.get_by_role("button", name="Close", exact=True).click()
    await expect(desk.get_by_text("Closed: Kim")).to_be_visible()
    await desk.goto(f"{live_server_url}/view/closed")
    rating = page.get_by_role("group", name="How was this conversation?")
    await rating.get_by_role("radio").last.press("Space")
    await inbox.row(desk, "Kim").get_by_role("link").click()
    await expect(details(desk)).to_contain_text("5 of 5")
    await expect(details(desk).get_by_role("button", name="Take Delivery off")).to_be_visible()
    await require_usable(desk)


def is_kept(response):
    """Whether a server has taken a draft."""
    return response.url.endswith("/draft") and response.request.method == "PUT"


async def test_two_members_do_not_answer_over_each_other(desks, shop, ana, acme, live_server_url):
    bo = await run_in_db_thread(inbox.make_member, acme)
    conversation_id = await run_in_db_thread(inbox.visitor_writes, acme, FIRST)
    first, second = await desks(), await desks(viewport={"width": 360, "height": 700})
    for desk, member in ((first, ana), (second, bo)):
        await inbox.log_in(desk, live_server_url, member)
        await open_first(desk)
        await expect(thread(desk)).to_contain_text(FIRST)
    await expect(first.get_by_text("Agent is here too")).to_be_visible()
    await expect(second.get_by_text("Owner is here too")).to_be_visible()

    async with second.expect_response(is_kept):
        await field(second).fill("By")
        await expect(thread(first)).to_contain_text("Agent is typing")
        await second.reload()
    third = await desks()
    await inbox.log_in(third, live_server_url, bo, f"/c/{conversation_id}")
    await expect(field(third)).to_have_value("By")
    async with third.expect_response(is_kept):
        await field(third).fill("By post")
    await second.reload()
    await expect(field(second)).to_have_value("By post")
    await write(first, "Tomorrow")
    await expect(thread(second)).to_contain_text("Tomorrow")
    await field(second).press("Control+Enter")
    alert = second.get_by_role("alert").filter(has_text="answered first")
    await expect(alert).to_contain_text("Owner answered first: Tomorrow")
    await expect(field(second)).to_have_value("By post")
    await expect(thread(second).get_by_text("Tomorrow")).to_be_in_viewport()
    await require_usable(second)
    assert await second.evaluate("document.documentElement.scrollWidth") == 360
    await alert.get_by_role("button", name="Send anyway").click()
    await expect(thread(first)).to_contain_text("By post")
    await expect(alert).to_be_hidden()
    assert await run_in_db_thread(texts, acme) == [FIRST, "Tomorrow", "By post"]
    await third.reload()
    await expect(thread(third)).to_contain_text("By post")
    await expect(field(third)).to_have_value("")
    await expect(third.get_by_text("Owner is here too")).to_be_visible()

    await expect(inbox.rows(first).first).to_contain_text("Agent: By post")
    await expect(inbox.rows(third).first).to_contain_text("You: By post")
    await expect(third.get_by_role("button", name="Take over")).to_have_count(0)
    await third.get_by_role("button", name="Assign to me").click()
    await expect(third.get_by_text("You answer")).to_be_visible()
    await expect(first.get_by_role("button", name="Assign to me")).to_be_visible()
    await third.close()

    await first.get_by_role("button", name="Close", exact=True).click()
    await expect(first.get_by_role("button", name="Undo")).to_be_visible()
    await write(second, "And by hand")
    await expect(first.get_by_text("Agent wrote meanwhile, so it stays open.")).to_be_visible()
    await expect(first.get_by_role("button", name="Undo")).to_have_count(0)
    await open_first(first)

    await second.get_by_role("button", name="More").click()
    await second.get_by_role("menuitem", name="Mark as unread").click()
    await expect(inbox.rows(second).first.get_by_label("1 unread")).to_be_visible()
    await first.get_by_role("button", name="Note", exact=True).click()
    await field(first, "Note").press_sequentially("By which post, @Ag")
    await inbox.press(first, "Tab", "Control+Enter")
    await expect(thread(first).locator(".note")).to_contain_text("For Agent")
    mentions = second.get_by_role("option", name="Mentions (1)", include_hidden=True)
    await expect(mentions).to_have_count(1)
    await open_first(second)
    await expect(mentions).to_have_count(0)

    await field(second).fill("Nobody else's business")
    await inbox.palette(second, "log out")
    await second.get_by_label("E-mail").fill(ana.user.email)
    await second.get_by_label("Password").fill(PASSWORD)
    await second.get_by_role("button", name="Log in").click()
    await expect(field(second)).to_have_value("")


async def test_what_was_not_sent_waits_for_its_writer(browser, shop, ana, acme, live_server_url):
    context = await browser.new_context()
    page = await context.new_page()
    conversation_id = await run_in_db_thread(inbox.visitor_writes, acme, FIRST)
    _, colleague = await run_in_db_thread(lambda: member_api(acme, role="owner"))
    await inbox.log_in(page, live_server_url, ana, f"/c/{conversation_id}")
    await page.get_by_label("Enter sends").check()
    await page.route("**/messages", lambda route: route.abort())
    await field(page).fill("By post")
    await page.keyboard.press("Enter")
    await expect(thread(page)).to_contain_text("Not sent.")
    async with page.expect_event("dialog") as asked:
        await page.close(run_before_unload=True)
    dialog = await asked.value
    assert dialog.type == "beforeunload"
    await dialog.dismiss()

    await page.unroute("**/messages")
    path = f"conversations/{conversation_id}"
    await run_in_db_thread(colleague.post, f"{path}/messages", {"text": "Tomorrow"})
    await expect(thread(page)).to_contain_text("Tomorrow")
    again = page.get_by_role("button", name="Try again")
    await again.click()
    await expect(thread(page)).to_contain_text("Another member has replied meanwhile.")
    await again.click()
    sent = thread(page).locator(".message", has_text="By post")
    await expect(sent.locator(".state")).to_have_text("Sent")
    assert await run_in_db_thread(texts, acme) == [FIRST, "Tomorrow", "By post"]

    label = (await run_in_db_thread(colleague.post, "labels", {"name": "Parcels"})).json()
    await run_in_db_thread(colleague.post, f"{path}/labels", {"add": ["Parcels"]})
    await expect(details(page).get_by_role("button", name="Take Parcels off")).to_be_visible()
    await run_in_db_thread(colleague.patch, f"labels/{label['id']}", {"name": "Post"})
    await expect(details(page).get_by_role("button", name="Take Post off")).to_be_visible()
    await expect(inbox.rows(page).first.get_by_label("Post")).to_be_visible()
    await run_in_db_thread(colleague.delete, f"labels/{label['id']}")
    await expect(details(page).get_by_role("button", name="Take Post off")).to_be_hidden()
    await page.reload()
    await expect(page.get_by_label("Enter sends")).to_be_checked()
    assert (await run_in_db_thread(own_preferences, ana))["enterSends"]
    await context.close()


def own_preferences(member):
    member.refresh_from_db()
    return member.preferences


def hostile(shop):
    """A conversation in which everything that somebody can write is an attack."""
    tenant = shop.tenant
    rescript(
        shop.assistant, [["refund", {"to": EVIL}]], make_tool(tenant, "refund", risk="approval")
    )
    visitor = make_visitor()
    tricks = [trick.format(e=ELSEWHERE, h=ELSEWHERE.removeprefix("http:")) for trick in TRICKS]
    sources = [{"title": EVIL, "url": "javascript:__xss=1"}, {"title": tricks[0], "url": EVIL}]
    conversation_id = inbox.visitor_writes(tenant, tricks[0], visitor)
    work(tenant)
    with inbox.tenant_scope(tenant.id):
        one = Conversation.objects.get(pk=conversation_id)
        create_label(name=EVIL[:40], color="#2563eb", actor="")
        one.contact.name, one.contact.phone = EVIL, EVIL[:30]
        one.contact.attributes = {EVIL: EVIL}
        one.contact.save()
        for index, trick in enumerate([EVIL, *tricks]):
            for kind, private in (("agent", False), ("agent", True), ("assistant", False)):
                one.message_seq += 1
                Message.objects.create(
                    tenant=tenant,
                    conversation=one,
                    seq=one.message_seq,
                    author_kind=kind,
                    author_name=EVIL,
                    text=trick,
                    created_at=timezone.now(),
                    private=private,
                    sources=sources if kind == "assistant" and index == 0 else [],
                    choices=[EVIL] if kind == "assistant" else [],
                )
        one.labels, one.handover_reason, one.handover_summary = [EVIL[:40]], "asked", EVIL
        one.qualification, one.owner, one.subject = {EVIL: {"x": EVIL}}, "waiting", EVIL
        one.save()
    return conversation_id


async def see_the_first(desk):
    """Scroll up until the visitor's message is there; a list being drawn may not hear it."""
    for _ in range(100):
        await thread(desk).evaluate("log => { log.scrollTop = log.scrollTop ? 0 : 1 }")
        if await thread(desk).locator(".visitor").count():
            return
        await desk.wait_for_timeout(100)
    raise AssertionError("Nothing older was loaded.")


async def test_nothing_that_anybody_wrote_becomes_markup(desks, shop, ana, acme, live_server_url):
    conversation_id = await run_in_db_thread(hostile, shop)
    desk = await desks(viewport={"width": 1366, "height": 820})
    asked = []
    desk.on("request", lambda request: asked.append(request.url))
    await inbox.log_in(desk, live_server_url, ana, f"/c/{conversation_id}")
    await expect(desk.get_by_role("heading", name=EVIL, level=2)).to_be_visible()
    await expect(details(desk)).to_contain_text(EVIL)
    await expect(thread(desk).locator(".offered").last).to_have_text(EVIL)
    await see_the_first(desk)
    await thread(desk).locator(".sources summary").first.click()

    approval = desk.get_by_role("region", name="Approve refund?")
    await expect(approval).to_contain_text("onerror=__xss=1")
    assert await violations(desk) == []
    await approval.get_by_role("button", name="Reject").click()
    await expect(approval).to_be_hidden()
    await expect(details(desk).locator(".calls")).to_contain_text("rejected")

    assert await desk.evaluate("typeof __xss") == "undefined"
    assert [url for url in asked if not url.startswith((live_server_url, "blob:", "data:"))] == []
    links = await desk.eval_on_selector_all("main a", "all => all.map(one => one.protocol)")
    assert set(links) <= {"http:", "https:", "mailto:"}
    assert await desk.locator("main :is(script, iframe, object, embed, style, meta)").count() == 0
    assert await violations(desk) == []


async def test_the_inbox_tells_how_an_approved_call_ended(desks, shop, ana, acme, live_server_url):
    refund = await run_in_db_thread(partial(make_tool, acme, "refund", risk="approval"))
    await run_in_db_thread(rescript, shop.assistant, [["refund", {}]], refund)
    conversation_id = await run_in_db_thread(inbox.visitor_writes, acme, FIRST)
    desk = await desks()
    await inbox.log_in(desk, live_server_url, ana, f"/c/{conversation_id}")
    await run_in_db_thread(work, acme)

    await desk.get_by_role("button", name="Approve").click()
    await expect(details(desk).locator(".calls")).to_contain_text("approved")
    await run_in_db_thread(work, acme)

    await expect(details(desk).locator(".calls")).to_contain_text("failed, nothing happened")


async def test_a_restart_of_the_server_loses_nothing(browser, shop, ana, acme, processes_folder):
    port = str(free_port())
    context, street = await browser.new_context(), await browser.new_context()
    desk, page = await context.new_page(), await street.new_page()
    with serving(processes_folder, PORT=port) as url:
        await page.goto(f"{url}/chat/{shop.bubble.code}")
        await visitors.say(page, FIRST)
        await expect(page.locator(visitors.CONFIRMED)).to_have_count(1)
        await inbox.log_in(desk, url, ana)
        await open_first(desk)
        await write(desk, "Let me see.")
        await expect(visitors.log(page)).to_contain_text("Let me see.")
        await desk.get_by_label("Files", exact=True).set_input_files(PICTURE)
        await expect(desk.locator(".uploads small")).to_be_visible()
    await write(desk, "A label")
    await thread(desk).get_by_role("button", name="Edit").click()
    await expect(desk.locator(".uploads")).to_contain_text("label.png")
    await expect(field(desk)).to_have_value("A label")
    await desk.get_by_role("button", name="Remove label.png").click()
    sent = ["It is on its way.", "It comes by post.", "With a label."]
    for text in sent:
        await write(desk, text)
    await expect(thread(desk).get_by_text("Not sent.")).to_have_count(3)
    await field(desk).fill("And")
    await visitors.say(page, "Are you there?")
    with serving(processes_folder, PORT=port):
        await expect(visitors.log(page)).to_contain_text(sent[-1], timeout=60_000)
        await expect(thread(desk)).to_contain_text("Are you there?", timeout=60_000)
        await expect(thread(desk).locator(".failed")).to_have_count(0)
        await expect(field(desk)).to_have_value("And")
    said = await run_in_db_thread(texts, acme)
    assert [one for one in said if one != "Are you there?"] == [FIRST, "Let me see.", *sent]
    assert len(said) == len(sent) + 3
    for one in (context, street):
        await one.close()


async def test_what_is_written_later_never_overtakes(desks, shop, ana, acme, live_server_url):
    await run_in_db_thread(inbox.visitor_writes, acme, FIRST)
    # Nobody hears of what does not get there on purpose.
    desk, failing = await (await desks()).context.new_page(), asyncio.Event()
    await inbox.log_in(desk, live_server_url, ana)
    await open_first(desk)

    async def fail(route):
        await failing.wait()
        await route.abort()

    await desk.route("**/messages", fail, times=1)
    for text in ("One.", "Two."):
        await write(desk, text)
    failing.set()
    await expect(thread(desk).locator(".agent:not(.failed, .pending)")).to_have_count(2)
    assert await run_in_db_thread(texts, acme) == [FIRST, "One.", "Two."]


def long_ago(tenant, visitor, count):
    """A conversation of so many messages."""
    conversation_id = inbox.visitor_writes(tenant, "Message 1", visitor)
    with inbox.tenant_scope(tenant.id):
        one = Conversation.objects.get(pk=conversation_id)
        fields = {"tenant": tenant, "conversation": one, "author_kind": "visitor"}
        fields["created_at"] = timezone.now()
        Message.objects.bulk_create(
            Message(**fields, seq=seq, text=f"Message {seq}") for seq in range(2, count + 1)
        )
        Conversation.objects.filter(pk=conversation_id).update(message_seq=count)
    return conversation_id


async def test_whoever_reads_what_is_past_keeps_the_place(desks, shop, ana, acme, live_server_url):
    visitor = make_visitor()
    conversation_id = await run_in_db_thread(long_ago, acme, visitor, 180)
    desk = await desks(viewport={"width": 1200, "height": 700})
    await inbox.log_in(desk, live_server_url, ana, f"/c/{conversation_id}")
    await expect(thread(desk).get_by_text("Message 180", exact=True)).to_be_in_viewport()
    read = thread(desk).get_by_text("Message 131", exact=True)
    await read.scroll_into_view_if_needed()
    await expect(thread(desk).locator(".message")).to_have_count(100)
    await expect(read).to_be_in_viewport()
    await run_in_db_thread(inbox.visitor_writes, acme, "News", visitor)
    for count in (151, 181):
        await thread(desk).press("Home")
        await expect(thread(desk).locator(".message")).to_have_count(count)
    await desk.get_by_role("button", name=re.compile("^1 new$")).click()
    await expect(thread(desk).get_by_text("News", exact=True)).to_be_in_viewport()
