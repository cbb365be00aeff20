"""``/api/ws/chat``: one visitor's conversation, live."""

from typing import Any
from uuid import UUID

from rest_framework.exceptions import ValidationError

from conversations import engine, visitor_queries
from conversations.attendance import attendance
from conversations.engine import Received
from conversations.sessions import continue_session
from conversations.visits import SessionGrant, grant_of
from realtime import guard
from realtime.consumer import SocketConsumer
from realtime.ephemeral import whisper
from realtime.feeds import hub
from realtime.log import Channel
from tenants.credentials import Grant
from tenants.drf import translate
from tenants.errors import BadRequest, LiveChatError
from tenants.executor import run_in_db_thread
from tenants.models import Tenant
from tenants.scope import tenant_scope
from widgets.callers import Caller, caller_on_socket
from widgets.chat import ask, attending
from widgets.doors import entered
from widgets.inputs import AuthFrame, MessageFrame, ReadInput, TypingFrame, checked
from widgets.tool_results import take


class VisitorSocket(SocketConsumer):
    """Follows one conversation of a session: the one it names, the open one, or the next one."""

    protocol = "chat"

    def __init__(self) -> None:
        super().__init__()
        self._caller = Caller()
        self._label = ""
        self._known: int | None = None
        self._grant: Grant | None = None
        self._channel: Channel | None = None
        self._session: SessionGrant | None = None
        self._watched: guard.Watched | None = None
        self._held: list[str] | None = None
        self._is_attending = False

    async def authenticate(self, frame: dict[str, Any]) -> None:
        given = _checked(AuthFrame, frame)
        self._caller = caller_on_socket(
            self.scope, token=given["token"], secret=given["sessionSecret"]
        )
        self._label, self._known = given["sessionId"], given["lastEventId"]
        grant, self._session, conversation_id = await run_in_db_thread(
            _identify, self._caller, self._label, given["conversationId"]
        )
        self._grant = grant
        if conversation_id is not None:
            self._channel = Channel(grant.tenant_id, conversation_id)

    async def welcome(self, frame: dict[str, Any]) -> None:
        assert self._grant is not None
        assert self._session is not None
        self._watched = guard.watch([self._grant, self._session], self._revoke)
        if self._channel is None:
            hub().attend(self._grant.tenant_id)
            await self._confirm(None, 0)
            return
        position = await hub().position(self._channel)
        await self._confirm(self._channel.conversation_id, position)
        after = position if self._known is None else self._known
        await self._follow(self._channel, after=after)
        if self._known is None:
            await self._ask_again(self._channel)

    async def on_frame(self, frame: dict[str, Any]) -> None:
        match frame.get("type"):
            case "message":
                await self._take(frame)
            case "typing":
                await self._type(frame)
            case "read":
                await self._mark_seen(frame)
            case "tool:result":
                await self._take_result(frame)
            case _:
                raise BadRequest("Unknown type of frame.", code="unknown_type")

    async def disconnect(self, code: int) -> None:
        if self._watched is not None:
            self._watched.release()
        if self._channel is not None:
            self._leave(self._channel)

    async def _confirm(self, conversation_id: UUID | None, position: int) -> None:
        data: dict[str, Any] = {"lastEventId": position}
        if conversation_id is not None:
            data["conversationId"] = str(conversation_id)
        await self.send_frame({"type": "auth:ok", "data": data})

    async def _follow(self, channel: Channel, *, after: int) -> None:
        self._channel = channel
        attendance().come(channel)
        self._is_attending = True
        await hub().subscribe(channel, self._hear, self.send_frame, after=after)

    def _leave(self, channel: Channel) -> None:
        hub().unsubscribe(channel, self._hear)
        if self._is_attending:
            attendance().go(channel)
        self._is_attending = False

    def _hear(self, text: str) -> None:
        """Pass an event on, but not before the message that caused it is acknowledged."""
        if self._held is None:
            self.deliver(text)
        elif len(self._held) < self.held_limit:
            self._held.append(text)
        else:
            self.abort()

    def _release(self) -> None:
        held, self._held = self._held or [], None
        for text in held:
            self.deliver(text)

    async def _take(self, frame: dict[str, Any]) -> None:
        self._held = []
        try:
            given = _checked(MessageFrame, frame)
            received = await self._store(given)
            await self._acknowledge(given["messageId"], received)
        except LiveChatError as error:
            await self._refuse(error, messageId=frame.get("messageId"))
        finally:
            self._release()

    async def _store(self, given: dict[str, Any]) -> Received:
        body = {
            "sessionId": self._label,
            "message": given["text"],
            "attachments": given["attachments"],
            "flowName": given["flowName"],
            "language": given["language"],
            "variables": given["variables"],
            "additionalInput": given["additionalInput"],
            "newConversation": given["newConversation"],
            "useStagingVersion": given["useStagingVersion"],
            "conversationId": self._channel and str(self._channel.conversation_id),
            "handOverWhenSpent": True,
        }
        asked = await run_in_db_thread(
            ask,
            self._caller,
            lambda: body,
            key=given["messageId"],
            attend=attending(),
        )
        return asked.received

    async def _acknowledge(self, message_id: str, received: Received) -> None:
        data = {
            "messageId": message_id,
            "id": str(received.message_id),
            "seq": received.seq,
            "conversationId": str(received.conversation_id),
        }
        await self.send_frame({"type": "ack", "data": data})
        assert self._grant is not None
        channel = Channel(self._grant.tenant_id, received.conversation_id)
        if self._channel != channel:
            await self._turn_to(channel)

    async def _turn_to(self, channel: Channel) -> None:
        """Follow a conversation that a message began, instead of the one before."""
        if self._channel is not None:
            self._leave(self._channel)
            # Of the one before, and numbered by its count.
            self._held = []
        await self._follow(channel, after=0)

    async def _refuse(self, error: LiveChatError, **refused: object) -> None:
        frame = self.error_frame(error.code, error.message, error.retry_after)
        assert isinstance(frame, dict)
        await self.send_frame({**frame, **refused})

    async def _type(self, frame: dict[str, Any]) -> None:
        """Tell the team, and what is being written only where the tenant wants it to read along."""
        channel = self._channel
        text = _checked(TypingFrame, frame)["text"]
        if channel is None:
            return
        data: dict[str, Any] = {
            "conversationId": str(channel.conversation_id),
            "author": {"kind": "visitor"},
            "typing": frame.get("typing") is not False,
        }
        if text is not None and await run_in_db_thread(_sees_typing, channel.tenant_id):
            data["text"] = text
        whisper(channel.tenant_id, "typing", data, to_team=True)

    async def _mark_seen(self, frame: dict[str, Any]) -> None:
        seq = _checked(ReadInput, frame)["seq"]
        if self._channel is not None and seq is not None:
            await run_in_db_thread(
                _mark_seen, self._caller, self._label, self._channel.conversation_id, seq
            )

    async def _ask_again(self, channel: Channel) -> None:
        """Tell a page that knows no events yet what the one before it was asked to read."""
        for data in await run_in_db_thread(_waiting_tool_calls, channel):
            await self.send_frame({"type": "tool:request", "data": data})

    async def _take_result(self, frame: dict[str, Any]) -> None:
        call_id = frame.get("callId")
        conversation_id = self._channel.conversation_id if self._channel else None
        try:
            await run_in_db_thread(
                _take_result, self._caller, self._label, conversation_id, call_id, frame
            )
        except LiveChatError as error:
            await self._refuse(error, callId=call_id)
        else:
            await self.send_frame({"type": "ack", "data": {"callId": call_id}})

    def _revoke(self, code: str, close_code: int) -> None:
        self.spawn(self.fail(code, close_code, message="These credentials are no longer valid."))


