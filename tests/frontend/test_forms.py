"""What stands before and around the chat, in a real browser and with the real server."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from playwright.async_api import expect

from assistants.models import Assistant
from conversations import assigning, availability, engine, queueing
from conversations.models import Contact, Conversation, VisitorSession
from realtime.ephemeral import whisper
from tenants.executor import run_in_db_thread
from tenants.models import Mail
from tests.factories import make_member, make_visitor, write
from tests.frontend.accessibility import require_usable, violations
from tests.frontend.visitors import (
    box,
    conversation,
    is_whole,
    launcher,
    log,
    panel,
    reply,
    say,
    until,
    visit,
)
from tests.widgets.shops import make_shop
from widgets import tasks
from widgets.models import Bubble
from widgets.wording import BUILT_IN

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELDS = [
    {"name": "name", "label": "Your name"},
    {"name": "email", "label": "E-mail", "type": "email", "required": True},
    {"name": "order", "label": "Order number"},
]


@pytest.fixture
def shop_with(acme, live_server_url):
    async def make(**settings):
        return await run_in_db_thread(partial(make_shop, acme, live_server_url, settings=settings))

    return make


@pytest.fixture
def member(acme):
    return make_member(acme)


async def stored(shop, model):
    def read():
        with shop.scope():
            return list(model.objects.all())

    return await run_in_db_thread(read)


async def test_the_form_before_the_chat_says_what_is_wrong_and_introduces_the_visitor(
    page, site, shop_with
):
    shop = await shop_with(preChatForm={"enabled": True, "fields": FIELDS})
    await page.goto(site.page(site.mount(shop)))
    await launcher(page).click()
    email = page.get_by_label("E-mail")
    await expect(page.get_by_label("Your name")).to_be_focused()
    await expect(email).to_have_attribute("autocomplete", "email")
    await expect(log(page)).to_be_hidden()
    await expect(page.get_by_role("button", name="Talk to a person")).to_be_hidden()
    await expect(page.get_by_role("button", name="Skip")).to_have_count(0)

    await page.get_by_role("button", name="Start the chat").click()
    await expect(email).to_be_focused()
    await expect(email).to_have_accessible_description("Please fill in this field.")
    await page.keyboard.type("nobody@nowhere")
    await expect(email).to_have_accessible_description("")
    await page.keyboard.press("Enter")
    await expect(email).to_have_attribute("aria-invalid", "true")
    assert await stored(shop, VisitorSession) == []
    # What only the server knows.
    await email.fill("ann(1)@shop.example")
    await page.keyboard.press("Enter")
    await expect(page.locator(".problem")).to_contain_text("Please enter an e-mail address")
    page.complaints = [text for text in page.complaints if "400" not in text]
    await email.fill("ann@shop.example")
    await page.get_by_label("Order number").fill("A-17")
    await page.keyboard.press("Enter")
    await expect(log(page)).to_be_visible(timeout=15_000)
    await expect(box(page)).to_be_focused()
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()

    [contact] = await stored(shop, Contact)
    assert (contact.email, contact.attributes) == ("ann@shop.example", {"order": "A-17"})
    await page.reload()
    await launcher(page).click()
    await expect(log(page)).to_contain_text("Hello")


async def test_a_form_that_must_not_be_filled_in_can_be_skipped(page, site, shop_with):
    shop = await shop_with(preChatForm={"enabled": True})
    await page.goto(site.page(site.mount(shop)))
    await launcher(page).click()
    await page.get_by_role("button", name="Skip").click()

    await expect(box(page)).to_be_focused()
    assert await is_whole(page)
    await page.keyboard.press("Escape")
    await launcher(page).click()
    await expect(box(page)).to_be_focused()
    assert await stored(shop, VisitorSession) == []


async def test_the_menu_is_reached_by_keys_and_ends_the_conversation_after_asking_back(
    page, site, shop
):
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()
    menu = panel(page).get_by_role("button", name="Menu")
    item = page.get_by_role("menuitem")
    question = page.get_by_role("group", name="End this conversation?")

    await menu.press("Enter")
    await expect(item.first).to_be_focused()
    await expect(menu).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("ArrowUp")
    await expect(item.last).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(menu).to_be_focused()
    await expect(item).to_have_count(0)
    await menu.press("Enter")
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await question.get_by_role("button", name="Cancel").click()
    assert (await conversation(shop)).owner == "bot"
    await menu.click()
    await item.filter(has_text="End the conversation").last.click()
    await question.get_by_role("button", name="End").press("Enter")

    await expect(question).to_have_count(0)
    await expect(page.get_by_role("group", name="How was this conversation?")).to_be_visible()
    assert (await conversation(shop)).owner == "closed"


async def do(shop, verb, conversation_id, *args, **fields):
    """What somebody does with a conversation of the shop."""

    def run():
        with shop.scope():
            verb(engine.team_conversation(conversation_id), *args, **fields)

    await run_in_db_thread(run)


def queue_up(shop, member, count):
    """Conversations that wait for a person, while one is there."""
    with shop.scope():
        availability.choose(member, status="online")
    waiting = [write(shop.tenant, make_visitor()).conversation_id for _ in range(count)]
    with shop.scope():
        for each in waiting:
            engine.hand_over(engine.team_conversation(each), reason="visitor", text="Wait.")
    return waiting


def the_other(shop, ids):
    with shop.scope():
        return Conversation.objects.exclude(pk__in=ids).get()


async def test_waiting_is_shown_and_the_place_only_falls(page, site, shop, member):
    before = await run_in_db_thread(queue_up, shop, member, 2)
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()
    await page.get_by_role("button", name="Talk to a person").click()
    strip = page.locator(".strip")
    await expect(strip).to_contain_text("You are number 3 in the queue.")
    await require_usable(page)
    found = await run_in_db_thread(the_other, shop, before)

    for each in before:
        await do(shop, engine.close, each, by="The visitor")
    await run_in_db_thread(queueing.tell_positions, shop.tenant.id)
    await expect(strip).to_contain_text("You are number 1 in the queue.")
    late = {"conversationId": str(found.id), "position": 2, "usualReplySeconds": 240}
    whisper(shop.tenant.id, "queue:position", late, visitor_of=found.id)
    await expect(strip).to_contain_text(
        "You are number 1 in the queue. We usually reply within 4 minutes."
    )
    await page.reload()
    await launcher(page).click()
    await expect(strip).to_contain_text("You are number 1 in the queue.")

    await do(shop, assigning.assign, found.id, member)
    await expect(strip).to_contain_text(f"{member.user.name} will be with you shortly.")
    await expect(strip.get_by_role("button")).to_have_text(["Ask the assistant again"])
    await do(shop, engine.post_reply, found.id, member, text="Hi!")
    await expect(strip).to_be_hidden()
    await expect(panel(page).locator(".state")).to_have_text(member.user.name)


async def test_who_waits_hears_at_once_that_everybody_has_gone(page, site, shop, member):
    async def be(status):
        def run():
            with shop.scope():
                availability.choose(member, status=status, capacity=capacity)
            tasks.route(str(shop.tenant.id))

        await run_in_db_thread(run)

    capacity = 0
    await be("online")
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()
    await page.get_by_role("button", name="Talk to a person").click()
    strip, heading = page.locator(".strip"), panel(page).locator(".state")
    await expect(strip).to_contain_text("You are number 1 in the queue.")
    await expect(heading).to_have_text("A person of our team will answer you here.")

    # With a line of the conversation, which says so once, and without one.
    for _ in range(2):
        await be("away")
        await expect(strip).to_contain_text("Nobody of our team is here right now.")
        ways = ["Leave us your e-mail", "Ask the assistant again"]
        await expect(strip.get_by_role("button")).to_have_text(ways)
        await expect(heading).to_have_text("")
        capacity = 1
        await be("online")
        await expect(strip).to_contain_text(f"{member.user.name} will be with you shortly.")
        await expect(heading).to_have_text("A person of our team will answer you here.")

    # Whoever comes back may have no room, and go again.
    await be("away")
    capacity = 0
    for status, said in (("online", "You are number 1"), ("away", "Nobody of our team is here")):
        await be(status)
        await expect(strip).to_contain_text(said)


async def test_while_closed_a_message_is_taken_and_it_is_said_when_somebody_is_back(
    page, site, shop_with
):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    hours = [{"day": tomorrow.isoweekday(), "opens": "09:00", "closes": "10:00"}]
    shop = await shop_with(
        businessHours={"enabled": True, "hours": hours},
    )
    await visit(page, site.page(site.mount(shop)))
    await page.get_by_role("button", name="Talk to a person").click()
    back = f"We are back at 09:00 on {tomorrow:%A} {tomorrow.day} {tomorrow:%B}."
    await expect(page.locator(".intro")).to_contain_text(back)
    await require_usable(page)
    await page.get_by_label("E-mail").fill("ann@shop.example")
    await page.get_by_label("Message", exact=True).fill("Please call me.")
    await page.get_by_role("button", name="Leave a message").click()
    thanks = page.get_by_role("heading", name="Thank you. We will reply to ann@shop.example.")
    await expect(thanks).to_be_visible(timeout=15_000)
    await expect(page.locator(".intro")).to_have_text(back)
    await page.get_by_role("button", name="Back").click()

    await expect(log(page).locator(".visitor")).to_contain_text("Please call me.")
    await expect(page.locator(".strip")).to_contain_text(f"We are closed right now. {back}")
    await expect(page.locator(".strip button")).to_have_text(["Ask the assistant again"])
    found = await conversation(shop)
    assert (found.owner, found.handover_reason) == ("waiting", "offline")
    [contact] = await stored(shop, Contact)
    assert contact.email == "ann@shop.example"


async def test_after_the_end_it_is_rated_once_and_a_copy_can_be_had(page, site, shop, member):
    await run_in_db_thread(speak_german_too, shop)
    listen = "addEventListener('livechat:csat:submit', event => { rated = event.detail })"
    await page.add_init_script(listen)
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()
    await reply(shop, member, "Good day!")
    await run_in_db_thread(speak_german_too, shop)
    await do(shop, engine.close, (await conversation(shop)).id, by=member.user.name)
    rating = page.get_by_role("group", name="How was this conversation?")
    await expect(rating.get_by_role("radio")).to_have_count(5)
    await expect(page.get_by_role("button", name="Send the rating")).to_be_hidden()
    await rating.get_by_role("radio", name="Bad", exact=True).focus()
    await page.keyboard.press("Space")
    async with page.expect_response(lambda told: told.request.post_data_json == {"score": 3}):
        await page.keyboard.press("ArrowRight")
    assert (await conversation(shop)).rating_score == 3
    await page.get_by_label("Would you like to add something?").fill("Quick.")
    await page.get_by_role("button", name="Send the rating").click()
    await expect(page.locator(".card")).to_have_text("Thank you for your rating.")
    assert (await page.evaluate("rated"))["score"] == 3

    menu = panel(page).get_by_role("button", name="Menu")
    await menu.click()
    async with page.expect_download() as downloading:
        await page.get_by_role("menuitem", name="Download the conversation").click()
    text = (await (await downloading.value).path()).read_text()
    assert "Hello" in text
    assert "Good day!" in text
    # Whatever language was spoken last, the headings are the widget's.
    assert text.startswith("Your conversation with")
    await menu.click()
    await page.get_by_role("menuitem", name="Send the conversation by e-mail").click()
    await expect(page.get_by_label("E-mail")).to_be_focused()
    await require_usable(page)
    await page.get_by_label("E-mail").fill("ann@shop.example")
    await page.keyboard.press("Enter")
    await expect(page.locator(".card")).to_contain_text("on its way to ann@shop.example")
    [mail] = await stored(shop, Mail)
    assert (mail.to, mail.subject[:17]) == ("ann@shop.example", "Your conversation")
    await page.reload()
    await launcher(page).click()
    await expect(log(page)).to_contain_text("Good day!")
    await expect(page.locator(".faces")).to_have_count(0)


# Clicks where the rating is, as soon as it is there.
IMPATIENT = """(card) => new MutationObserver((_, watch) => {
    const face = card.querySelector(".faces input");
    if (!face) return;
    watch.disconnect();
    window.shown = performance.now();
    face.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, detail: 2}));
}).observe(card, {childList: true})"""

COLOURS = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"


async def require_readable(page, filled):
    """Under the mouse, and pressed, such a button has the launcher's colours, which can be read."""
    colours = await page.locator(".launcher").evaluate(COLOURS)
    button = page.locator(filled)
    await button.hover()
    assert await button.evaluate(COLOURS) == colours
    await page.mouse.down()
    assert await button.evaluate(COLOURS) == colours
    # Let go elsewhere, it is not clicked.
    await page.mouse.move(1, 1)
    await page.mouse.up()
    assert await button.evaluate(COLOURS) == colours


