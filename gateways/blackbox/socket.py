"""BlackBox's two sockets: ``webCall`` for pages, ``dev`` for servers."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from conversations.announcements import timestamp
from conversations.models import AuthorKind, Owner
from gateways.blackbox import codec, door
from gateways.blackbox.door import Ending, Entrance, Joined, Past
from gateways.socket import Event, GatewaySocket, Request
from realtime.consumer import CLOSE_CODES, MESSAGES, Frame
from tenants.errors import BadRequest, Forbidden, LiveChatError, NotFound, Unauthorized
from tenants.executor import run_in_db_thread
from widgets.callers import Caller, caller_on_socket

CLOSES = {**CLOSE_CODES, 400: 4400}


class BlackBoxSocket(GatewaySocket):
    """One conversation: initialised once, then talked in until either side ends it."""

    protocol = "blackbox"
    auth_deadline = 10.0
    messages = {**MESSAGES, "auth_timeout": codec.NO_INIT, "too_large": codec.TOO_LARGE}
    # The parameter of the address that holds the credential, and who it lets in.
    parameter = ""
    enter: Callable[[str, Caller], Entrance]

    def __init__(self) -> None:
        super().__init__()
        self.entrance: Entrance | None = None
        self.joined: Joined | None = None
        self.channel_id: str | None = None
        self.is_ending = False
        self._caller = Caller()
        self._is_writing = False
        self._storing = asyncio.Lock()

    # What the client says.

    async def on_connect(self) -> None:
        self._caller = caller_on_socket(self.scope, token="", secret="")
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        try:
            (credential, *_) = query.get(self.parameter, [""])
            if not credential:
                raise Unauthorized(codec.MISSING_TOKEN)
            self.entrance = await run_in_db_thread(type(self).enter, credential, self._caller)
        except LiveChatError as error:
            await self._refuse(error)
        else:
            self.stand_for(self.entrance.grant)

    async def on_object(self, frame: dict[str, Any]) -> None:
        try:
            command = codec.parse(frame)
        except codec.Malformed as why:
            await self._end_as_malformed(f"{codec.MALFORMED}: {why}")
            return
        if self.joined is None:
            await self._initialize(command)
        elif not self.is_ending:
            await self._obey(self.joined, command)

    async def count_malformed(self) -> None:
        await self._end_as_malformed(codec.MALFORMED)

    async def _initialize(self, command: codec.Command) -> None:
        self._stop_deadline()
        assert self.entrance is not None
        try:
            if not isinstance(command, codec.Initialize):
                raise Unauthorized(codec.NO_INIT)
            _require_enabled(self.entrance, command.call_type)
            joined, past = await run_in_db_thread(door.join, self.entrance, self._caller, command)
        except LiveChatError as error:
            await self._refuse(error)
        else:
            self.joined = joined
            self.admit()
            await self._welcome(joined, past)

    async def _welcome(self, joined: Joined, past: Past) -> None:
        await self.send_frame(
            codec.connection(joined.record_id, at=_now(), session_secret=joined.secret)
        )
        await self.send_frame(codec.event("opened", at=_now()))
        for message in past.said:
            await self.send_frame(codec.text(message))
        for call in past.waiting:
            self._ask_for(joined, call)
        await self.follow(joined.channel, owner=joined.owner, after=joined.position)

    async def _obey(self, joined: Joined, command: codec.Command) -> None:
        match command:
            case codec.ChatMessage():
                await self._store(joined, command)
            case codec.ToolResponse():
                answer = {"result": command.result}
                await run_in_db_thread(door.answer_call, joined, command.call_id, answer)
            case codec.Terminate():
                await self._terminate(joined)
            case codec.SdpAnswer():
                raise BadRequest(codec.NO_CALL_TO_ANSWER)
            case codec.Unknown():
                raise BadRequest(codec.UNKNOWN_TYPE)
            case codec.Initialize():
                raise BadRequest(codec.SECOND_INIT)

    async def _store(self, joined: Joined, message: codec.ChatMessage) -> None:
        # It opens what was closed: whether that was the end is decided before it or after it.
        async with self._storing:
            if not self.is_ending:
                self.channel_id = message.channel_id or self.channel_id
                await self.ask(partial(door.receive, joined, self._caller, message.text))

    # What is heard in the conversation.

    def on_said(self, message: dict[str, Any], requests: list[Request]) -> None:
        self._stop_writing()
        self._tell(message)

    def on_own_message(self, message: dict[str, Any]) -> None:
        self._tell(message)

    def on_owner(self, owner: str, conversation_id: UUID) -> None:
        if owner == Owner.CLOSED and not self.is_ending:
            self.hold_for(self._tell_end)

    def on_event(self, event: Event) -> None:
        joined, data = self.joined, event["data"]
        if joined is None or self.is_ending:
            return
        match event["type"]:
            case "tool:request":
                self._ask_for(joined, data)
            case "tool:call" if joined.entrance.is_servers:
                self.hold_for(partial(self._tell_whole_call, joined, data))
            case "tool:call":
                # A page's visitor learns that something is done, not with what or what it gave.
                self._tell_call(data, {}, None)
            case "typing" if data["author"]["kind"] == AuthorKind.AGENT:
                self._tell_typing(data["typing"])
            case "message:delta" if data["index"] == 0 and not self._is_writing:
                self._is_writing = True
                self._tell_typing(True)

    def on_no_answer(self, request: Request) -> None:
        self._stop_writing()
        self.say(codec.error(codec.NO_ANSWER, at=_now(), channel_id=self.channel_id))

    def _tell(self, message: dict[str, Any]) -> None:
        if not self.is_ending:
            self.say(codec.text(message, channel_id=self.channel_id))

    def _stop_writing(self) -> None:
        """What the assistant was writing is told, or is not wanted any more."""
        if self._is_writing:
            self._is_writing = False
            self._tell_typing(False)

    def _tell_typing(self, typing: bool) -> None:
        data = {"typing": typing}
        self.say(codec.event("typing", at=_now(), channel_id=self.channel_id, data=data))

    def _ask_for(self, joined: Joined, call: dict[str, Any]) -> None:
        """Have the client run a tool, if it is one of those that run there."""
        if joined.entrance.runs(call["name"]):
            self.say(
                codec.tool_request(
                    call["id"],
                    call["name"],
                    call["args"],
                    at=_now(),
                    channel_id=self.channel_id,
                )
            )
        else:
            self.spawn(self._decline(joined, call["id"]))

    async def _decline(self, joined: Joined, call_id: str) -> None:
        """Let the assistant go on at once with the tool's fallback result."""
        # Another socket of the conversation may have answered already.
        with suppress(LiveChatError):
            answer = {"error": "This web integration does not run the tool."}
            await run_in_db_thread(door.answer_call, joined, call_id, answer)

    async def _tell_whole_call(self, joined: Joined, data: dict[str, Any]) -> None:
        call = await run_in_db_thread(door.call_of, joined, data["id"])
        if call is not None and not self.is_ending:
            self._tell_call(data, dict(call.args), call.result)

    def _tell_call(self, data: dict[str, Any], args: dict[str, Any], result: str | None) -> None:
        told: dict[str, Any] = {"at": _now(), "channel_id": self.channel_id}
        if data["status"] == "started":
            self.say(codec.tool_call(data["id"], data["name"], args, **told))
        else:
            self.say(codec.tool_call_result(data["id"], data["name"], result, **told))

    # How it ends.

    async def _terminate(self, joined: Joined) -> None:
        self.is_ending = True
        try:
            ending = await run_in_db_thread(door.end, joined)
        except LiveChatError as error:
            await self._refuse(error)
        else:
            await self._finish(joined, ending)

    async def _tell_end(self) -> None:
        joined = self.joined
        assert joined is not None
        async with self._storing:
            ending = await run_in_db_thread(door.ending_of, joined)
            if ending is None or self.is_ending:
                return
            self.is_ending = True
        await self._finish(joined, ending)

    async def _finish(self, joined: Joined, ending: Ending) -> None:
        result = codec.conversation_result(
            joined.record_id,
            ending.agent_id,
            seconds=ending.seconds,
            at=_now(),
            channel_id=self.channel_id,
            summary=ending.summary,
        )
        closed = codec.event("closed", at=_now(), channel_id=self.channel_id)
        await self.end_with(codec.CLOSED_NORMALLY, result, closed)

    async def _refuse(self, error: LiveChatError) -> None:
        close_code = CLOSES.get(error.status, 4401)
        await self.fail(error.code, close_code, message=error.message)

    async def _end_as_malformed(self, message: str) -> None:
        # Only our own server can send this code.
        is_ours = self.transport is not None
        close_code = codec.CLOSED_AS_MALFORMED if is_ours else codec.CLOSED_AS_MALFORMED_ELSEWHERE
        await self.fail("malformed_frame", close_code, message=message)

    def _revoke(self, code: str, close_code: int) -> None:
        self.spawn(self.fail(code, close_code, message=codec.INVALID_TOKEN))

    def error_frame(self, code: str, message: str, retry_after: int | None) -> Frame:
        return codec.error(message, at=_now(), channel_id=self.channel_id)


class WebCallSocket(BlackBoxSocket):
    """``/api/v1/ws/webCall?token=``: a page, by a web integration's token."""

    parameter = "token"
    enter = staticmethod(door.enter_by_token)


class DevSocket(BlackBoxSocket):
    """``/api/v1/ws/dev?authorization=``: a server, by an API key, which tries what is staged."""

    parameter = "authorization"
    enter = staticmethod(door.enter_by_key)


def _require_enabled(to: Entrance, call_type: str) -> None:
    if call_type not in to.call_types:
        raise Forbidden(codec.NOT_ENABLED)
    if call_type != codec.CHAT:
        raise NotFound(codec.NO_VOICE)


def _now() -> str:
    return timestamp(datetime.now(UTC))
