"""Pages of willing tenants report where their visitors are, and hear what the team says to them."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from conversations import live_visitors, outreach
from conversations.live_visitors import Page
from conversations.models import VisitorSession
from conversations.sessions import secret_of, session_of_page
from realtime.ephemeral import whisper
from tenants import limits, rest
from tenants.errors import BadRequest, Unavailable
from tenants.executor import run_in_db_thread
from tenants.hot import HotView
from tenants.network import normal_origin
from tenants.per_loop import PerLoop
from widgets.callers import Caller, caller_of
from widgets.doors import Door, entered, opened
from widgets.inputs import PresenceInput, checked


@dataclass(frozen=True)
class Report:
    """What a page said, once it was let in."""

    tenant_id: UUID
    visitor_id: str
    page: Page
    has_left: bool
    is_demo: bool
    told: dict[str, Any] | None


class PresenceView(HotView):
    async def post(self, request: HttpRequest, widget_id: str) -> HttpResponse:
        caller = caller_of(request, widget_id)
        report, changed = await run_in_db_thread(_report, caller, partial(self.body, request))
        if changed:
            _announcers.get().note(report.tenant_id)
        return rest.reply({"success": True, "conversation": report.told})


class Announcer:
    """Tells teams that their boards have changed, each at most every two seconds."""

    def __init__(self) -> None:
        self._telling: dict[UUID, asyncio.Task[None]] = {}

    def note(self, tenant_id: UUID) -> None:
        if tenant_id not in self._telling:
            # In a context of its own: the request's ends long before.
            task = asyncio.create_task(self._tell(tenant_id), context=Context())
            self._telling[tenant_id] = task

    async def _tell(self, tenant_id: UUID) -> None:
        """Later than this change, so that what follows it closely is told with it."""
        try:
            is_told = False
            while not is_told:
                await asyncio.sleep(live_visitors.TELL_SECONDS)
                is_told = await run_in_db_thread(live_visitors.claim_telling, tenant_id)
            whisper(tenant_id, "visitors", {}, to_team=True)
        except Unavailable:
            # Without Redis nobody would hear of it.
            pass
        finally:
            del self._telling[tenant_id]


_announcers = PerLoop(Announcer)


def _report(caller: Caller, read: Callable[[], dict[str, Any]]) -> tuple[Report, bool]:
    report = _read(caller, read)
    limits.hit(limits.PRESENCE_PER_IP, report.tenant_id, caller.ip, exempt=report.is_demo)
    try:
        return report, _note(report)
    except Unavailable:
        # It is said again in half a minute.
        return report, False


def _read(caller: Caller, read: Callable[[], dict[str, Any]]) -> Report:
    """A token says which bubble is meant, but nobody needs one."""
    way_in = entered if caller.token else opened
    with way_in(caller) as door:
        given = checked(PresenceInput, read())
        bubble = door.bubble
        if not bubble.presence_ping:
            raise BadRequest("This bubble reports no visitors.", code="presence_off")
        visitor_id = live_visitors.page_id(bubble.id, given["visitorId"])
        session = session_of_page(bubble.id, visitor_id, secret=caller.secret)
        page = Page(
            url=_own_address(caller, given["url"]),
            title=given["title"],
            bubble_id=str(bubble.id),
            session_id=str(session.id) if session else None,
        )
        told = _told(door, session) if session else None
        return Report(door.tenant_id, visitor_id, page, given["left"], door.is_demo, told)


def _note(report: Report) -> bool:
    if report.has_left:
        session_id = report.page.session_id
        return live_visitors.forget(
            report.tenant_id, report.visitor_id, UUID(session_id) if session_id else None
        )
    return live_visitors.note(report.tenant_id, report.visitor_id, report.page)


def _told(door: Door, session: VisitorSession) -> dict[str, Any] | None:
    """What the team has begun, with what opens it; nothing to whom the site must vouch for."""
    if door.bubble.identity_required and not session.is_verified:
        return None
    conversation_id = outreach.unheard_of(session)
    if conversation_id is None:
        return None
    return {
        "sessionId": session.label,
        "sessionSecret": secret_of(session),
        "conversationId": str(conversation_id),
    }


def _own_address(caller: Caller, url: str) -> str:
    """A page names addresses of its own site, and no other for the team to open."""
    parts = urlsplit(url)
    site = normal_origin(f"{parts.scheme}://{parts.netloc}") if url else None
    is_own = caller.origin is None or site == normal_origin(caller.origin)
    return url if site and is_own else ""
