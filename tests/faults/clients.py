"""Clients that come back, send again what they are not sure of, and remember everything."""

import asyncio
import json
import random
import ssl
import time
import uuid
from contextlib import asynccontextmanager, suppress

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.faults.history import Feed, History

# Clients would read the machine's certificates each, and need none.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
# One that the shops' assistants can answer.
QUESTION = "What are your opening hours?"
PATIENCE_SECONDS = 5
ANSWER_SECONDS = 30
PAUSE_SECONDS = (0.05, 0.3)
# What a client is told to try again later.
LATER = ("unavailable", "rate_limited")


class Later(Exception):
    """The server asks to send a message again later."""


class Socket:
    """A socket that is opened again whenever it is lost, until its block ends.

    ``door`` gives the address of a web server, and may give another one each time.
    """

    path = ""

    def __init__(self, door, tenant, history=None):
        self.door, self.tenant = door, tenant
        self.history = history or History()
        self.connections = 0
        self.line = None
        self.is_open = asyncio.Event()

    async def greet(self, line):
        """Authenticate, and say from where to go on."""

    def hear(self, frame):
        """Take one frame."""

    async def run(self):
        while True:
            try:
                await self._hold_line()
            except (OSError, WebSocketException, TimeoutError) as error:
                self.history.losses[type(error).__name__] += 1
            finally:
                self.line = None
                self.is_open.clear()
            await pause()

    def drop(self):
        """End the connection without a word, as nothing comes from it."""
        if self.line is not None:
            self.line.transport.abort()
            self.line = None
            self.is_open.clear()

    async def opened(self):
        while self.line is None:
            await self.is_open.wait()
        return self.line

    async def _hold_line(self):
        address = self.door().replace("http", "ws", 1) + self.path
        # Quick to notice a connection that is dead.
        patience = {"ping_interval": PATIENCE_SECONDS, "ping_timeout": PATIENCE_SECONDS}
        options = {"open_timeout": PATIENCE_SECONDS, "close_timeout": 0.5, "proxy": None}
        async with connect(address, compression=None, **options, **patience) as line:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.greet(line)
            self.connections += 1
            self.line = line
            self.is_open.set()
            async for text in line:
                self.hear(json.loads(text))


class Visitor(Socket):
    """A visitor's socket, whose conversation ``feed`` has heard."""

    path = "/api/ws/chat"

    def __init__(self, door, tenant, history=None, *, session=None):
        super().__init__(door, tenant, history)
        self.session = session
        self.conversation_id = None
        self.feed = Feed(0)
        self.acks = []
        self._waiting = {}

    async def greet(self, line):
        if self.session is None:
            self.session = await new_session(self.door(), self.tenant)
        auth = {name: self.session[name] for name in ("sessionId", "sessionSecret")}
        more = {"token": self.tenant.token, "lastEventId": self.feed.position or 0}
        await line.send(json.dumps({"type": "auth", **auth, **more}))
        # What is replayed may only follow.
        welcome = json.loads(await line.recv())
        assert_welcome(welcome)

    def hear(self, frame):
        match frame["type"]:
            case "ack":
                self._answer(frame["data"]["messageId"], frame["data"])
            case "error":
                self.history.refusals[frame["code"]] += 1
                kind = Later if frame["code"] in LATER else ValueError
                self._answer(frame.get("messageId"), kind(frame["code"]))
            case "resync":
                self.feed.resync()
            case _ if "id" in frame:
                self.feed.take(frame)

    async def say(self, text, *, key=None):
        """Send until it is acknowledged; remember and return the acknowledgement."""
        sent = self.history.begin(self.tenant, self, text, key=key)
        while sent.ack is None:
            try:
                await self._try(sent)
            except Later:
                await pause()
            except (TimeoutError, ConnectionClosed):
                sent.unknown += 1
                self.drop()
        self.conversation_id = sent.ack.conversation_id
        self.acks.append(sent.ack)
        return sent.ack

    async def send(self, sent):
        line = await self.opened()
        frame = {"type": "message", "messageId": sent.key, "text": sent.text}
        await line.send(json.dumps(frame))

    async def chatter(self, stop, *, pause):
        """Say one thing after another until ``stop`` is set."""
        number = 0
        while not stop.is_set():
            await self.say(f"Line {(number := number + 1)}")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def _try(self, sent):
        await self.opened()
        self._waiting[sent.key] = answer = asyncio.get_running_loop().create_future()
        sent_at = time.monotonic()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.send(sent)
            data = await answer
        place = {"id": data["id"], "seq": data["seq"], "sent_at": sent_at}
        self.history.confirm(sent, data["conversationId"], **place)

    def _answer(self, key, data):
        waiting = self._waiting.pop(key, None)
        if waiting is None or waiting.done():
            return
        if isinstance(data, Exception):
            waiting.set_exception(data)
        else:
            waiting.set_result(data)


