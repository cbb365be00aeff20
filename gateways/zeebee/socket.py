"""``/ws``: a conversation in ZeebeeAI's protocol."""

import secrets
import time
from functools import partial
from typing import Any
from uuid import UUID

from conversations.engine import Received
from conversations.models import AuthorKind, Owner
from gateways.socket import GatewaySocket, Request
from gateways.zeebee import codec, doors
from gateways.zeebee.heartbeat import Heartbeat, Rhythm
from realtime.feeds import hub
from realtime.log import Channel
from tenants.executor import run_in_db_thread


class ZeebeeSocket(GatewaySocket):
    """One client, who may begin several times: anew, or where a conversation was left."""

    auth_deadline = 30.0
    frame_limit = 15 * 1024 * 1024
    # A server may speak for all of its users on one connection.
    conversations_at_once = 100
    rhythm = Rhythm()

    def __init__(self) -> None:
        super().__init__()
        self._client: doors.Client | None = None
        self._talk: doors.Talk | None = None
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
        if code == "unauthorized" and isinstance(self._client, doors.Guest):
            code = "guests_not_allowed"
        return codec.error(message, code=code, retry_after=retry_after)

    # What is heard.

    def on_stored(self, received: Received) -> None:
        conversation_id = str(received.conversation_id)
        if received.awaits_answer:
            self.say(codec.processing(conversation_id))
        else:
            owner = Owner.WAITING if self.owner == Owner.BOT else self.owner
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
        self.say(codec.error(codec.NO_ANSWER))

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
        client, talk = await run_in_db_thread(_enter, init, doors.knock_of(self.scope))
        self._client, self._talk = client, talk
        self.unfollow()
        self.stand_for(client.grant)
        hub().attend(client.grant.tenant_id)
        self.admit()
        await self.send_frame(
            codec.init_ack(
                user_id=client.user_id_in(talk),
                session_token=client.session_token,
                conversation_id=talk.conversation_id if talk else "",
                history=talk.history if talk else (),
            )
        )
        if talk is not None:
            await self._follow(talk)

    async def _store(self, client: doors.Client, message: codec.Message) -> None:
        if message.conversation_id not in ("", self._talk and self._talk.conversation_id):
            await self._move(client, message.conversation_id)
        received = await self.ask(partial(doors.store, client, self._talk, message.text))
        if self._talk is None:
            channel = Channel(client.grant.tenant_id, received.conversation_id)
            self._talk = doors.Talk(client.visitor, channel)
            await self._follow(self._talk)

    async def _move(self, client: doors.Client, conversation_id: str) -> None:
        """Go on in another conversation, if it is one that this client may name.

        What happens in the one before is heard as well.
        """
        talk = await run_in_db_thread(client.talk, conversation_id)
        if talk is not None:
            self._talk = talk
            await self._follow(talk)

    async def _follow(self, talk: doors.Talk) -> None:
        await self.follow(talk.channel, owner=talk.owner, after=talk.position)

    # Whether anybody is there.

    def _ping(self) -> None:
        self.say(codec.ping(secrets.token_hex(8), _now()))

    def _warn(self) -> None:
        self.say(codec.connection_warning(round(self.rhythm.end - self.rhythm.warn)))

    def _expire(self) -> None:
        text = codec.INACTIVE.format(round(self.rhythm.end))
        self.spawn(self.fail("inactive", 4408, message=text))


def _enter(init: codec.Init, knock: doors.Knock) -> tuple[doors.Client, doors.Talk | None]:
    client = doors.enter(init, knock)
    return client, client.talk(init.conversation_id) if init.conversation_id else None


def _now() -> int:
    return time.time_ns() // 1_000_000
