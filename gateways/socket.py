"""The base of the vendors' sockets: one conversation at a time, and what is heard in it.

A protocol parses its frames and calls ``ask``; what comes back it is told in ``on_said`` and its
neighbours, in the order of the conversation, and renders with its codec.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

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

    seq: int
    tag: str | None = None
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class GatewaySocket(SocketConsumer):
    """Follows one conversation; a message of the visitor's waits until something answers it."""

    auth_type = ""
    answer_seconds = 120.0

    def __init__(self) -> None:
        super().__init__()
        self.owner: str = Owner.BOT
        self.channel: Channel | None = None
        self._watched: guard.Watched | None = None
        self._requests: list[Request] = []
        self._held: list[Event] | None = None
        self._line: dict[str, Any] | None = None

    # What protocols fill in. These are called in order, and must not block.

    def on_stored(self, received: Received) -> None:
        """The message that the client sent is stored; what it causes is heard after this."""

    def on_said(self, message: dict[str, Any], requests: list[Request]) -> None:
        """An assistant or a person said ``message``, which answers ``requests``, oldest first.

        A line such as "Kim joined the conversation." comes here too when it says who answers now.
        """

    def on_own_message(self, message: dict[str, Any]) -> None:
        """The visitor's own message was stored, through whichever door it came."""

    def on_owner(self, owner: str) -> None:
        """Somebody else answers from now on, or nobody does, as it is closed."""

    def on_event(self, event: Event) -> None:
        """Anything else: ``typing``, ``tool:request``, ``tool:call``, ``message:delta`` …"""

    def on_no_answer(self, request: Request) -> None:
        """The assistant did not answer ``request`` within ``answer_seconds``."""

    # What protocols use.

    def stand_for(self, grant: AnyGrant) -> None:
        """Close this socket as soon as ``grant`` is worth nothing any more, instead of another."""
        self._stand_down()
        self._watched = guard.watch(grant, self._revoke)

    async def follow(
        self, channel: Channel, *, owner: str = Owner.BOT, after: int | None = None
    ) -> None:
        """Hear this conversation from now on, or what followed event ``after``, instead of another.

        What was asked before any conversation was followed is taken to have been asked in this one.
        """
        if channel == self.channel:
            return
        if self.channel is not None:
            self.unfollow()
        self.channel, self.owner = channel, owner
        await hub().subscribe(channel, self._hear, self._replay, after=after)

    def unfollow(self) -> None:
        """Hear of no conversation, and wait for no answer."""
        self._forget(list(self._requests))
        if self.channel is not None:
            hub().unsubscribe(self.channel, self._hear)
            self.channel = None

    async def ask(self, store: Callable[[], Received], *, tag: str | None = None) -> Received:
        """Store a message in a thread; what it causes is heard when it is known to be stored."""
        with self.holding():
            received = await run_in_db_thread(store)
            self._await_answer(Request(received.seq, tag))
            self.on_stored(received)
            return received

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep what is heard meanwhile, and pass it on at the end."""
        self._held = []
        try:
            yield
        finally:
            self._release()

    def say(self, frame: dict[str, Any]) -> None:
        """Send a frame without waiting for its reader, as what is heard must be."""
        self.deliver(encode(frame))

    async def disconnect(self, code: int) -> None:
        self._stand_down()
        self.unfollow()

    # What happens.

    def _hear(self, text: str) -> None:
        event = json.loads(text)
        if self._held is None:
            self._pass_on(event)
        else:
            self._held.append(event)

    async def _replay(self, text: str) -> None:
        self._hear(text)

    def _release(self) -> None:
        held, self._held = self._held or [], None
        for event in held:
            self._pass_on(event)

    def _pass_on(self, event: Event) -> None:
        match event["type"]:
            case "message:new":
                self._hear_message(event["data"])
            case "conversation:updated":
                self._hear_owner(event["data"]["owner"])
            case "resync":
                # Something was missed that no vendor has a word for: reading afresh heals it.
                self.spawn(self.fail("draining", 4503))
            case _:
                self.on_event(event)

    def _hear_message(self, message: dict[str, Any]) -> None:
        match message["author"]["kind"]:
            case AuthorKind.SYSTEM:
                self._line = message
            case AuthorKind.VISITOR:
                self._line = None
                self.on_own_message(message)
            case _:
                self._line = None
                self._hear_answer(message)

    def _hear_owner(self, owner: str) -> None:
        """A line that tells of a change of owner comes just before it."""
        line, self._line = self._line, None
        if owner == self.owner:
            return
        self.owner = owner
        if line is not None and owner != Owner.BOT:
            self._hear_answer(line)
        self.on_owner(owner)

    def _hear_answer(self, message: dict[str, Any]) -> None:
        answered = [one for one in self._requests if one.seq < message["seq"]]
        self._forget(answered)
        self.on_said(message, answered)

    def _await_answer(self, request: Request) -> None:
        loop = asyncio.get_running_loop()
        request.timer = loop.call_later(self.answer_seconds, self._give_up, request)
        self._requests.append(request)

    def _give_up(self, request: Request) -> None:
        # A person takes the time that a person takes.
        if request in self._requests and self.owner == Owner.BOT:
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
