"""Blits' socket at ``/``: one conversation at a time, spoken in commands."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from conversations.engine import Received
from conversations.models import AuthorKind, Owner
from gateways.blits import codec, commands
from gateways.blits.codec import Command, Invalid, Said
from gateways.blits.commands import Asker, Reached
from gateways.socket import Event, GatewaySocket, Request
from realtime.consumer import MESSAGES, Frame
from realtime.log import Channel
from tenants.errors import BadRequest, Conflict, LiveChatError
from tenants.executor import run_in_db_thread
from tenants.models import Credential
from widgets.callers import caller_on_socket

# After these the conversation does not go on, not on another socket either.
ENDING = {"unauthorized", "tenant_suspended"}
WORKING = "The assistant is working on an answer."
CALLING = "The assistant is using {}."
WAITING = "A person of our team will answer."


class BlitsSocket(GatewaySocket):
    """Says nothing of itself before a command: clients read acknowledgment, answer, answer."""

    auth_deadline = 60.0
    frame_limit = 15 * 1024 * 1024
    status_seconds = 2.0
    messages = {**MESSAGES, "auth_timeout": "No initialize came in time."}

    def __init__(self) -> None:
        super().__init__()
        self._token = ""
        # Sessions that this client has proved to be its own; how far it knows the history.
        self._proved: set[UUID] = set()
        self._known_seq = 0
        # Opening messages to be heard, and who asked for each.
        self._greetings: dict[str, str | None] = {}
        self._speaking = asyncio.Lock()

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
        if message["seq"] <= self._known_seq and not requests:
            return
        if message["id"] in self._greetings:
            tags = [self._greetings.pop(message["id"])]
        else:
            # Who told messages apart waits for each; all others are told once.
            tags = [request.tag for request in requests if request.tag] or [None]
        self.spawn(self._say(self._here, message, tags))

    def on_event(self, event: Event) -> None:
        if event["type"] == "tool:call" and event["data"]["status"] == "started":
            for request in self._requests[-1:]:
                self._tell_status("processing", CALLING.format(event["data"]["name"]), request)

    def on_no_answer(self, request: Request) -> None:
        self.say(codec.timed_out(self._conversation_id, request.tag))

    @property
    def _conversation_id(self) -> str:
        return str(self.channel.conversation_id) if self.channel else ""

    @property
    def _here(self) -> Channel:
        assert self.channel is not None
        return self.channel

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
            said = await self._move_to(reached, command.token)
            fields["chatHistory"] = codec.history(said)
            await self._answer(command, **fields)

    async def _message(self, command: Command, frame: dict[str, Any]) -> None:
        said = codec.read_message(frame)
        asker = self._asker(command)
        if said.speech:
            raise BadRequest("Speech is not supported.", code="speech_not_supported")
        if asker.command.conversation_id != self._conversation_id:
            await self._change_over(asker)
        if said.is_opening and said.is_empty:
            await self._open_up(asker, said)
        else:
            await self._ask(asker, said)

    async def _is_active(self, command: Command, frame: dict[str, Any]) -> None:
        asker = self._asker(command)
        active = await run_in_db_thread(commands.check_active, asker)
        await self._answer(command, active=active, conversationId=asker.command.conversation_id)

    async def _load_history(self, command: Command, frame: dict[str, Any]) -> None:
        asker = self._asker(command, here=not command.user_id)
        said = await run_in_db_thread(commands.load_history, asker)
        await self._answer(command, **_about(asker.command), chatHistory=codec.history(said))

    async def _delete_history(self, command: Command, frame: dict[str, Any]) -> None:
        asker = self._asker(command, here=not command.user_id)
        await run_in_db_thread(commands.delete_history, asker)
        await self._answer(command, **_about(asker.command))

    async def _set_variables(self, command: Command, frame: dict[str, Any]) -> None:
        variables = codec.read_variables(frame)
        await run_in_db_thread(commands.set_variables, self._asker(command), variables)
        await self._answer(command)

    async def _debug(self, command: Command, frame: dict[str, Any]) -> None:
        asker = self._asker(command)
        found = await run_in_db_thread(commands.debug, asker)
        await self._answer(command, conversationId=asker.command.conversation_id, **found)

    async def _stream_speech(self, command: Command, frame: dict[str, Any]) -> None:
        await run_in_db_thread(commands.reach, self._asker(command))
        raise BadRequest("Speech is not supported.", code="speech_not_supported")

    # What they have in common.

    def _asker(self, command: Command, *, here: bool = True) -> Asker:
        """``here`` takes a command that names no conversation to be about this socket's."""
        if here and not command.conversation_id:
            command = replace(command, conversation_id=self._conversation_id)
        caller = caller_on_socket(self.scope, token=command.token, secret=command.secret)
        return Asker(caller, command, frozenset(self._proved))

    async def _answer(self, command: Command, **fields: Any) -> None:
        await self.send_frame(codec.reply(command.name, command.request_id, **fields))

    async def _prove(self, command: Command) -> None:
        """Stand for another token from now on, if it reaches the same conversation."""
        if command.token == self._token or not self._is_here(command):
            return
        reached = await run_in_db_thread(commands.reach, self._asker(command))
        self.stand_for(reached.grant)
        self._token = command.token

    async def _move_to(self, reached: Reached, token: str) -> list[dict[str, Any]]:
        """Hear this conversation from now on; what was said in it before that."""
        self._token = token
        if reached.grant.kind == Credential.Kind.BUBBLE_TOKEN:
            self._proved.add(reached.session_id)
        self.stand_for(reached.grant)
        await self.follow(reached.channel, owner=reached.owner)
        said = await run_in_db_thread(commands.transcript, reached.channel)
        self._known_seq = said[-1]["seq"] if said else 0
        return said

    async def _change_over(self, asker: Asker) -> None:
        """Go on in another conversation, unless this one's answer is still to come."""
        reached = await run_in_db_thread(commands.reach, asker)
        if self._requests and self.owner == Owner.BOT:
            raise Conflict("An answer in another conversation is awaited.", code="answer_awaited")
        with self.holding():
            said = await self._move_to(reached, asker.caller.token)
            for message in said:
                if message["seq"] > reached.message_seq and not _is_visitors(message):
                    self.spawn(self._say(reached.channel, message, [None]))

    async def _open_up(self, asker: Asker, said: Said) -> None:
        """Have the opening message said, or say it again to whoever asks again."""
        tag = asker.command.request_id
        with self.holding():
            message, is_new = await run_in_db_thread(commands.open_up, asker, said)
            if is_new:
                self._greetings[message["id"]] = tag
            else:
                self.spawn(self._say(self._here, message, [tag]))

    async def _ask(self, asker: Asker, said: Said) -> None:
        tag = asker.command.request_id

        def store() -> Received:
            received, greeting_id = commands.receive(asker, said)
            if greeting_id is not None:
                self._greetings[str(greeting_id)] = tag
            return received

        received = await self.ask(store, tag=tag)
        for request in self._requests:
            if request.seq == received.seq:
                loop = asyncio.get_running_loop()
                loop.call_later(self.status_seconds, self._tell_waiting, request)

    def _tell_waiting(self, request: Request) -> None:
        if request not in self._requests:
            return
        if self.owner == Owner.BOT:
            self._tell_status("processing", WORKING, request)
        else:
            self._tell_status("waiting", WAITING, request)

    def _tell_status(self, status: str, text: str, request: Request) -> None:
        self.say(codec.status(status, text, self._conversation_id, request.tag))

    async def _say(
        self, channel: Channel, message: dict[str, Any], tags: Sequence[str | None]
    ) -> None:
        # One at a time, as looking the language up must not change the order.
        async with self._speaking:
            language = await run_in_db_thread(commands.language_of, channel)
            for tag in tags:
                self.say(codec.answer(message, language=language, request_id=tag))


def _is_visitors(message: dict[str, Any]) -> bool:
    return bool(message["author"]["kind"] == AuthorKind.VISITOR)


def _about(command: Command) -> dict[str, Any]:
    """What a command about histories was about."""
    named = {"conversationId": command.conversation_id, "userId": command.user_id}
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
