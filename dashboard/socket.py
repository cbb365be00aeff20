"""``/api/ws/tenant``: what happens in a tenant, live, to one of its members."""

import asyncio
import logging
import time
from typing import Any
from uuid import UUID

from django.conf import settings

from conversations import availability, queries
from conversations.errors import conversation_not_found
from realtime import guard
from realtime.consumer import SocketConsumer
from realtime.ephemeral import whisper
from realtime.feeds import hub
from realtime.log import Channel
from tenants import sessions
from tenants.errors import BadRequest, Forbidden, LiveChatError, Unauthorized
from tenants.executor import run_in_db_thread
from tenants.ids import parse_uuid
from tenants.network import normal_origin
from tenants.outages import FAILURES
from tenants.scope import tenant_scope
from tenants.sessions import MemberGrant

logger = logging.getLogger(__name__)

EXPIRY_GRACE_SECONDS = 5.0
PRESENCES = ("online", "away", "offline")
NOWHERE = -1


class TenantSocket(SocketConsumer):
    """One member's socket, for as long as its newest access token and its session last."""

    protocol = "tenant"
    grant: MemberGrant | None = None

    def __init__(self) -> None:
        super().__init__()
        self._channel: Channel | None = None
        self._watched: guard.Watched | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._renewal: asyncio.TimerHandle | None = None

    async def authenticate(self, frame: dict[str, Any]) -> None:
        self._require_own_origin()
        self.grant = await self._verify(frame)

    async def welcome(self, frame: dict[str, Any]) -> None:
        assert self.grant is not None
        self._stand_for(self.grant)
        self._channel = channel = Channel(self.grant.tenant_id)
        position = await hub().position(channel)
        after = position if frame.get("lastEventId") is None else _number(frame["lastEventId"])
        await self._confirm(after if 0 <= after <= position else position)
        await self._be_present()
        await hub().subscribe(channel, self.deliver, self.send_frame, after=after)

    async def on_frame(self, frame: dict[str, Any]) -> None:
        match frame.get("type"):
            case "auth":
                await self._extend(frame)
            case "typing":
                await self._type(frame)
            case "viewing":
                await self._view(frame)
            case "presence":
                await self._tell_presence(frame)
            case _:
                raise BadRequest("Unknown type of frame.", code="unknown_type")

    async def disconnect(self, code: int) -> None:
        self._stand_down()
        # Presence lapses by itself: another tab may be open, or this one come back.
        if self._renewal is not None:
            self._renewal.cancel()
        if self._channel is not None:
            hub().unsubscribe(self._channel, self.deliver)

    async def _verify(self, frame: dict[str, Any]) -> MemberGrant:
        token = frame.get("token")
        if not isinstance(token, str):
            raise Unauthorized("A token is required.")
        return await run_in_db_thread(sessions.verify_access, token)

    async def _confirm(self, position: int) -> None:
        assert self.grant is not None
        data = {
            "tenantId": str(self.grant.tenant_id),
            "userId": str(self.grant.user_id),
            "lastEventId": position,
        }
        await self.send_frame({"type": "auth:ok", "data": data})

    async def _extend(self, frame: dict[str, Any]) -> None:
        """Go on with a fresh token of the same member; anybody else's ends the socket."""
        assert self.grant is not None
        assert self._channel is not None
        try:
            fresh = await self._verify(frame)
            if fresh.membership_id != self.grant.membership_id:
                raise Unauthorized("This token is another member's.", code="other_member")
        except LiveChatError as error:
            await self.fail_with(error)
            return
        self._stand_for(fresh)
        await self._confirm(await hub().position(self._channel))

    def _stand_for(self, grant: MemberGrant) -> None:
        """Watch over this grant from now on, instead of an earlier one."""
        self._stand_down()
        self.grant = grant
        self._watched = guard.watch([grant], self._revoke)
        seconds = grant.expires_at.timestamp() - time.time() + EXPIRY_GRACE_SECONDS
        self._expiry = asyncio.get_running_loop().call_later(seconds, self._expire)

    def _stand_down(self) -> None:
        if self._watched is not None:
            self._watched.release()
            self._watched = None
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def _revoke(self, code: str, close_code: int) -> None:
        self.spawn(self.fail(code, close_code, message="These credentials are no longer valid."))

    def _expire(self) -> None:
        self.spawn(self.fail("token_expired", 4401, message="The access token has expired."))

    async def _be_present(self) -> None:
        """Note that the member is there, now and for as long as the socket lasts."""
        assert self.grant is not None
        try:
            await run_in_db_thread(
                availability.renew, self.grant.tenant_id, self.grant.membership_id
            )
        except FAILURES:
            # Not worth the socket: it is only early, and the next time comes soon.
            logger.warning("A member's presence could not be noted")
        if not self.closed:
            loop = asyncio.get_running_loop()
            self._renewal = loop.call_later(
                availability.SOCKET_RENEWS_SECONDS, lambda: self.spawn(self._be_present())
            )

    async def _type(self, frame: dict[str, Any]) -> None:
        conversation_id = await self._conversation(frame.get("conversationId"))
        typing = frame.get("typing") is not False
        data = {"conversationId": str(conversation_id), "typing": typing}
        self._whisper("typing", data, conversation_id)

    async def _view(self, frame: dict[str, Any]) -> None:
        """Tell the team what the member looks at; clients say so again every 20 seconds."""
        conversation_id = None
        if frame.get("conversationId") is not None:
            conversation_id = str(await self._conversation(frame["conversationId"]))
        self._whisper("viewing", {"conversationId": conversation_id}, None)

    async def _tell_presence(self, frame: dict[str, Any]) -> None:
        """Tell the team; and the visitor of a conversation, if the frame names one."""
        status = frame.get("status", "online")
        if status not in PRESENCES:
            raise BadRequest("The status is online, away or offline.", code="invalid_status")
        conversation_id = None
        if frame.get("conversationId") is not None:
            conversation_id = await self._conversation(frame["conversationId"])
        self._whisper("presence", {"status": status}, conversation_id)

    async def _conversation(self, conversation_id: object) -> UUID:
        """The id of a conversation of this tenant. Raises NotFound for any other."""
        assert self.grant is not None
        found = parse_uuid(conversation_id)
        if found is None or not await run_in_db_thread(_exists, self.grant.tenant_id, found):
            raise conversation_not_found()
        return found

    def _whisper(self, type: str, data: dict[str, Any], conversation_id: UUID | None) -> None:
        grant = self.grant
        assert grant is not None
        author = {"kind": "agent", "id": str(grant.membership_id), "name": grant.name}
        data = {**data, "author": author}
        whisper(grant.tenant_id, type, data, to_team=True, visitor_of=conversation_id)

    def _require_own_origin(self) -> None:
        """A page may hold a socket only if it is our own; programs send no origin."""
        headers = dict(self.scope["headers"])
        origin = headers.get(b"origin")
        if origin is None:
            return
        page = normal_origin(origin.decode("latin-1"))
        host = headers.get(b"host", b"").decode("latin-1")
        own = {normal_origin(settings.PUBLIC_URL)}
        own |= {normal_origin(f"{scheme}://{host}") for scheme in ("http", "https")}
        if page is None or page not in own:
            raise Forbidden("This origin is not allowed.", code="origin_not_allowed")


def _number(value: object) -> int:
    """An event's number, or for anything else one that no log has, so that a resync follows."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else NOWHERE


def _exists(tenant_id: UUID, conversation_id: UUID) -> bool:
    with tenant_scope(tenant_id):
        return queries.is_conversation(conversation_id)