class Watcher(Socket):
    """A member's socket; ``feed`` is the tenant's."""

    path = "/api/ws/tenant"

    def __init__(self, door, tenant, history=None):
        super().__init__(door, tenant, history)
        self.feed = Feed()
        self.strangers = []

    async def greet(self, line):
        if not self.tenant.access:
            self.tenant.access = await access_token(self.door(), self.tenant)
        known = {} if self.feed.position is None else {"lastEventId": self.feed.position}
        await line.send(json.dumps({"type": "auth", "token": self.tenant.access, **known}))
        welcome = json.loads(await line.recv())
        if welcome["type"] == "error" and welcome["code"] not in ("unavailable", "draining"):
            # It lasts for a quarter of an hour.
            self.tenant.access = ""
        assert_welcome(welcome)
        if self.feed.position is None:
            self.feed.position = welcome["data"]["lastEventId"]

    def hear(self, frame):
        if frame["type"] == "resync":
            self.feed.resync()
        elif frame["type"] == "error":
            self.history.refusals[frame["code"]] += 1
        elif "id" in frame:
            self.feed.take(frame)

    async def sees(self, message_id, *, seconds):
        async with asyncio.timeout(seconds):
            await until(lambda: message_id in self.feed.seen)


class BlitsVisitor(Socket):
    """A client of Blits' socket, which has no keys: what it is not sure of it does not repeat."""

    path = "/"

    def __init__(self, door, tenant, history=None):
        super().__init__(door, tenant, history)
        self.conversation_id = None
        self._answers = {}

    async def greet(self, line):
        first = json.loads(await line.recv())
        if "error" in first:
            raise ConnectionError(first["error"])
        assert first["command"] == "connected"
        known = {"conversationId": self.conversation_id} if self.conversation_id else {}
        await line.send(self._frame("initialize", **known))
        while (reply := json.loads(await line.recv())).get("command") != "initialize":
            if "error" in reply:
                raise ConnectionError(reply["error"])
        self.conversation_id = reply["conversationId"]

    def hear(self, frame):
        waiting = self._answers.pop(frame.get("requestId"), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)

    async def say(self, text):
        """Send once; acknowledged when the command that follows it is answered."""
        sent = self.history.begin(self.tenant, self, text, has_key=False)
        try:
            line, sent_at = await self.opened(), time.monotonic()
            async with asyncio.timeout(PATIENCE_SECONDS):
                refused = self._await("said" + sent.text)
                await line.send(
                    self._frame("message", message=sent.text, requestId="said" + sent.text)
                )
                done = self._await("done" + sent.text)
                await line.send(self._frame("isActive", requestId="done" + sent.text))
                is_active = "error" not in await done
        except (TimeoutError, ConnectionClosed):
            sent.unknown += 1
            self.drop()
            return
        if is_active and not (refused.done() and "error" in refused.result()):
            self.history.confirm(sent, self.conversation_id, sent_at=sent_at)

    def _await(self, tag):
        self._answers[tag] = answer = asyncio.get_running_loop().create_future()
        return answer

    def _frame(self, command, **fields):
        known = {"conversationId": self.conversation_id} if self.conversation_id else {}
        frame = {"command": command, "authToken": self.tenant.blits_token, **known, **fields}
        return json.dumps(frame)


class Caller:
    """Somebody who comes by HTTP, and repeats a request until it is answered."""

    def __init__(self, door, tenant, history=None):
        self.door, self.tenant = door, tenant
        self.history = history or History()
        self.client = httpx.AsyncClient(
            verify=PLAIN, trust_env=False, timeout=httpx.Timeout(PATIENCE_SECONDS)
        )

    async def post(self, path, body, *, token, seconds=None, on_unknown=lambda: None):
        """The first answer that is neither lost nor a "later"."""
        headers = {"Authorization": f"Bearer {token}"}
        while True:
            try:
                answer = await self.client.post(
                    self.door() + path,
                    json=body,
                    headers=headers,
                    timeout=seconds or PATIENCE_SECONDS,
                )
            except httpx.HTTPError as error:
                self.history.losses[type(error).__name__] += 1
                on_unknown()
            else:
                self.history.statuses[answer.status_code] += 1
                if answer.status_code not in (429, 500, 503):
                    return answer
                await asyncio.sleep(min(1, int(answer.headers.get("Retry-After", 1))))
            await pause()


