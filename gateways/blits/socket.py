"""Blits' socket at ``/``: conversations that are led in commands."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from conversations.engine import Received
from conversations.models import Owner
from conversations.visits import SessionGrant
from gateways.blits import codec, commands
from gateways.blits.codec import Command, Invalid, Said
from gateways.blits.conversation import Asker, Reached
from gateways.socket import Event, Followed, GatewaySocket, Request
from realtime.consumer import MESSAGES, Frame
from tenants.errors import BadRequest, LiveChatError
from tenants.executor import run_in_db_thread
from tenants.models import Credential
from widgets.callers import caller_on_socket

# After these the conversation does not go on, not on another socket either.
ENDING = {"unauthorized", "tenant_suspended"}
WORKING = "The assistant is working on an answer."
CALLING = "The assistant is using {}."
WAITING = "A person of our team will answer."
# How a client closes that has heard all it wanted; one that is cut off may have missed the last.
GOODBYES = {1000, 1001, 1005}


@dataclass
class Told:
    """How far a client was told of a conversation, in which language, and whether of all of it."""

    seq: int
    language: str
    is_whole: bool

    @property
    def seen_seq(self) -> int:
        return self.seq if self.is_whole else 0


class BlitsSocket(GatewaySocket):
    """Says nothing of itself before a command: clients read acknowledgment, answer, answer."""

    protocol = "blits"
    auth_deadline = 60.0
    frame_limit = 15 * 1024 * 1024
    # A server may speak for all of its users on one connection.
    conversations_at_once = 100
    status_seconds = 2.0
    messages = {**MESSAGES, "auth_timeout": "No initialize came in time."}

    def __init__(self) -> None:
        super().__init__()
        self._token = ""
        # Sessions with which this client went on, and those that it has proved to be its own.
        self._proved: dict[UUID, SessionGrant] = {}
        self._readable: set[UUID] = set()
        # By the id of each conversation that is heard.
        self._told: dict[str, Told] = {}

    async def on_connect(self) -> None:
        await self.send_frame(codec.reply("connected", None, message="Send initialize."))

    async def on_object(self, frame: dict[str, Any]) -> None:
        try:
            await self._obey(codec.read_command(frame), frame)
        except Invalid as error:
            await self._refuse(frame, BadRequest(str(error), code="invalid"))
        except LiveChatError as error:
            await self._refuse(frame, error)

    def error_frame(self, code: str, message: str, retry_after: int | None) -> Frame:
        return codec.error(
            code,
            message,
            retry_after=retry_after,
            is_active=self._talks and code not in ENDING,
            conversation_id=self._conversation_id,
        )

    def on_said(self, message: dict[str, Any], requests: list[Request]) -> None:
        if requests or message["seq"] > self._told[message["conversationId"]].seq:
            # Who told messages apart waits for each; all others are told once.
            self._tell(message, [request.tag for request in requests if request.tag] or [None])

    def on_event(self, event: Event) -> None:
        call = event["data"]
        if event["type"] == "tool:call" and call["status"] == "started":
            asked = [r for r in self._requests if str(r.conversation_id) == call["conversationId"]]
            for request in asked[-1:]:
                self._tell_status("processing", CALLING.format(call["name"]), request)

    def on_no_answer(self, request: Request) -> None:
        self.say(codec.timed_out(str(request.conversation_id), request.tag))

    async def disconnect(self, code: int) -> None:
        channel = self.channel
        await super().disconnect(code)
        if channel is not None and code in GOODBYES:
            told = {key: one.seen_seq for key, one in self._told.items() if one.seen_seq}
            await run_in_db_thread(commands.note_seen, channel.tenant_id, told)

    @property
    def _conversation_id(self) -> str:
        return str(self.channel.conversation_id) if self.channel else ""

    def _is_here(self, command: Command) -> bool:
        return command.conversation_id in ("", self._conversation_id)

    @property
    def _talks(self) -> bool:
        return self.channel is not None and self.owner != Owner.CLOSED

    async def _obey(self, command: Command, frame: dict[str, Any]) -> None:
        obey = COMMANDS.get(command.name)
        if obey is None:
            raise BadRequest("Unknown command.", code="unknown_command")
        if not self.authenticated and command.name != "initialize":
            raise BadRequest("There is no conversation yet.", code="not_initialized")
        if command.name != "initialize":
            await self._prove(command)
        await obey(self, command, frame)

    async def _refuse(self, frame: dict[str, Any], error: LiveChatError) -> None:
        conversation_id, request_id = codec.echo(frame)
        is_this = conversation_id in ("", self._conversation_id) and error.status != 404
        body = codec.error(
            error.code,
            error.message,
            retry_after=error.retry_after,
            is_active=self._talks and is_this,
            conversation_id=conversation_id or self._conversation_id,
            request_id=request_id,
        )
        await self.send_frame(body)

    # Commands.

    async def _initialize(self, command: Command, frame: dict[str, Any]) -> None:
        opening = codec.read_opening(frame)
        asker = self._asker(command, here=False)
        reached, fields = await run_in_db_thread(commands.initialize, asker, opening)
        self.admit()
        # What is said from now on waits until what was said before is told.
        with self.holding():
            self._stand_in(reached, command.token)
            await self._turn_to(reached)
            await self._answer(command, **fields, supportsSttStreaming=False)

    async def _message(self, command: Command, frame: dict[str, Any]) -> None:
        said = codec.read_message(frame)
        asker = self._asker(command)
        if said.speech:
            raise BadRequest("Speech is not supported.", code="speech_not_supported")
        if asker.conversation_id != self._conversation_id:
            await self._change_over(asker)
        if said.is_opening and said.is_empty:
            await self._open_up(asker, said, command.request_id)
        else:
            await self._ask(asker, said, command.request_id)

    async def _is_active(self, command: Command, frame: dict[str, Any]) -> None:
        asker = self._asker(command)
        active = await run_in_db_thread(commands.check_active, asker)
        await self._answer(command, active=active, conversationId=asker.conversation_id)

    async def _load_history(self, command: Command, frame: dict[str, Any]) -> None:
        asker = self._asker(command, here=not command.user_id)
        said = await run_in_db_thread(commands.load_history, asker)
        await self._answer(command, **_about(asker), chatHistory=codec.history(said))

    async def _delete_history(self, command: Command, frame: dict[str, Any]) -> None:
        asker = self._asker(command, here=not command.user_id)
        tenant_id, ids = await run_in_db_thread(commands.erasable, asker)
        # What was allowed is done to the end, and others get at the database meanwhile.
        for conversation_id in ids:
            await run_in_db_thread(commands.erase, tenant_id, conversation_id)
        await self._answer(command, **_about(asker))

    async def _set_variables(self, command: Command, frame: dict[str, Any]) -> None:
        variables = codec.read_variables(frame)
        await run_in_db_thread(commands.set_variables, self._asker(command), variables)
        await self._answer(command)

    async def _debug(self, command: Command, frame: dict[str, Any]) -> None:
        asker = self._asker(command)
        found = await run_in_db_thread(commands.debug, asker)
        await self._answer(command, conversationId=asker.conversation_id, **found)

    async def _stream_speech(self, command: Command, frame: dict[str, Any]) -> None:
        await run_in_db_thread(commands.reach, self._asker(command))
        raise BadRequest("Speech is not supported.", code="speech_not_supported")

    # What they have in common.

    def _asker(self, command: Command, *, here: bool = True) -> Asker:
        """``here`` takes a command that names no conversation to be about this socket's."""
        return Asker(
            caller_on_socket(self.scope, token=command.token, secret=command.secret),
            command.conversation_id or (self._conversation_id if here else ""),
            command.user_id,
            frozenset(self._proved),
            frozenset(self._readable),
        )

    async def _answer(self, command: Command, **fields: Any) -> None:
        await self.send_frame(codec.reply(command.name, command.request_id, **fields))

    async def _prove(self, command: Command) -> None:
        """Stand for another token from now on, if it reaches the same conversation."""
        if command.token == self._token or not self._is_here(command):
            return
        reached = await run_in_db_thread(commands.reach, self._asker(command))
        self._stand_in(reached, command.token)

    def _stand_in(self, reached: Reached, token: str) -> None:
        """Stand for this token from now on, and leave what only another one is known to reach."""
        if token != self._token:
            for followed in tuple(self._followed.values()):
                if followed.channel != reached.channel:
                    self._leave(followed)
        self._token = token
        tenant_id = reached.grant.tenant_id
        self._proved = {key: one for key, one in self._proved.items() if one.tenant_id == tenant_id}
        if reached.grant.kind == Credential.Kind.BUBBLE_TOKEN:
            session_id = reached.session.session_id
            # What was proved first: a secret that was changed since then ends this socket.
            self._proved.setdefault(session_id, reached.session)
            if reached.may_read:
                self._readable.add(session_id)
        self.stand_for(reached.grant, *self._proved.values())

    async def _turn_to(self, reached: Reached) -> None:
        """Hear this conversation from now on; up to now the client is told of it otherwise."""
        key = str(reached.channel.conversation_id)
        self._told[key] = Told(reached.message_seq, reached.language, reached.may_read)
        await self.follow(reached.channel, owner=reached.owner, after=reached.position)

    def _leave(self, followed: Followed) -> None:
        super()._leave(followed)
        key, tenant_id = str(followed.channel.conversation_id), followed.channel.tenant_id
        told = {key: self._told.pop(key).seen_seq}
        self.spawn(run_in_db_thread(commands.note_seen, tenant_id, told))

    async def _change_over(self, asker: Asker) -> None:
        """Go on in another conversation; if it was not heard, with what was said meanwhile."""
        reached, unseen = await run_in_db_thread(commands.join, asker)
        with self.holding():
            self._stand_in(reached, asker.caller.token)
            if reached.channel.feed in self._followed:
                await self.follow(reached.channel)
                return
            await self._turn_to(reached)
            for message in unseen:
                await self.send_frame(codec.answer(message, language=reached.language))

    async def _open_up(self, asker: Asker, said: Said, tag: str | None) -> None:
        """Have the opening message said, or say it again to whoever asks again."""
        with self.holding():
            self._tell(await run_in_db_thread(commands.open_up, asker, said), [tag])

    async def _ask(self, asker: Asker, said: Said, tag: str | None) -> None:
        seen_seq, greeting = self._told[self._conversation_id].seen_seq, None

        def store() -> Received:
            nonlocal greeting
            received, greeting = commands.receive(asker, said, seen_seq=seen_seq)
            return received

        with self.holding():
            await self.ask(store, tag=tag)
            if greeting is not None:
                self._tell(greeting, [tag])
            loop = asyncio.get_running_loop()
            loop.call_later(self.status_seconds, self._tell_waiting, self._requests[-1])

    def _tell(self, message: dict[str, Any], tags: Iterable[str | None]) -> None:
        told = self._told[message["conversationId"]]
        told.seq = max(told.seq, message["seq"])
        told.language = message.get("language") or told.language
        for tag in tags:
            self.say(codec.answer(message, language=told.language, request_id=tag))

    def _tell_waiting(self, request: Request) -> None:
        if request not in self._requests:
            return
        if self._followed[request.conversation_id].owner == Owner.BOT:
            self._tell_status("processing", WORKING, request)
        else:
            self._tell_status("waiting", WAITING, request)

    def _tell_status(self, status: str, text: str, request: Request) -> None:
        self.say(codec.status(status, text, str(request.conversation_id), request.tag))


def _about(asker: Asker) -> dict[str, Any]:
    """What a command about histories was about."""
    named = {"conversationId": asker.conversation_id, "userId": asker.user_id}
    return {name: value for name, value in named.items() if value}


COMMANDS: dict[str, Callable[[BlitsSocket, Command, dict[str, Any]], Awaitable[None]]] = {
    "initialize": BlitsSocket._initialize,
    "message": BlitsSocket._message,
    "streamUserSpeech": BlitsSocket._stream_speech,
    "isActive": BlitsSocket._is_active,
    "loadHistory": BlitsSocket._load_history,
    "deleteHistory": BlitsSocket._delete_history,
    "stateVariables": BlitsSocket._set_variables,
    "debug": BlitsSocket._debug,
}
