"""Visitors speak where the bubble's switch is on, and hear the answer to what they dictated."""

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tenants.executor import run_in_db_thread
from tests.factories import make_member
from tests.frontend.accessibility import require_usable
from tests.frontend.conversations import message
from tests.frontend.visitors import (
    CONFIRMED,
    Wire,
    asked,
    box,
    launcher,
    log,
    panel,
    reply,
    say,
    take_over,
    until,
    visit,
)
from tests.widgets.shops import make_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

# The browser's two engines, which need a network and a loudspeaker, with a hand on them.
ENGINES = """
    window.engines = []; window.aloud = []; window.hushed = 0;
    window.SpeechRecognition = class extends EventTarget {
        constructor() { super(); this.calls = []; this.count = 0; engines.push(this); }
        addEventListener(name, listener, {signal}) {
            super.addEventListener(name, listener, {signal});
            this.count++;
            signal.addEventListener("abort", () => this.count--);
        }
        start() { this.calls.push("start"); }
        stop() { this.calls.push("stop"); }
        abort() { this.calls.push("abort"); }
        hear(...said) {
            const results = said.map((transcript) => [{transcript}]);
            this.dispatchEvent(Object.assign(new Event("result"), {results}));
        }
        fail(error) {
            this.dispatchEvent(Object.assign(new Event("error"), {error}));
            this.dispatchEvent(new Event("end"));
        }
    };
    Object.defineProperty(window, "speechSynthesis", {value: {
        speak: (one) => one.text && aloud.push(one), cancel: () => hushed++,
    }});
    Object.defineProperty(window, "engine", {get: () => engines.at(-1)});
    navigator.mediaDevices.getUserMedia = () => { throw new Error("nobody asked"); };
"""
NO_ENGINE = "delete window.SpeechRecognition; delete window.webkitSpeechRecognition;"
STATE = "[engines.length, engine.lang, engine.continuous, engine.interimResults, engine.calls]"
ALOUD = "aloud.map(({text, lang}) => [text, lang])"
MARKED = """## Orders

**Kim**, see [the returns](https://shop.example/r) or https://shop.example/help?a=1.
- Print `it` now. Then *send* it."""


def speaking(tenant, backend, **settings):
    settings = {"widget": {"microphone": True}, **settings}
    return make_shop(tenant, backend, settings=settings)


@pytest.fixture
def speaker(acme, site):
    return speaking(acme, site.backend)


def microphone(page, name="Speak"):
    return page.get_by_role("button", name=name, exact=True)


async def listens(page, pressed):
    await expect(microphone(page)).to_have_attribute("aria-pressed", str(pressed).lower())


async def picture(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"speech-{name}.png")


async def test_there_is_a_microphone_only_where_it_is_wanted_and_possible(page, site, acme, globex):
    speaker = await run_in_db_thread(speaking, acme, site.backend)
    silent = await run_in_db_thread(make_shop, globex, site.backend)
    fetched = []
    page.on("request", lambda one: "widget-speech" in one.url and fetched.append(one.url))

    await page.add_init_script(ENGINES)
    await visit(page, site.page(site.mount(silent)))
    await expect(microphone(page)).to_have_count(0)
    without_switch = list(fetched)
    await visit(page, site.page(site.mount(speaker)))
    await expect(microphone(page)).to_be_visible()
    with_both = len(fetched)
    await page.add_init_script(NO_ENGINE)
    await visit(page, site.page(site.mount(speaker)))
    await expect(microphone(page)).to_have_count(0)

    assert (without_switch, with_both, len(fetched)) == ([], 1, 1)