class Asker(Caller):
    """A visitor who asks over POST chat."""

    def __init__(self, door, tenant, history=None, *, label=None):
        super().__init__(door, tenant, history)
        self.label = label or uuid.uuid4().hex
        self.conversation_id = None

    async def ask(self, text=QUESTION, *, again=False):
        """Ask until there is an answer or a promise of one; with ``again`` hear it twice."""
        sent = self.history.begin(self.tenant, self, text)
        for _ in range(2 if again else 1):
            sent_at, (status, body) = time.monotonic(), await self._ask(sent)
            assert status in (200, 202), body
            if sent.ack is None:
                self.history.confirm(sent, body["conversationId"], sent_at=sent_at)
            if status == 200:
                self.history.answered(sent, (body["message"], body.get("messageId")))
        self.conversation_id = sent.ack.conversation_id
        return body

    async def _ask(self, sent):
        def note_unknown():
            sent.unknown += 1

        body = {"sessionId": self.label, "message": sent.text, "messageId": sent.key}
        path = f"/api/widgets/{self.tenant.id}/chat"
        answer = await self.post(
            path, body, token=self.tenant.token, seconds=ANSWER_SECONDS, on_unknown=note_unknown
        )
        return answer.status_code, answer.json()


class Member(Caller):
    """A member who holds conversations and answers in them."""

    async def take_over(self, conversation_id):
        answer = await self._act(conversation_id, "take-over", memberId=self.tenant.member_id)
        # Somebody else was quicker, or so it looks when the first answer was lost.
        assert answer.status_code in (200, 409), answer.text

    async def give_back(self, conversation_id):
        answer = await self._act(conversation_id, "give-back")
        assert answer.status_code in (200, 409), answer.text

    async def reply(self, conversation_id, text):
        sent = self.history.begin(self.tenant, self, text)

        def note_unknown():
            sent.unknown += 1

        sent_at = time.monotonic()
        body = {"text": sent.text, "messageId": sent.key, "memberId": self.tenant.member_id}
        path = f"/api/conversations/{conversation_id}/messages"
        answer = await self.post(path, body, token=self.tenant.api_key, on_unknown=note_unknown)
        assert answer.status_code == 201, answer.text
        data = answer.json()
        place = {"id": data["id"], "seq": data["seq"], "sent_at": sent_at}
        return self.history.confirm(sent, conversation_id, **place)

    async def _act(self, conversation_id, verb, **body):
        path = f"/api/conversations/{conversation_id}/{verb}"
        return await self.post(path, body, token=self.tenant.api_key)


@asynccontextmanager
async def visiting(web, tenant, session=None, *, history=None):
    """A visitor of the tenant's page, by a socket of this web server."""
    visitor = Visitor(lambda: web.url, tenant, history, session=session)
    async with holding(visitor):
        yield visitor


@asynccontextmanager
async def watching(web, tenant, *, history=None):
    """The tenant's member at the dashboard."""
    watcher = Watcher(lambda: web.url, tenant, history)
    async with holding(watcher):
        yield watcher


@asynccontextmanager
async def holding(socket):
    """Keep a client's socket open for the length of the block."""
    running = asyncio.create_task(socket.run())
    opening = asyncio.create_task(socket.opened())
    await asyncio.wait([running, opening], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield socket
        # A client that stumbled says why.
        assert not running.done() or running.result()
    finally:
        opening.cancel()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def new_session(url, tenant):
    return await _post(url, f"/api/widgets/{tenant.code}/session", {})


async def access_token(url, tenant):
    known = {"email": random.choice(tenant.emails), "password": tenant.password}
    return (await _post(url, "/api/auth/token", known))["access"]


async def ask(web, tenant, *, text=QUESTION, seconds=ANSWER_SECONDS):
    """Ask over HTTP and wait for the assistant's answer, as (status, body)."""
    path = f"{web.url}/api/widgets/{tenant.id}/chat"
    headers = {"Authorization": f"Bearer {tenant.token}"}
    body = {"sessionId": uuid.uuid4().hex, "message": text, "messageId": uuid.uuid4().hex}
    async with httpx.AsyncClient(timeout=seconds, verify=PLAIN, trust_env=False) as client:
        answer = await client.post(path, json=body, headers=headers)
    return answer.status_code, answer.json()


def assert_welcome(frame):
    """Raises ConnectionError for anything but a welcome, as there is a reason to come back."""
    if frame["type"] != "auth:ok":
        raise ConnectionError(frame)


async def until(condition):
    """Wait for something that nobody tells."""
    while not condition():  # noqa: ASYNC110 -- a poll is plain
        await asyncio.sleep(0.02)


async def pause():
    await asyncio.sleep(random.uniform(*PAUSE_SECONDS))


async def _post(url, path, body):
    try:
        async with httpx.AsyncClient(base_url=url, verify=PLAIN, trust_env=False) as client:
            answer = await client.post(path, json=body)
    except httpx.HTTPError as error:
        raise ConnectionError(f"{path}: {error!r}") from error
    if answer.is_error:
        raise ConnectionError(answer.text)
    return answer.json()
