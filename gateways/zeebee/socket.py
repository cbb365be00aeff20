"""``/ws``: a conversation in ZeebeeAI's protocol."""

import secrets
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from conversations.models import AuthorKind, Owner
from gateways.socket import GatewaySocket, Request
from gateways.zeebee import codec, door
from gateways.zeebee.heartbeat import Heartbeat, Rhythm
from realtime.feeds import hub
from realtime.log import Channel
from tenants.executor import run_in_db_thread


class ZeebeeSocket(GatewaySocket):
    """One client, who may begin several times: anew, or where a conversation was left."""

    protocol = "zeebee"
    auth_deadline = 30.0
    frame_limit = 15 * 1024 * 1024
    # A server may speak for all of its users on one connection.
    conversations_at_once = 100
    rhythm = Rhythm()

    def __init__(self) -> None:
        super().__init__()
        self._client: door.Client | None = None
        # Where messages go that do not say where.
        self._joined: door.Joined | None = None
        self._heartbeat: Heartbeat | None = None
        self._untold = ""

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Whatever comes shows that somebody is there, even what cannot be read.
        if self._heartbeat is not None and message["type"] == "websocket.receive":
            self._heartbeat.heard()
        await super().dispatch(message)

    async def on_connect(self) -> None:
        self._heartbeat = Heartbeat(self.rhythm, ping=self._ping, warn=self._warn, end=self._expire)
        await self.send_frame(codec.established(_now()))

    async def on_object(self, frame: dict[str, Any]) -> None:
        try:
            await self._take(frame)
        except codec.Refused as refusal:
            await self.send_frame(codec.error(str(refusal)))

    async def disconnect(self, code: int) -> None:
        if self._heartbeat is not None:
            self._heartbeat.stop()
        await super().disconnect(code)

    def error_frame(self, code: str, message: str, retry_after: int | None) -> codec.Frame:
        if code == "unauthorized" and isinstance(self._client, door.Guest):
            code = "guests_not_allowed"
        return codec.error(message, code=code, retry_after=retry_after)

    # What is heard.

    def on_stored(self, message: dict[str, Any], owner: str) -> None:
        conversation_id = message["conversationId"]
        if owner == Owner.BOT:
            self.say(codec.processing(conversation_id))
        else:
            self.say(codec.owned(owner, conversation_id))

    def on_said(self, message: dict[str, Any], requests: list[Request]) -> None:
        if message["author"]["kind"] == AuthorKind.SYSTEM and not requests:
            # Nobody waits for a response; the line goes with the status that follows.
            self._untold = message["text"]
        else:
            self.say(codec.response(message))

    def on_owner(self, owner: str, conversation_id: UUID) -> None:
        line, self._untold = self._untold, ""
        self.say(codec.owned(owner, str(conversation_id), line))

    def on_no_answer(self, request: Request) -> None:
        self.say(codec.no_answer(str(request.conversation_id)))

    # What the client sends.

    async def _take(self, frame: dict[str, Any]) -> None:
        match frame.get("type"):
            case "ping":
                await self.send_frame(codec.pong(frame, _now()))
            case "pong":
                pass
            case "init":
                await self._begin(codec.read_init(frame))
            case _ if self._client is None:
                raise codec.Refused(codec.NOT_LOGGED_IN)
            case "message":
                await self._store(self._client, codec.read_message(frame))
            case "audio":
                codec.read_audio(frame)
                raise codec.Refused(codec.NO_SPEECH)
            case _:
                raise codec.Refused(codec.UNKNOWN_TYPE)

    async def _begin(self, init: codec.Init) -> None:
        client, joined, history = await run_in_db_thread(_enter, init, door.knock_of(self.scope))
        self._client, self._joined = client, joined
        self.unfollow()
        self.stand_for(client.grant)
        hub().attend(client.grant.tenant_id)
        self.admit()
        await self.send_frame(
            codec.init_ack(
                user_id=client.user_id_in(joined),
                session_token=client.session_token,
                conversation_id=joined.conversation_id if joined else "",
                history=history,
            )
        )
        if joined is not None:
            await self._turn_to(joined)

    async def _store(self, client: door.Client, message: codec.Message) -> None:
        if message.conversation_id not in ("", self._joined and self._joined.conversation_id):
            joined = await run_in_db_thread(door.join, client, message.conversation_id)
            if joined is not None:
                await self._turn_to(joined)
        received = await self.ask(partial(door.store, client, self._joined, message))
        if self._joined is None:
            channel = Channel(client.grant.tenant_id, received.conversation_id)
            await self._turn_to(door.Joined(client.visitor, channel))

    async def _turn_to(self, joined: door.Joined) -> None:
        """Have what is said go there; what happens in others that were turned to is heard too."""
        self._joined = joined
        await self.follow(joined.channel, owner=joined.owner, after=joined.position)

    # Whether anybody is there.

    def _ping(self) -> None:
        self.say(codec.ping(secrets.token_hex(8), _now()))

    def _warn(self) -> None:
        self.say(codec.connection_warning(round(self.rhythm.end - self.rhythm.warn)))

    def _expire(self) -> None:
        text = codec.INACTIVE.format(round(self.rhythm.end))
        self.spawn(self.fail("inactive", 4408, message=text))


def _enter(
    init: codec.Init, knock: door.Knock
) -> tuple[door.Client, door.Joined | None, Sequence[dict[str, Any]]]:
    client = door.enter(init, knock)
    if not init.conversation_id:
        return client, None, ()
    return client, *door.join_again(client, init.conversation_id)


def _now() -> int:
    return time.time_ns() // 1_000_000