async def test_what_is_dictated_stands_behind_what_was_typed_and_is_sent_by_hand(
    page, site, speaker
):
    await page.add_init_script(ENGINES)
    await visit(page, site.page(site.mount(speaker)))
    await box(page).fill("Hello,")
    assert await page.evaluate("engines.length") == 0

    await microphone(page).click()
    await listens(page, True)
    assert await page.evaluate(STATE) == [1, "en-GB", True, True, ["start"]]
    await require_usable(page)
    await picture(page, "listening-dark")
    await page.evaluate("engine.hear('where')")
    await expect(box(page)).to_have_value("Hello, where")
    await page.evaluate("engine.hear('where is', ' my order')")
    await expect(box(page)).to_have_value("Hello, where is my order")
    await page.emulate_media(color_scheme="light")
    await picture(page, "listening-light")
    await microphone(page).click()
    await listens(page, False)
    await page.evaluate("engine.hear('where is', ' my order?'); engine.fail('no-speech')")
    await expect(box(page)).to_have_value("Hello, where is my order?")
    assert await page.evaluate("[engine.calls.at(-1), engine.count]") == ["abort", 0]
    assert await asked(speaker) == []
    # Escape ends listening, and only then closes the chat; typing ends it as well.
    await microphone(page).click()
    await page.keyboard.press("Escape")
    await listens(page, False)
    await expect(panel(page)).to_be_visible()
    await microphone(page).click()
    await box(page).press("End")
    await page.keyboard.type("!")
    await listens(page, False)
    await page.evaluate("engines.forEach((one) => one.hear('Too late'))")
    # What comes after sending is not for the next message.
    await microphone(page).click()
    await page.evaluate("engine.hear('Please.')")
    await box(page).press("Enter")
    await page.evaluate("engine.hear('Please. Now.')")
    await listens(page, False)
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    await expect(box(page)).to_have_value("")
    assert await asked(speaker) == ["Hello, where is my order?! Please."]
    assert await page.evaluate("engines.map(({count}) => count)") == [0] * 4


async def test_the_next_answer_to_what_was_dictated_is_read_aloud(page, site, speaker):
    wire = Wire()
    await wire.hold(page)
    member = await run_in_db_thread(make_member, speaker.tenant)
    await page.add_init_script(ENGINES)
    await visit(page, site.page(site.mount(speaker)))

    async def dictate(words):
        count = await page.locator(CONFIRMED).count()
        await microphone(page).click()
        await page.evaluate("(words) => engine.hear(words)", words)
        await panel(page).get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(CONFIRMED)).to_have_count(count + 1)

    await dictate("Where is my order?")
    await take_over(speaker, member)
    await expect(log(page).locator(".system").last).to_contain_text("joined")
    assert await page.evaluate(ALOUD) == []
    await reply(speaker, member, MARKED)
    await reply(speaker, member, "And another one.")
    await expect(log(page)).to_contain_text("And another one.")
    told = await page.evaluate(ALOUD)
    assert [text for text, _ in told] == [
        "Orders",
        "Kim, see the returns or shop.example",
        "Print it now.",
        "Then send it.",
    ]
    assert {lang for _, lang in told} == {"en-GB"}

    # Typing makes it silent; what was typed is not answered aloud.
    await box(page).press_sequentially("Thanks")
    assert await page.evaluate("hushed") == 1
    await page.keyboard.press("Enter")
    await expect(page.locator(CONFIRMED)).to_have_count(2)
    wire.tell("message:new", data=message(90, "assistant", "Typed.", name="Ada"))
    await expect(log(page)).to_contain_text("Typed.")
    assert len(await page.evaluate(ALOUD)) == len(told)
    await dictate("Und jetzt?")
    wire.tell("message:new", data=message(91, "assistant", "Gerne!", name="Ada", language="de"))
    await until(page, "aloud.at(-1).text === 'Gerne!'")
    assert await page.evaluate("aloud.at(-1).lang") == "de-DE"
    await microphone(page).click()
    await expect(log(page)).to_contain_text("Gerne!")
    assert await page.evaluate("hushed") == 2
    # Nobody is read to who has closed the chat, and nobody is cut short who is none of ours.
    await page.evaluate("engine.hear('Bye')")
    await box(page).press("Enter")
    await page.keyboard.press("Escape")
    await expect(panel(page)).to_be_hidden()
    wire.tell("message:new", data=message(92, "assistant", "Goodbye.", name="Ada"))
    await expect(launcher(page)).to_have_accessible_name("Open the chat (New messages: 1)")
    assert await page.evaluate("[aloud.at(-1).text, hushed]") == ["Gerne!", 2]


