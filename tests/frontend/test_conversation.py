"""The conversation as visitors see it: drawn, told how far it has come, with files and a past."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db.models import F
from PIL import Image
from playwright.async_api import expect

from conversations import engine
from conversations.attachments import attach_later, store
from conversations.models import Conversation, Message
from tenants.executor import run_in_db_thread
from tests.factories import make_member
from tests.frontend.accessibility import violations
from tests.frontend.conversations import full, message
from tests.frontend.test_hostile_pages import ELSEWHERE, EVIL, TRICKS
from tests.frontend.visitors import (
    Wire,
    asked,
    box,
    conversation,
    launcher,
    log,
    panel,
    reply,
    say,
    take_over,
    visit,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARKED = ["strong", "em", "code", "pre", "ol", "ul", "a"]
# Pages that nobody is looking at.
AWAY = """() => {
    window.away = true;
    Object.defineProperty(document, "hidden", {get: () => window.away});
    window.tones = 0;
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () { tones++; return make.call(this); };
}"""
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
BACK = "() => { window.away = false; document.dispatchEvent(new Event('visibilitychange')); }"
# Hands files to the page as a person does who drops or pastes them.
GIVE = """(panel, kind) => {
    const given = new DataTransfer();
    const words = kind === "big" ? new Uint8Array(10 * 1024 * 1024 + 1) : "Some words.";
    given.items.add(new File([words], `${kind}.txt`, {type: "text/plain"}));
    const on = kind === "paste" ? panel.querySelector("textarea") : panel;
    const options = {bubbles: true, cancelable: true, composed: true};
    if (kind === "paste") {
        on.dispatchEvent(new ClipboardEvent("paste", {...options, clipboardData: given}));
    } else {
        for (const name of ["dragenter", "dragover", "drop"]) {
            on.dispatchEvent(new DragEvent(name, {...options, dataTransfer: given}));
        }
    }
}"""


@pytest.fixture
def member(acme):
    return make_member(acme)


async def tune(shop, *, settings=None, **fields):
    await run_in_db_thread(_tune, shop, settings or {}, fields)


def _tune(shop, settings, fields):
    with shop.scope():
        type(shop.bubble).objects.update(settings=settings, **fields)


def sent(page):
    return page.locator(".visitor:not(.unsent)")


async def test_markdown_is_drawn_and_no_word_of_anybody_becomes_markup(page, site, shop):
    await tune(shop, settings={"widget": {"title": EVIL}, "texts": {"sources": EVIL}})
    wire = await full(page, site.page(site.mount(shop)))
    answer = page.locator(".assistant", has_text="three")

    drawn = [await answer.locator(f".bubble {name}").first.inner_text() for name in MARKED]
    assert drawn[:4] == ["three", "all free", "My orders", "ORDER-1234"]
    assert drawn[4].startswith("In the shop")
    assert drawn[5] == "print it\nor show its code"
    await expect(answer.locator(".bubble ol > li")).to_have_count(3)
    assert "What it takes" in await answer.locator(".bubble strong").all_inner_texts()

    tricks = [trick.format(e=ELSEWHERE, h="x") for trick in TRICKS]
    file = {"id": "f", "name": EVIL, "contentType": "text/plain", "size": 1}
    sources = [{"title": EVIL, "url": "javascript:__xss=1"}, {"title": tricks[0], "url": EVIL}]
    for seq, kind in enumerate(["visitor", "system", "agent", "assistant"], start=200):
        said = "\n\n".join([EVIL, *tricks])
        rest = {"attachments": [file], "sources": sources, "choices": [EVIL, *tricks[:3]]}
        wire.tell("message:new", data=message(seq, kind, said, name=EVIL, **rest))
    await expect(page.locator(".choices button").first).to_have_text(EVIL)

    tags = await log(page).evaluate(
        "e => [...new Set([...e.querySelectorAll('*')].map(one => one.localName))]"
    )
    assert not set(tags) & {
        "img",
        "iframe",
        "script",
        "style",
        "form",
        "object",
        "base",
        "svg:image",
    }
    links = await log(page).evaluate("e => [...e.querySelectorAll('a')].map(a => a.protocol)")
    assert set(links) <= {"http:", "https:"}
    assert await page.evaluate("globalThis.__xss") is None

    wire.tell(
        "message:new", data=message(299, "agent", "https://x.example/a?b=1&c=2), www.x.example")
    )
    address = log(page).locator(".agent").last.get_by_role("link")
    await expect(address).to_have_attribute("href", "https://x.example/a?b=1&c=2")
    wire.tell("message:new", data=message(300, "visitor", "**mine** stays"))
    data = {"turnId": "t", "attempt": 1, "draft": 0, "index": 0, "text": "It is **bo"}
    wire.tell("message:delta", data=data)
    await expect(page.locator(".streaming .bubble")).to_have_text("It is **bo")
    wire.tell("message:delta", data={**data, "index": 1, "text": "ld** now"})
    await expect(page.locator(".streaming .bubble strong")).to_have_text("bold")
    assert "**mine** stays" in await log(page).inner_text()

    long = [f"{number}. Line" for number in range(1, 41)]
    for index, line in enumerate(long):
        piece = {**data, "turnId": "long", "index": index, "text": f"{line}\n"}
        wire.tell("message:delta", data=piece)
    await expect(page.locator(".streaming li")).to_have_count(40)
    await page.evaluate(TWO_FRAMES)
    wire.tell("message:new", data=message(301, "assistant", "\n".join(long), name="Ada"))
    await expect(page.locator(".streaming")).to_have_count(0)
    await page.evaluate(TWO_FRAMES)
    # Of what is longer than the panel the beginning is read first.
    place = "e => e.getBoundingClientRect().top"
    top = await log(page).evaluate(place)
    shown = await page.locator(".assistant .who").last.evaluate(place)
    assert top - 1 <= shown < top + 20


async def test_own_messages_tell_how_far_they_have_come(page, site, shop):
    wire = Wire()
    wire.lose = lambda frame: frame["type"] == "message"
    await wire.hold(page)
    await visit(page, site.page(site.mount(shop)))
    await say(page, "One")
    await expect(page.locator(".unsent .note")).to_have_text("Sending…")

    wire.lose = lambda frame: False
    await wire.cut()
    wire.mend()
    await expect(page.locator(".receipt")).to_have_text("Delivered", timeout=15_000)
    found = await conversation(shop)
    about = {"id": str(found.id), "owner": "human", "teamReadSeq": 1}
    wire.tell("conversation:updated", data=about)
    await expect(page.locator(".receipt")).to_have_text("Read")
    wire.tell("message:new", data=message(90, "agent", "Hi", name="Ana"))
    await expect(page.locator(".receipt")).to_have_count(0)

    def refuse(frame):
        if frame["type"] == "message":
            why = {"code": "rate_limited", "messageId": frame["messageId"], "retryAfter": 1}
            wire.tell("error", **why)
        return frame["type"] == "message"

    wire.lose = refuse
    await say(page, "Two")
    again = page.get_by_role("alert").get_by_role("button", name="Try again")
    await expect(again).to_be_disabled()
    await expect(page.get_by_role("alert")).to_contain_text("Too many messages.")
    await expect(page.locator(".unsent .bubble")).to_have_text("Two")
    await expect(again).to_be_enabled()
    wire.lose = lambda frame: False
    await again.click()
    await expect(sent(page)).to_have_count(2)
    assert await asked(shop) == ["One", "Two"]


async def test_files_go_both_ways(page, site, shop, member):
    await tune(shop, file_upload=True)
    await visit(page, site.page(site.mount(shop)))
    chips = page.locator(".chips li")
    send = page.get_by_role("button", name="Send")
    await page.locator("input[type=file]").set_input_files(
        [
            {"name": "a photo.png", "mimeType": "image/png", "buffer": picture()},
            {"name": "sly.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"},
            {"name": "sly.png", "mimeType": "image/png", "buffer": b"<script>1</script>"},
        ]
    )
    await expect(page.get_by_role("alert")).to_have_text(["This kind of file cannot be sent."] * 2)
    for kind in ("paste", "drop"):
        await panel(page).evaluate(GIVE, kind)
    await expect(chips).to_have_count(5)
    await panel(page).evaluate(GIVE, "big")
    await expect(chips).to_have_count(6)
    await expect(page.get_by_role("alert").last).to_have_text("This file is too large.")
    await expect(page.locator(".chips progress")).to_have_count(0)
    await page.get_by_role("button", name="Remove drop.txt").click()
    await expect(chips).to_have_count(5)
    await expect(send).to_be_enabled()
    await send.click()

    await expect(chips).to_have_count(0)
    await expect(sent(page).locator("canvas")).to_have_accessible_name("a photo.png")
    await expect(sent(page).locator(".file")).to_have_text(["", "paste.txt11 bytes"])
    found = await run_in_db_thread(_files, shop)
    assert found == [("", ["a photo.png", "paste.txt"])]

    # Of a refused file alone there is nothing to send; words go whether or not it is removed.
    await panel(page).evaluate(GIVE, "big")
    await expect(chips).to_contain_text("This file is too large.")
    await expect(send).to_be_disabled()
    await box(page).fill("Too large, it seems.")
    await expect(send).to_be_enabled()
    await page.get_by_role("button", name="Remove big.txt").click()
    await expect(chips).to_have_count(0)
    await expect(send).to_be_enabled()
    await panel(page).evaluate(GIVE, "big")
    await expect(chips).to_have_count(1)
    await send.click()
    await expect(chips).to_have_count(0)
    await expect(sent(page)).to_have_count(2)
    assert ("Too large, it seems.", []) in await run_in_db_thread(_files, shop)

    await run_in_db_thread(_send_file, shop, member)
    await page.reload()
    await launcher(page).click()
    await expect(page.locator(".agent canvas")).to_be_visible()
    await expect(sent(page).locator("canvas")).to_be_visible()
    async with page.expect_download() as started:
        await page.locator(".agent .file").click()
    saved = await started.value
    assert saved.suggested_filename == "label.png"
    assert (await saved.path()).read_bytes() == picture()
    page.complaints.clear()


async def test_a_picture_that_cannot_be_drawn_is_a_file_like_others(page, site, shop):
    await tune(shop, file_upload=True)
    broken = bytearray(picture())
    broken[broken.index(b"IDAT") + 12] ^= 0xFF
    file = {"name": "broken.png", "mimeType": "image/png", "buffer": bytes(broken)}
    await visit(page, site.page(site.mount(shop)))
    await page.locator("input[type=file]").set_input_files([file])
    await expect(page.locator(".chips progress")).to_have_count(0)
    await page.get_by_role("button", name="Send").click()

    await expect(sent(page).locator(".file")).to_contain_text("broken.png")
    await expect(sent(page).locator("canvas")).to_have_count(0)
    await page.evaluate("chat.destroy()")


def picture():
    file = io.BytesIO()
    Image.new("RGB", (600, 300), "teal").save(file, "PNG")
    return file.getvalue()


def _files(shop):
    with shop.scope():
        said = Message.objects.filter(author_kind="visitor")
        return [(one.text, sorted(file.name for file in one.attachments.all())) for one in said]


def _send_file(shop, member):
    stored = store(ContentFile(picture(), "label.png"), tenant_id=shop.tenant.id)
    with shop.scope():
        file = attach_later(stored)
        found = engine.team_conversation(Conversation.objects.get().id)
        engine.post_reply(found, member, text="", files=[file])


async def test_the_past_comes_page_by_page_and_the_reader_stays_in_place(page, site, shop, member):
    await visit(page, site.page(site.mount(shop)))
    await say(page, "The first word")
    await expect(sent(page)).to_be_visible()
    await run_in_db_thread(_write_much, shop, member)
    await page.reload()
    await launcher(page).click()
    await expect(page.locator(".agent .bubble").last).to_have_text("Answer 59")
    assert await page.locator(".agent").count() < 55

    first = page.locator(".agent").first
    text = await first.locator(".bubble").inner_text()
    place = "e => e.getBoundingClientRect().top"
    before = await first.locator(".bubble").evaluate(
        f"e => {{ e.closest('.log').scrollTop = 10; return ({place})(e); }}"
    )
    await expect(sent(page)).to_have_count(1)
    after = await page.locator(".agent .bubble", has_text=text).evaluate(place)
    assert abs(after - before) < 2
    await expect(page.locator(".day")).to_have_text(["Yesterday", "Today"], ignore_case=True)

    await log(page).evaluate("e => { e.scrollTop = 200 }")
    await reply(shop, member, "And another")
    await page.get_by_role("button", name="New messages").click()
    await expect(page.locator(".pill")).to_be_hidden()
    await expect(page.locator(".agent").last).to_be_in_viewport()


def _write_much(shop, member):
    with shop.scope():
        found = engine.team_conversation(Conversation.objects.get().id)
        for number in range(60):
            engine.post_reply(found, member, text=f"Answer {number}")
        long_ago = Message.objects.filter(seq__lt=40)
        long_ago.update(created_at=F("created_at") - timedelta(days=1))


async def test_several_conversations_are_kept_apart(page, site, shop, member):
    await visit(page, site.page(site.mount(shop)))
    await say(page, "About shoes")
    await expect(sent(page)).to_be_visible()
    await take_over(shop, member)
    await reply(shop, member, "Which shoes?")
    await expect(page.locator(".agent .bubble").last).to_have_text("Which shoes?")

    async def choose(name):
        await page.get_by_role("button", name="Menu").click()
        await page.get_by_role("menuitem", name=name).click()

    await choose("New conversation")
    await expect(page.locator(".agent")).to_have_count(0)
    await say(page, "About hats")
    await expect(sent(page).locator(".bubble")).to_have_text(["About hats"])
    await choose("Conversations")
    rows = page.locator(".conversation .line")
    await expect(rows).to_have_text(["You: About hats", "Which shoes?"])
    await expect(page.locator(".conversation[aria-current] .line")).to_have_text("You: About hats")
    await rows.last.click()
    await expect(page.locator(".agent .bubble").last).to_have_text("Which shoes?")
    await say(page, "The red ones")
    await expect(sent(page)).to_have_count(2)

    assert await run_in_db_thread(_conversations, shop) == [
        ["About shoes", "The red ones"],
        ["About hats"],
    ]


def _conversations(shop):
    with shop.scope():
        said = Message.objects.filter(author_kind="visitor").order_by("conversation_id", "seq")
        kept = {}
        for one in said:
            kept.setdefault(one.conversation_id, []).append(one.text)
        return list(kept.values())


async def test_who_looks_elsewhere_is_called_by_title_and_sound(page, site, shop):
    wire = await full(page, site.page(site.mount(shop)))
    await page.evaluate(AWAY)
    wire.tell("message:new", data=message(300, "agent", "Are you there?", name="Ana"))
    wire.tell("message:new", data=message(301, "agent", "Hello?", name="Ana"))

    await expect(page).to_have_title("(2) New messages")
    await expect(page).to_have_title("A shop")
    assert await page.evaluate("tones") == 4
    await expect(page).to_have_title("(2) New messages")
    await page.evaluate(BACK)
    assert await page.title() == "A shop"
    await expect(page.locator(".badge")).to_be_hidden()


DIRECTION = "e => getComputedStyle(e).direction"
LOOKS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "narrow": {"size": (320, 560)},
    # Twice as large is half as many pixels of the page.
    "zoomed": {"size": (640, 400), "color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
}


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_everybody_can_use_it(page, site, shop, language):
    rtl = language == "ar"
    await tune(shop, settings={"languages": [language]}, file_upload=True)
    wire = await full(page, site.page(site.mount(shop)))
    svg = {"name": "sly.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    await page.locator("input[type=file]").set_input_files([svg])
    await expect(page.locator(".chips li")).to_have_count(1)

    for look, media in [*LOOKS.items()][2 * rtl :]:
        width, height = media.get("size", (1000, 760))
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(
            color_scheme=media.get("color_scheme", "light"),
            forced_colors=media.get("forced_colors", "none"),
        )
        assert await violations(page) == [], look
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, look
        assert await log(page).evaluate("e => e.scrollWidth - e.clientWidth") == 0, look

    # Each text runs in its own direction, and a name does not mingle with the time beside it.
    for part in (".title", ".choices button"):
        assert await page.locator(part).first.evaluate(DIRECTION) == "ltr"
    # That of most of it: what it begins with may be a name.
    for seq, text in enumerate(("Café Zürich مفتوح من الثلاثاء", "The word قهوة is coffee"), 300):
        wire.tell("message:new", data=message(seq, "agent", text, name="Ada"))
        bubble = log(page).locator(".bubble", has_text=text)
        await expect(bubble).to_have_css("direction", "rtl" if seq == 300 else "ltr")
    cut = "e => e.scrollWidth > e.clientWidth"
    assert not await page.locator(".chips span").evaluate(cut)
    who = page.locator(".assistant .who", has_text="Ada").last
    assert (await who.locator("bdi").all_inner_texts())[0] == "Ada"
    own, whole = page.locator(".visitor .bubble").first, panel(page)
    own, whole = await own.bounding_box(), await whole.bounding_box()
    face, title = [await page.locator(part).bounding_box() for part in (".face", ".title")]
    assert (face["x"] > title["x"]) == rtl
    aligned = await page.locator(".title").evaluate("e => getComputedStyle(e).textAlign")
    assert aligned == ("right" if rtl else "left")
    assert (own["x"] + own["width"] / 2 < whole["x"] + whole["width"] / 2) == rtl


async def test_the_checker_finds_what_is_wrong(page, site):
    await page.goto(site.page("mount({code: 'none'})"))
    await page.evaluate("document.body.append(document.createElement('input'))")

    assert any(one.startswith("label") for one in await violations(page))
    page.complaints.clear()


async def test_keyboards_and_screen_readers_find_everything(page, site, shop):
    await tune(shop, file_upload=True)
    await full(page, site.page(site.mount(shop)))
    await expect(panel(page)).to_match_aria_snapshot(
        """
        - dialog "Acme":
          - heading "Acme" [level=2]
          - button "Menu"
          - button "Close the chat"
          - log "Acme":
            - list
          - textbox "Write a message…"
          - button "Attach a file"
          - button "Send" [disabled]
        """
    )
    await page.locator(".launcher").focus()
    names = []
    for _ in range(20):
        await page.keyboard.press("Tab")
        name = await page.evaluate(FOCUSED)
        names.append(name)
        if name == "Talk to a person":
            break
    assert names[:3] == ["Menu", "Close the chat", "Acme"]
    assert {"Yes, please", "No", "Attach a file"} <= set(names)
    assert await box(page).input_value() == ""


FOCUSED = """() => {
    let one = document.activeElement;
    while (one?.shadowRoot) one = one.shadowRoot.activeElement;
    return one?.getAttribute("aria-label") || one?.textContent || "";
}"""
