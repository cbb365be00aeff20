"""Blits' socket at ``/``: one conversation at a time, spoken in commands."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any
from uuid import UUID

from conversations.engine import Received
from conversations.models import Owner
from gateways.blits import codec, commands
from gateways.blits.codec import Command, Invalid, Said
from gateways.blits.conversation import Asker, Reached
from gateways.socket import Event, GatewaySocket, Request
from realtime.consumer import MESSAGES, Frame
from tenants.errors import BadRequest, Conflict, LiveChatError
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


class BlitsSocket(GatewaySocket):
    """Says nothing of itself before a command: clients read acknowledgment, answer, answer."""

    auth_deadline = 60.0
    frame_limit = 15 * 1024 * 1024
    status_seconds = 2.0
    messages = {**MESSAGES, "auth_timeout": "No initialize came in time."}

    def __init__(self) -> None:
        super().__init__()
        self._token = ""
        # Sessions with which this client went on, and those that it has proved to be its own.
        self._proved: set[UUID] = set()
        self._readable: set[UUID] = set()
        # How far it was told of the conversation, and in which language.
        self._told_seq, self._language = 0, ""
        # The opening message that was stored with the message that is being sent.
        self._greeting: Event | None = None

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
        if requests or message["seq"] > self._told_seq:
            # Who told messages apart waits for each; all others are told once.
            self._tell(message, [request.tag for request in requests if request.tag] or [None])

    def on_event(self, event: Event) -> None:
        if event["type"] == "tool:call" and event["data"]["status"] == "started":
            for request in self._requests[-1:]:
                self._tell_status("processing", CALLING.format(event["data"]["name"]), request)

    def on_no_answer(self, request: Request) -> None:
        self.say(codec.timed_out(self._conversation_id, request.tag))

    async def disconnect(self, code: int) -> None:
        if code in GOODBYES:
            await self._depart()
        await super().disconnect(code)

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
        admit = partial(self._require_answered, opening.conversation_id)
        reached, fields = await run_in_db_thread(commands.initialize, asker, opening, admit=admit)
        self.admit()
        # What is said from now on waits until what was said before is told.
        with self.holding():
            await self._move_to(reached, command.token)
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
        self.stand_for(reached.grant)
        self._token = command.token

    def _require_answered(self, conversation_id: str) -> None:
        """Raises Conflict for another conversation while an answer is awaited in this one."""
        is_awaited = self._requests and self.owner == Owner.BOT
        if is_awaited and conversation_id != self._conversation_id:
            raise Conflict("An answer in another conversation is awaited.", code="answer_awaited")

    async def _move_to(self, reached: Reached, token: str) -> None:
        """Hear this conversation from now on; up to now the client is told of it otherwise."""
        self._token = token
        if reached.grant.kind == Credential.Kind.BUBBLE_TOKEN:
            self._proved.add(reached.session_id)
            if reached.may_read:
                self._readable.add(reached.session_id)
        self.stand_for(reached.grant)
        if reached.channel != self.channel:
            await self._depart()
        self._told_seq, self._language = reached.message_seq, reached.language
        await self.follow(reached.channel, owner=reached.owner, after=reached.position)

    async def _depart(self) -> None:
        """Hear no more of the conversation, and note how far the client was told of it."""
        channel = self.channel
        self.unfollow()
        if channel is not None and self._told_seq:
            await run_in_db_thread(commands.note_seen, channel, self._told_seq)

    async def _change_over(self, asker: Asker) -> None:
        """Go on in another conversation, beginning with what was said there meanwhile."""
        reached, unseen = await run_in_db_thread(commands.join, asker)
        self._require_answered(asker.conversation_id)
        with self.holding():
            await self._move_to(reached, asker.caller.token)
            for message in unseen:
                await self.send_frame(codec.answer(message, language=self._language))

    async def _open_up(self, asker: Asker, said: Said, tag: str | None) -> None:
        """Have the opening message said, or say it again to whoever asks again."""
        with self.holding():
            self._tell(await run_in_db_thread(commands.open_up, asker, said), [tag])

    async def _ask(self, asker: Asker, said: Said, tag: str | None) -> None:
        with self.holding():
            await self.ask(partial(self._store, asker, said), tag=tag)
            if self._greeting is not None:
                self._tell(self._greeting, [tag])
            loop = asyncio.get_running_loop()
            loop.call_later(self.status_seconds, self._tell_waiting, self._requests[-1])

    def _store(self, asker: Asker, said: Said) -> Received:
        received, self._greeting = commands.receive(asker, said, seen_seq=self._told_seq)
        return received

    def _tell(self, message: dict[str, Any], tags: Iterable[str | None]) -> None:
        self._told_seq = max(self._told_seq, message["seq"])
        self._language = message.get("language") or self._language
        for tag in tags:
            self.say(codec.answer(message, language=self._language, request_id=tag))

    def _tell_waiting(self, request: Request) -> None:
        if request not in self._requests:
            return
        if self.owner == Owner.BOT:
            self._tell_status("processing", WORKING, request)
        else:
            self._tell_status("waiting", WAITING, request)

    def _tell_status(self, status: str, text: str, request: Request) -> None:
        self.say(codec.status(status, text, self._conversation_id, request.tag))


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
