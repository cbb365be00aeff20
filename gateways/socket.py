"""The base of the vendors' sockets: the conversations that are heard, and what is asked in them.

A protocol parses its frames and calls ``ask``; what comes back it is told in ``on_said`` and its
neighbours, in the order of the conversation, and renders with its codec.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from conversations.engine import Received
from conversations.models import AuthorKind, Owner
from realtime import guard
from realtime.consumer import SocketConsumer
from realtime.feeds import hub
from realtime.log import Channel, encode
from tenants.access import AnyGrant
from tenants.executor import run_in_db_thread

Event = dict[str, Any]


@dataclass(eq=False)
class Request:
    """What a client waits for: an answer to its message ``seq``; ``tag`` is how it knows it."""

    conversation_id: UUID
    seq: int
    tag: str | None = None
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


@dataclass(eq=False)
class Followed:
    """A conversation that is heard, and who answers in it as far as it was heard.

    ``line`` is what it has just said about itself.
    """

    channel: Channel
    owner: str
    pass_on: "Callable[[Followed, Event], None]" = field(repr=False)
    line: dict[str, Any] | None = None

    def hear(self, text: str) -> None:
        self.pass_on(self, json.loads(text))

    async def replay(self, text: str) -> None:
        self.hear(text)


class GatewaySocket(SocketConsumer):
    """Follows a conversation; a message of the visitor's waits until something answers it."""

    auth_type = ""
    answer_seconds = 120.0
    # How many conversations are heard at once; the one turned to longest ago is left for another.
    conversations_at_once = 1
    # How many messages may wait for an answer, as a person may take any time for one.
    requests_at_once = 1_000

    def __init__(self) -> None:
        super().__init__()
        self._followed: dict[UUID, Followed] = {}
        self._watched: guard.Watched | None = None
        self._requests: list[Request] = []
        self._heard: deque[tuple[Followed, Event]] = deque()
        self._holders = 0

    # What protocols fill in. These are called in order, and must not block; see ``hold_for``.

    def on_stored(self, message: dict[str, Any], owner: str) -> None:
        """The message that this client sent is stored; it is ``owner``'s to answer."""

    def on_said(self, message: dict[str, Any], requests: list[Request]) -> None:
        """An assistant or a person said ``message``, which answers ``requests``, oldest first.

        A line such as "Kim joined the conversation." comes here too when it says who answers now.
        """

    def on_own_message(self, message: dict[str, Any]) -> None:
        """The visitor's own message was stored, through whichever door it came."""

    def on_owner(self, owner: str, conversation_id: UUID) -> None:
        """Somebody else answers there from now on, or nobody does, as it is closed."""

    def on_event(self, event: Event) -> None:
        """Anything else: ``typing``, ``tool:request``, ``tool:call``, ``message:delta`` …"""

    def on_no_answer(self, request: Request) -> None:
        """Nobody will answer ``request``: it took ``answer_seconds``, or its place was needed."""

    # What protocols use.

    def stand_for(self, *grants: AnyGrant) -> None:
        """Close this socket as soon as any of these is worth nothing any more, and no others."""
        self._stand_down()
        self._watched = guard.watch(grants, self._revoke)

    @property
    def channel(self) -> Channel | None:
        """The conversation that was turned to last."""
        return self._latest.channel if self._latest else None

    @property
    def owner(self) -> str:
        """Who answers in it."""
        return self._latest.owner if self._latest else Owner.BOT

    async def follow(
        self, channel: Channel, *, owner: str = Owner.BOT, after: int | None = None
    ) -> None:
        """Turn to this conversation, and hear it from now on, or what followed event ``after``."""
        if followed := self._followed.pop(channel.feed, None):
            self._followed[channel.feed] = followed
            return
        if len(self._followed) >= self.conversations_at_once:
            self._leave(self._least_needed())
        followed = self._followed[channel.feed] = Followed(channel, owner, self._hear)
        await hub().subscribe(channel, followed.hear, followed.replay, after=after)

    def unfollow(self) -> None:
        """Hear of no conversation, and wait for no answer."""
        self._forget(list(self._requests))
        for followed in self._followed.values():
            hub().unsubscribe(followed.channel, followed.hear)
        self._followed.clear()

    async def ask(self, store: Callable[[], Received], *, tag: str | None = None) -> Received:
        """Store a message in a thread; what it causes is heard when it is known to be stored."""
        with self.holding():
            received = await run_in_db_thread(store)
            self._await_answer(Request(received.conversation_id, received.seq, tag))
            return received

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep what is heard meanwhile, and pass it on when nobody holds it any more."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            self._release()

    def hold_for(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` before anything else that is heard is passed on; for hooks."""
        self._holders += 1
        self.spawn(self._release_after(work))

    def say(self, frame: dict[str, Any]) -> None:
        """Send a frame without waiting for its reader, as what is heard must be."""
        self.deliver(encode(frame))

    async def disconnect(self, code: int) -> None:
        self._stand_down()
        self.unfollow()

    # What happens.

    @property
    def _latest(self) -> Followed | None:
        return next(reversed(self._followed.values()), None)

    def _least_needed(self) -> Followed:
        """The conversation turned to longest ago, of those in which no answer is awaited if any."""
        awaited = {request.conversation_id for request in self._requests}
        return min(self._followed.values(), key=lambda one: one.channel.feed in awaited)

    def _leave(self, followed: Followed) -> None:
        asked = self._asked_in(followed)
        self._forget(asked)
        for request in asked:
            self.on_no_answer(request)
        hub().unsubscribe(followed.channel, followed.hear)
        del self._followed[followed.channel.feed]

    def _asked_in(self, followed: Followed) -> list[Request]:
        return [one for one in self._requests if one.conversation_id == followed.channel.feed]

    def _hear(self, followed: Followed, event: Event) -> None:
        if len(self._heard) < self.held_limit:
            self._heard.append((followed, event))
            self._release()
        else:
            self.abort()

    async def _release_after(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        finally:
            self._holders -= 1
            self._release()

    def _release(self) -> None:
        while self._heard and not self._holders:
            followed, event = self._heard.popleft()
            # It may have been left while this was held.
            if self._followed.get(followed.channel.feed) is followed:
                self._pass_on(followed, event)

    def _pass_on(self, followed: Followed, event: Event) -> None:
        match event["type"]:
            case "message:new":
                self._hear_message(followed, event["data"])
            case "conversation:updated":
                self._hear_owner(followed, event["data"]["owner"])
            case "resync":
                # Something was missed that no vendor has a word for: reading afresh heals it.
                self.spawn(self.fail("draining", 4503))
            case _:
                self.on_event(event)

    def _hear_message(self, followed: Followed, message: dict[str, Any]) -> None:
        followed.line = None
        match message["author"]["kind"]:
            case AuthorKind.SYSTEM:
                followed.line = message
            case AuthorKind.VISITOR:
                if any(request.seq == message["seq"] for request in self._asked_in(followed)):
                    self.on_stored(message, followed.owner)
                self.on_own_message(message)
            case _:
                self._hear_answer(followed, message)

    def _hear_owner(self, followed: Followed, owner: str) -> None:
        """A line that tells of a change of owner comes just before it."""
        line, followed.line = followed.line, None
        if owner == followed.owner:
            return
        followed.owner = owner
        if line is not None and owner == Owner.HUMAN:
            # Whoever joins has still to answer.
            self.on_said(line, [])
        elif line is not None and owner != Owner.BOT:
            self._hear_answer(followed, line)
        self.on_owner(owner, followed.channel.feed)

    def _hear_answer(self, followed: Followed, message: dict[str, Any]) -> None:
        answered = [one for one in self._asked_in(followed) if one.seq < message["seq"]]
        self._forget(answered)
        self.on_said(message, answered)

    def _await_answer(self, request: Request) -> None:
        if len(self._requests) >= self.requests_at_once:
            self._give_up_on(self._requests[0])
        loop = asyncio.get_running_loop()
        request.timer = loop.call_later(self.answer_seconds, self._give_up, request)
        self._requests.append(request)

    def _give_up(self, request: Request) -> None:
        followed = self._followed.get(request.conversation_id)
        # A person takes the time that a person takes.
        if request in self._requests and (followed is None or followed.owner == Owner.BOT):
            self._give_up_on(request)

    def _give_up_on(self, request: Request) -> None:
        self._forget([request])
        self.on_no_answer(request)

    def _forget(self, requests: list[Request]) -> None:
        for request in requests:
            self._requests.remove(request)
            if request.timer is not None:
                request.timer.cancel()

    def _stand_down(self) -> None:
        if self._watched is not None:
            self._watched.release()
            self._watched = None

    def _revoke(self, code: str, close_code: int) -> None:
        self.spawn(self.fail(code, close_code, message="These credentials are no longer valid."))
