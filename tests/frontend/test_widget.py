"""The embed script in a real browser, on a strict page of another origin."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from assistants.knowledge.ingestion import add_source, ingest
from assistants.models import KnowledgeSource
from assistants.versions import create_version, publish
from realtime.ephemeral import whisper
from tenants.executor import run_in_db_thread
from tests.assistants.budgets import limit
from tests.factories import make_member
from tests.frontend.visitors import (
    CONFIRMED,
    Wire,
    answered,
    asked,
    box,
    conversation,
    cut_requests,
    launcher,
    log,
    mend_requests,
    panel,
    reply,
    said,
    say,
    take_over,
    visit,
)
from tests.widgets.shops import FAQ

pytestmark = pytest.mark.asyncio(loop_scope="module")

GREETING = "Hello! What would you like to know?"
QUESTION, ANSWER = FAQ[0]["question"], FAQ[0]["answer"]


@pytest.fixture
def taught(shop):
    """A shop whose assistant knows the opening hours, from a page of the web."""
    with shop.scope():
        source = add_source(
            shop.assistant,
            kind=KnowledgeSource.Kind.FAQ,
            title="Help",
            content=FAQ[:1],
            url="https://shop.example/help",
        )
    ingest(source)
    return shop


@pytest.fixture
def member(acme):
    return make_member(acme)


async def test_nothing_is_stored_and_only_the_config_asked_for_before_the_visitor_acts(
    page, site, shop
):
    requests, sockets = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("websocket", lambda socket: sockets.append(socket))

    await visit(page, site.page(site.mount(shop)))
    await expect(log(page)).to_contain_text(GREETING)

    elsewhere = [url.partition("?v=")[0] for url in requests if not url.startswith(site.url)]
    # The last one when the chat is opened.
    assert elsewhere == [
        f"{site.backend}/assets/chat-widget.js",
        f"{site.backend}/api/widgets/{shop.bubble.code}/config?locale=en-GB",
        f"{site.backend}/assets/chat-widget-talk.js",
    ]
    assert sockets == []
    assert await page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert await page.context.cookies() == []
    assert await asked(shop) == []


async def test_a_question_is_answered_with_a_link_to_its_source(page, site, taught, live_worker):
    await visit(page, site.page(site.mount(taught)))
    await say(page, QUESTION)

    await answered(page, ANSWER)

    source = log(page).get_by_role("link", name="Help")
    await expect(source).to_have_attribute("href", "https://shop.example/help")
    await expect(source).to_have_attribute("rel", "noopener noreferrer")
    assert await said(page) == [GREETING, QUESTION, f"From Help:\n\n{ANSWER}"]
    await expect(page.get_by_role("status")).to_contain_text(ANSWER)


async def test_an_answer_is_shown_as_it_is_written(page, site, taught):
    wire = Wire()
    wire.swallow = lambda frame: frame["data"].get("author", {}).get("kind") == "assistant"
    await wire.hold(page)
    await visit(page, site.page(site.mount(taught)))
    await say(page, QUESTION)
    await expect(page.locator(".dots")).to_be_visible()
    found = await conversation(taught)

    async def tell(index, text, *, attempt=1, draft=0):
        data = {"turnId": "t", "attempt": attempt, "draft": draft, "index": index, "text": text}
        data["conversationId"] = str(found.id)
        whisper(found.tenant_id, "message:delta", data, visitor_of=found.id)
        await asyncio.sleep(0.05)

    await tell(0, "We op")
    await expect(page.locator(".streaming")).to_contain_text("We op")
    await tell(2, "nine.")
    await tell(1, "en at ")
    await expect(page.locator(".streaming .bubble")).to_have_text("We open at nine.")
    await tell(0, "A new attempt", attempt=2)
    await expect(page.locator(".streaming .bubble")).to_have_text("A new attempt")
    await tell(0, "Another draft", attempt=2, draft=1)
    await expect(page.locator(".streaming .bubble")).to_have_text("Another draft")


async def test_what_an_answer_still_says_after_a_person_took_over_is_not_shown(
    page, site, taught, member
):
    await visit(page, site.page(site.mount(taught)))
    await say(page, QUESTION)
    await expect(page.locator(".dots")).to_be_visible()
    found = await conversation(taught)
    await take_over(taught, member)
    await expect(page.locator(".dots")).to_be_hidden()
    await say(page, "Are you there?")
    await expect(page.locator(CONFIRMED, has_text="Are you there?")).to_be_visible()

    data = {"turnId": "t", "attempt": 1, "draft": 0, "index": 0, "text": "We op"}
    data["conversationId"] = str(found.id)
    whisper(found.tenant_id, "message:delta", data, visitor_of=found.id)
    whisper(found.tenant_id, "typing", {"typing": True}, visitor_of=found.id)
    await expect(page.locator(".dots")).to_be_visible()

    assert "We op" not in await log(page).inner_text()


async def test_a_page_names_the_way_in(page, site, taught):
    flows = [{"name": "returns", "opening": "What comes back?", "instructions": "", "examples": []}]

    def enter():
        with taught.scope():
            publish(create_version(taught.assistant, flows=flows))

    await asyncio.to_thread(enter)
    await visit(page, site.page(site.mount(taught, flowName="returns")))
    await expect(page.get_by_role("log")).to_contain_text("What comes back?")
    await say(page, QUESTION)
    await expect(page.locator(".dots")).to_be_visible()

    assert (await conversation(taught)).flow == "returns"


async def test_a_reload_keeps_the_conversation(page, site, taught, live_worker):
    await visit(page, site.page(site.mount(taught)))
    await say(page, QUESTION)
    await answered(page, ANSWER)
    before = await said(page)

    await page.reload()
    await launcher(page).click()
    await answered(page, ANSWER)
    assert await said(page) == before
    await say(page, "Thank you")

    await answered(page, "You are welcome")
    assert await asked(taught) == [QUESTION, "Thank you"]
    assert (await conversation(taught)).message_seq == 4


async def test_a_person_is_asked_for_and_answers(page, site, taught, member, live_worker):
    await visit(page, site.page(site.mount(taught)))
    await say(page, QUESTION)
    await answered(page, ANSWER)

    await say(page, "Talk to a person")
    strip = page.locator(".strip")
    await expect(log(page)).to_contain_text("Nobody of our team is here right now.")
    await strip.get_by_role("button", name="Leave us your e-mail").click()
    await page.get_by_label("E-mail").fill("ann@shop.example")
    await page.keyboard.press("Enter")
    await expect(strip).to_contain_text("Thank you. We will reply to ann@shop.example.")
    await strip.get_by_role("button", name="Ask the assistant again").click()
    await expect(log(page)).to_contain_text("The assistant answers you again.")
    # Who can be reached is asked no more.
    await say(page, "Talk to a person")
    await expect(page.get_by_role("button", name="Talk to a person")).to_be_hidden()
    await expect(strip.get_by_role("button")).to_have_text(["Ask the assistant again"])
    found = await conversation(taught)
    assert (found.owner, found.handover_reason) == ("waiting", "requested")
    await reply(taught, member, "Good day!")

    await expect(page.locator(".agent")).to_contain_text("Good day!")
    await expect(panel(page).locator(".state")).to_have_text(member.user.name)


async def test_a_person_can_be_asked_for_before_anything_else(page, site, shop, live_worker):
    await run_in_db_thread(settle, shop, offlineForm={"enabled": False})
    await visit(page, site.page(site.mount(shop)))
    await page.get_by_role("button", name="Talk to a person").click()

    await expect(page.locator(".strip")).to_contain_text("Nobody of our team is here right now.")
    assert (await conversation(shop)).owner == "waiting"


def settle(shop, **settings):
    with shop.scope():
        shop.bubble.settings = settings
        shop.bubble.save()


async def test_choices_are_buttons_that_say_what_they_read(page, site, taught, live_worker):
    await visit(page, site.page(site.mount(taught)))
    await say(page, "Can I visit the shop at night?")

    choice = page.locator(".choices").get_by_role("button", name=QUESTION)
    await choice.click()

    await answered(page, ANSWER)
    await expect(page.locator(".choices")).to_have_count(0)
    assert (await asked(taught))[1:] == [QUESTION]


async def test_a_closed_panel_shows_how_much_is_unread(page, site, shop, member, live_worker):
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Thank you")
    await answered(page, "You are welcome")
    await page.keyboard.press("Escape")

    await reply(shop, member, "Hello!")

    # Joining the conversation is a line of its own.
    await expect(page.locator(".badge")).to_have_text("2")
    await page.get_by_role("button", name="Open the chat (New messages: 2)").click()
    await expect(page.locator(".badge")).to_be_hidden()


async def test_the_keyboard_is_enough_and_the_page_hears_none_of_it(page, site, shop):
    await page.goto(site.page(site.mount(shop)))
    await expect(launcher(page)).to_be_visible()
    await page.evaluate("window.keys = []; addEventListener('keydown', e => keys.push(e.key))")

    await launcher(page).focus()
    await page.keyboard.press("Enter")
    await expect(box(page)).to_be_focused()
    await expect(page.locator(".launcher")).to_have_attribute("aria-expanded", "true")
    await page.keyboard.type("s")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("t")
    assert await box(page).input_value() == "s\nt"
    await page.keyboard.press("Escape")

    await expect(panel(page)).to_be_hidden()
    await expect(launcher(page)).to_be_focused()
    assert await page.evaluate("keys") == ["Enter"]


async def test_a_long_answer_is_shown_from_its_beginning_and_short_ones_at_the_end(
    page, site, shop, member
):
    async def is_at_the_end():
        return await log(page).evaluate("e => e.scrollTop + e.clientHeight >= e.scrollHeight - 1")

    await visit(page, site.page(site.mount(shop)))
    await say(page, "Tell me everything")
    await expect(page.locator(CONFIRMED)).to_be_visible()

    await reply(shop, member, "\n".join(f"Line {number}" for number in range(100)))
    await expect(page.locator(".agent")).to_have_count(1)
    await page.wait_for_timeout(100)
    top = (await log(page).bounding_box())["y"]
    assert top < (await page.locator(".agent .bubble").bounding_box())["y"] < top + 100
    assert not await is_at_the_end()

    await reply(shop, member, "That was all.")
    await expect(page.locator(".agent")).to_have_count(2)
    await page.wait_for_timeout(100)
    assert await is_at_the_end()

    await log(page).evaluate("e => { e.scrollTop = 0 }")
    await reply(shop, member, "Are you still reading?")
    await expect(page.locator(".agent")).to_have_count(3)
    await page.wait_for_timeout(100)
    assert await log(page).evaluate("e => e.scrollTop") == 0


async def test_a_lost_line_comes_back_with_what_was_missed(page, site, shop, member):
    wire = Wire()
    await wire.hold(page)
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(page.locator(CONFIRMED)).to_be_visible()

    await cut_requests(page)
    await wire.cut()
    await expect(panel(page).locator(".state")).to_have_text("No connection. Trying again…")
    await reply(shop, member, "Are you there?")
    wire.mend()

    await expect(panel(page).locator(".state")).to_have_text(member.user.name, timeout=15_000)
    await expect(page.locator(".agent")).to_have_count(1)
    first, *later = [frame for frame in wire.sent if frame["type"] == "auth"]
    assert "lastEventId" not in first
    assert "lastEventId" in later[-1]


async def test_a_message_whose_receipt_was_lost_is_stored_once(page, site, shop):
    wire = Wire()
    wire.swallow = lambda frame: frame["type"] in ("ack", "message:new")
    await wire.hold(page)
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Once")
    await expect(page.locator(".unsent .bubble")).to_have_text("Once")

    wire.swallow = lambda frame: False
    await wire.cut()
    wire.mend()

    await expect(page.locator(".unsent")).to_have_count(0, timeout=15_000)
    await expect(page.locator(".visitor")).to_have_count(1)
    assert await asked(shop) == ["Once"]


async def test_without_sockets_requests_carry_the_conversation(page, site, taught, live_worker):
    wire = Wire()
    wire.is_cut = True
    await wire.hold(page)
    await visit(page, site.page(site.mount(taught)))
    await say(page, QUESTION)

    await answered(page, ANSWER)

    assert await said(page) == [GREETING, QUESTION, f"From Help:\n\n{ANSWER}"]


async def test_whoever_is_carried_by_requests_is_not_told_of_a_lost_connection(
    page, site, shop, member
):
    heading = panel(page).locator(".state")
    wire = Wire()
    wire.is_cut = True
    await wire.hold(page)
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(heading).to_have_text(shop.assistant.name)
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    await heading.evaluate(
        """element => {
            window.headings = [];
            new MutationObserver(() => headings.push(element.textContent))
                .observe(element, { childList: true, characterData: true, subtree: true });
        }"""
    )
    await reply(shop, member, "Are you there?")

    # Sockets are tried again and again meanwhile, in vain.
    await expect(heading).to_have_text(member.user.name)
    await say(page, "Yes")
    await expect(page.locator(CONFIRMED)).to_have_count(2, timeout=3_000)
    assert "No connection. Trying again…" not in await page.evaluate("headings")

    await cut_requests(page)
    await expect(heading).to_have_text("No connection. Trying again…")
    await mend_requests(page)
    await expect(heading).to_have_text(member.user.name)


async def test_what_comes_while_the_page_reads_what_was_said_is_kept(page, site, shop, member):
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    is_read, goes_on = asyncio.Event(), asyncio.Event()

    async def late(route):
        answer = await route.fetch()
        is_read.set()
        await goes_on.wait()
        await route.fulfill(response=answer)

    await page.route(re.compile(r"/messages(\?|$)"), late)
    await page.reload()
    await launcher(page).click()
    await is_read.wait()
    await reply(shop, member, "Here I am")
    await expect(page.locator(".agent")).to_contain_text("Here I am")

    goes_on.set()
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    await expect(page.locator(".agent")).to_contain_text("Here I am")


@pytest.mark.parametrize("has_sockets", [True, False])
async def test_a_spent_budget_leads_to_a_person(page, site, shop, has_sockets):
    await run_in_db_thread(_spend_everything, shop)
    wire = Wire()
    wire.is_cut = not has_sockets
    await wire.hold(page)
    await visit(page, site.page(site.mount(shop)))

    await say(page, "Hello")

    await expect(log(page).get_by_text("A person comes.")).to_be_visible(timeout=15_000)
    assert (await conversation(shop)).handover_reason == "budget"
    assert await asked(shop) == ["Hello"]


def _spend_everything(shop):
    with shop.scope():
        publish(create_version(shop.assistant, engine="model", handover_text="A person comes."))
    limit(shop.tenant, turns_per_month=0)


async def test_a_refused_message_says_why_and_can_be_sent_again(page, site, shop):
    async def refuse(route):
        body = {"success": False, "code": "rate_limited", "error": "Too many."}
        await route.fulfill(status=429, json=body, headers={"Access-Control-Allow-Origin": "*"})

    begun = []
    page.on("request", lambda it: it.url.endswith("/session") and begun.append(it))
    await page.clock.set_fixed_time(datetime.now(UTC))
    await page.route("**/session", refuse)
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(page.get_by_role("alert")).to_contain_text("Too many messages.")
    so_far = len(begun)
    await box(page).press_sequentially("Is anybody there")
    await page.unroute("**/session")

    await page.get_by_role("button", name="Try again").click()

    await expect(page.get_by_role("alert")).to_have_count(0)
    assert len(begun) == so_far + 1, "Writing on must not ask the server again and again."
    await expect(page.locator(CONFIRMED)).to_have_text(re.compile("Hello"))
    assert await asked(shop) == ["Hello"]
    page.complaints.clear()


async def test_a_session_that_the_server_does_not_know_is_begun_anew(page, site, shop):
    address = site.page(site.mount(shop))
    await page.goto(address)
    kept = '{"sessionId": "s_gone", "sessionSecret": "ss_gone"}'
    key = f"livechat:{shop.bubble.code}"
    await page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [key, kept])

    await visit(page, address)
    await say(page, "Hello")

    await expect(page.locator(CONFIRMED)).to_be_visible()
    assert await asked(shop) == ["Hello"]
    page.complaints.clear()


async def test_two_on_a_strict_page_without_storage_leave_each_other_alone(page, site, shop):
    await page.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"])
            Object.defineProperty(window, name, {get() { throw new DOMException("no") }})"""
    )
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    confirmed = page.locator(".visitor:not(.unsent) .bubble")
    await expect(confirmed).to_have_text(["Hello"])
    await page.evaluate(f"window.other = ChatWidget.{site.mount(shop)}; other.open()")
    await expect(box(page)).to_have_count(2)
    await box(page).last.fill("And I")
    await box(page).last.press("Enter")
    await expect(confirmed).to_have_text(["Hello", "And I"])

    await page.evaluate("chat.destroy()")
    await say(page, "Still here")

    await expect(confirmed).to_have_text(["And I", "Still here"])
    assert await asked(shop) == ["Hello", "And I", "Still here"]


async def test_it_follows_the_visitors_colour_scheme(page, site, shop):
    await visit(page, site.page(site.mount(shop)))
    root = page.locator(".root")

    for scheme in ("light", "dark", "light"):
        await page.emulate_media(color_scheme=scheme)
        await expect(root).to_have_css("color-scheme", scheme)


async def test_on_a_phone_it_fills_the_screen_and_closes_again(page, site, shop):
    await page.set_viewport_size({"width": 360, "height": 640})
    await visit(page, site.page(site.mount(shop)))

    assert await panel(page).bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 640}
    await expect(page.locator(".launcher")).to_be_hidden()
    await page.get_by_role("button", name="Close the chat").click()
    await expect(launcher(page)).to_be_focused()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