async def test_what_goes_wrong_is_said_and_nothing_goes_on_after_the_end(page, site, speaker):
    wire = Wire()
    await wire.hold(page)
    await page.add_init_script(ENGINES)
    await page.set_viewport_size({"width": 360, "height": 640})
    await visit(page, site.page(site.mount(speaker)))
    notice = panel(page).locator(".composer .note")
    await say(page, "Hello?")
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    for code, words in {
        "not-allowed": "The microphone is blocked.",
        "service-not-allowed": "Please type instead.",
        "network": "Please type instead.",
        "audio-capture": "No microphone was found.",
        "language-not-supported": "in this language.",
        "bad-grammar": "Something went wrong.",
    }.items():
        await microphone(page).click()
        await expect(notice).to_be_hidden()
        await page.evaluate("(code) => engine.fail(code)", code)
        await expect(notice).to_contain_text(words)
        await expect(page.get_by_role("status")).to_contain_text(words)
        await listens(page, False)
    await require_usable(page)
    await picture(page, "refused-360")
    await page.emulate_media(color_scheme="light")
    await picture(page, "refused-360-light")

    # It stays while the line comes and goes, until somebody types or tries again.
    await wire.cut()
    await expect(panel(page).locator(".state")).to_have_text("No connection. Trying again…")
    await expect(notice).to_be_visible()
    wire.mend()
    await box(page).press_sequentially("W")
    await expect(notice).to_be_hidden()
    await box(page).fill("")
    await microphone(page).click()
    await page.evaluate("engine.hear('Where')")
    await page.evaluate("chat.hide()")
    await until(page, "engine.count === 0")
    await page.evaluate("chat.show()")
    await microphone(page).click()
    await page.evaluate("chat.close()")
    assert await page.evaluate("[engine.count, engine.calls.at(-1)]") == [0, "abort"]
    await launcher(page).click()
    await microphone(page).click()
    await page.evaluate("chat.destroy(); engine.hear('Nobody')")
    assert await page.evaluate("engines.map(({count}) => count)") == [0] * 9
    assert await page.evaluate("engine.calls") == ["start", "abort"]

    # There may be an engine by name only.
    await page.add_init_script("SpeechRecognition.prototype.start = () => { throw new Error() }")
    await visit(page, site.page(site.mount(speaker)))
    await microphone(page).click()
    await expect(page.get_by_role("status")).to_contain_text("Something went wrong.")
    await expect(microphone(page)).to_have_count(0)


async def test_it_speaks_the_language_of_the_bubble_and_destroy_makes_it_silent(page, site, acme):
    shop = await run_in_db_thread(lambda: speaking(acme, site.backend, languages=["ar"]))
    wire = Wire()
    await wire.hold(page)
    await page.add_init_script(ENGINES)
    await page.goto(site.page(site.mount(shop)))
    await page.locator(".launcher").click()
    await microphone(page, "التحدث").click()
    await page.evaluate("engine.hear('أين طلبي؟')")
    await picture(page, "arabic")
    assert await page.evaluate("engine.lang") == "ar-SA"
    await box(page).press("Enter")
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    wire.tell("message:new", data=message(90, "assistant", "مرحبا بك.", name="Ada"))
    await until(page, "aloud.length")

    await page.evaluate("chat.destroy()")

    assert await page.evaluate(ALOUD) == [["مرحبا بك.", "ar-SA"]]
    assert await page.evaluate("[hushed, engine.count]") == [1, 0]