def _identify(
    caller: Caller, label: str, conversation_id: str | None
) -> tuple[Grant, SessionGrant, UUID | None]:
    """The token's grant, the session's, and the conversation to follow if there is one yet."""
    with entered(caller) as door:
        session = continue_session(door.visitor(label))
        assert door.grant is not None
        if conversation_id is not None:
            found = visitor_queries.own_conversation(session, conversation_id)
            return door.grant, grant_of(session), found.id
        latest = visitor_queries.open_conversation(session)
        return door.grant, grant_of(session), latest.id if latest else None


def _mark_seen(caller: Caller, label: str, conversation_id: UUID | None, seq: int) -> None:
    with entered(caller) as door:
        session = continue_session(door.visitor(label))
        engine.mark_seen(engine.conversation_of(session, conversation_id), seq=seq)


def _sees_typing(tenant_id: UUID) -> bool:
    return Tenant.objects.filter(pk=tenant_id, sees_typing=True).exists()


def _waiting_tool_calls(channel: Channel) -> list[dict[str, Any]]:
    assert channel.conversation_id is not None
    with tenant_scope(channel.tenant_id):
        return visitor_queries.waiting_tool_calls(channel.conversation_id)


def _take_result(
    caller: Caller, label: str, conversation_id: UUID | None, call_id: object, given: object
) -> None:
    with entered(caller) as door:
        session = continue_session(door.visitor(label))
        try:
            take(session, conversation_id, call_id, given)
        except ValidationError as error:
            raise translate(error) from None


def _checked(kind: Any, frame: dict[str, Any]) -> dict[str, Any]:
    try:
        return checked(kind, frame)
    except ValidationError as error:
        raise translate(error) from None
