"""What the tests do on a page, and what the team does meanwhile."""

import json
import re

from playwright.async_api import expect

from conversations import engine
from conversations.models import Conversation, Message
from tenants.executor import run_in_db_thread

SOCKET = re.compile("/api/ws/chat$")
EVENTS = re.compile(r"/events\?after=")
# A message of the visitor that the server has.
CONFIRMED = ".visitor:not(.unsent)"
# What a page hears, as callbacks and as events of its window.
LISTEN = """;
    window.told = []; window.heard = [];
    for (const name of ["ready", "error", "opened", "closed", "message:received", "message:sent",
        "conversation:started", "conversation:resolved", "handoff:requested",
        "handoff:connected", "unread", "identity:error"]) {
        chat.on(name, (detail) => told.push([name, detail]));
        addEventListener(`livechat:${name}`, ({detail}) => heard.push([name, detail]));
    }"""


def launcher(page):
    return page.get_by_role("button", name=re.compile("^Open the chat"))


def panel(page):
    return page.get_by_role("dialog")


def log(page):
    return page.get_by_role("log")


def box(page):
    return page.get_by_role("textbox")


async def say(page, text):
    await box(page).fill(text)
    await page.keyboard.press("Enter")


async def visit(page, address):
    """Open a page, and the chat on it."""
    await page.goto(address)
    await launcher(page).click()
    # Not before the conversation's part has come, and its style with it.
    await expect(panel(page)).to_have_css("opacity", "1")
    await expect(box(page)).to_be_focused()


async def is_whole(page):
    """Whether the box shows all that is in it, and nothing besides."""
    return await box(page).evaluate("""e => e.clientHeight === e.scrollHeight
        && e.clientHeight === e.parentElement.clientHeight && e.clientHeight > 30""")


async def until(page, condition):
    """As Playwright's, which the page's policy forbids."""
    await page.evaluate(
        f"new Promise((done) => {{ const look = () => ({condition}) ? done() "
        ": setTimeout(look, 20); look() })"
    )


async def answered(page, text):
    """Wait for an answer that has come to its end."""
    answer = page.locator(".assistant:not(.streaming)", has_text=text)
    await expect(answer).to_be_visible(timeout=15_000)


async def said(page):
    """The texts of all messages as they are shown, in their order."""
    return await page.locator(".bubble").all_inner_texts()


async def asked(shop):
    """What visitors of the shop wrote, as it is stored."""
    return await run_in_db_thread(_asked, shop)


def _asked(shop):
    with shop.scope():
        questions = Message.objects.filter(author_kind="visitor").order_by("id")
        return list(questions.values_list("text", flat=True))


async def conversation(shop):
    return await run_in_db_thread(_conversation, shop)


def _conversation(shop):
    with shop.scope():
        return Conversation.objects.get()


async def reply(shop, member, text, **fields):
    """A member's answer in the shop's only conversation."""
    await run_in_db_thread(_reply, shop, member, text, fields)


def _reply(shop, member, text, fields):
    with shop.scope():
        conversation = engine.team_conversation(Conversation.objects.get().id)
        engine.post_reply(conversation, member, text=text, **fields)


async def take_over(shop, member):
    """A member takes the shop's only conversation."""
    await run_in_db_thread(_take_over, shop, member)


def _take_over(shop, member):
    with shop.scope():
        engine.take_over(engine.team_conversation(Conversation.objects.get().id), member)


async def cut_requests(page):
    """Let nothing come of what is asked for where no socket gets through."""

    async def answer(route):
        # A request that fails is a complaint of the browser's.
        await route.fulfill(status=200, body="", headers={"Access-Control-Allow-Origin": "*"})

    await page.route(EVENTS, answer)


async def mend_requests(page):
    await page.unroute(EVENTS)


class Wire:
    """The page's socket, with a hand on it."""

    def __init__(self):
        self.sent = []
        self.is_cut = False
        self.swallow = self.repeat = self.lose = lambda frame: False
        self._lines = []

    async def hold(self, page):
        await page.route_web_socket(SOCKET, self._connect)

    async def cut(self):
        """End the line as a network does, and let nothing through until ``mend``."""
        self.is_cut = True
        for line in self._lines:
            await line.close(code=4408)
        self._lines = []

    def mend(self):
        self.is_cut = False

    def tell(self, type, **rest):
        """A frame that the server did not send."""
        for line in self._lines:
            line.send(json.dumps({"type": type, **rest}))

    async def _connect(self, line):
        if self.is_cut:
            await line.close(code=4408)
            return
        self._lines.append(line)
        server = line.connect_to_server()
        line.on_message(lambda text: self._forward(text, server))
        server.on_message(lambda text: self._pass_back(text, line))

    def _forward(self, text, server):
        self.sent.append(json.loads(text))
        if not self.lose(self.sent[-1]):
            server.send(text)

    def _pass_back(self, text, line):
        frame = json.loads(text)
        if not self.swallow(frame):
            line.send(text)
        if self.repeat(frame):
            line.send(text)