SCREENS = [("light", "en", 1280), ("dark", "ar", 320)]


@pytest.mark.parametrize(("scheme", "language", "width"), SCREENS)
async def test_every_screen_can_be_used_by_everybody(
    page, site, shop_with, member, scheme, language, width
):
    await page.emulate_media(color_scheme=scheme)
    await page.set_viewport_size({"width": width, "height": 640})
    shop = await shop_with(
        languages=[language],
        preChatForm={"enabled": True, "fields": FIELDS},
        popups={"enabled": True, "delaySeconds": 0, "messages": ["1", "2"]},
    )
    found = {}
    await page.goto(site.page(site.mount(shop)))
    await expect(page.locator(".popup")).to_have_count(2)
    found["popups"] = await violations(page)
    await page.locator(".launcher").click()
    await page.locator(".form .filled").click()
    await expect(page.locator("[aria-invalid]")).to_be_focused()
    await require_readable(page, ".form .filled")
    found["form"] = await violations(page)
    await page.locator("[aria-invalid]").fill("ann@shop.example")
    await page.keyboard.press("Enter")
    await expect(log(page)).to_be_visible(timeout=15_000)
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()
    await page.locator(".menus > button").click()
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    found["menu"] = await violations(page)
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await expect(page.locator(".card .filled")).to_be_focused()
    await require_readable(page, ".card .filled")
    found["question"] = await violations(page)
    await page.locator(".card").evaluate(IMPATIENT)
    await page.locator(".card .filled").click()
    await expect(log(page)).to_contain_text(BUILT_IN[language]["endedLine"])
    # Whoever clicks twice on "End" has not said how it was.
    await until(page, "window.shown + 500 < performance.now()")
    assert await page.locator(".faces input:checked").count() == 0
    await page.locator(".faces label").first.click()
    await require_readable(page, ".card .filled")
    found["rating"] = await violations(page)
    if width == 320:
        await page.locator(".menus > button").press("Shift+Tab")
        await expect(page.locator(".foot button")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.locator(".menus > button")).to_be_focused()

    assert {name: what for name, what in found.items() if what} == {}
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_without_an_assistant_the_form_comes_first_and_without_forms_the_chat(
    page, site, shop_with
):
    shop = await shop_with(preChatForm={"enabled": True})
    await run_in_db_thread(leave_alone, shop)
    address = site.page(site.mount(shop))
    await page.goto(address)
    await launcher(page).click()
    await expect(page.get_by_role("heading", name="We are away")).to_be_visible()
    await expect(page.get_by_role("button", name="Back")).to_have_count(0)

    await page.route("**/chat-widget-forms.js*", lambda route: route.abort())
    await page.goto(address)
    await launcher(page).click()
    await expect(box(page)).to_be_focused()
    page.complaints.clear()


def speak_german_too(shop):
    with shop.scope():
        Bubble.objects.update(settings={**shop.bubble.settings, "languages": ["en", "de"]})
        Conversation.objects.update(language="de")


def leave_alone(shop):
    with shop.scope():
        Bubble.objects.update(assistant=None)
        Assistant.objects.update(is_default=False)
