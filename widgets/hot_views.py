"""The three endpoints that every page calls: chat, track and config."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from conversations.replies import wait_for_outcome
from tenants import rest
from tenants.executor import run_in_db_thread
from tenants.hot import HotView
from widgets import sightings
from widgets.bubbles import config_of
from widgets.callers import Caller, caller_of
from widgets.chat import ask, attending, chat_body
from widgets.doors import entered, opened
from widgets.inputs import TrackInput, checked
from widgets.models import TrackEvent


class ChatView(HotView):
    # The longest message, in the most wasteful spelling that JSON allows.
    max_body = 128 * 1024

    async def post(self, request: HttpRequest, widget_id: str) -> HttpResponse:
        asked = await run_in_db_thread(
            ask,
            caller_of(request, widget_id),
            partial(self.body, request),
            key=request.headers.get("Idempotency-Key"),
            attend=attending(),
        )
        seconds = settings.CHAT_WAIT_SECONDS if asked.waits else 0
        outcome = await wait_for_outcome(asked.tenant_id, asked.received, seconds=seconds)
        return rest.reply(chat_body(asked, outcome), status=202 if outcome.is_pending else 200)


class TrackView(HotView):
    async def post(self, request: HttpRequest, widget_id: str) -> HttpResponse:
        caller = caller_of(request, widget_id)
        await run_in_db_thread(_track, caller, partial(self.body, request))
        return rest.reply({"success": True})


class ConfigView(HotView):
    async def get(self, request: HttpRequest, widget_id: str) -> HttpResponse:
        body = await run_in_db_thread(
            _config, caller_of(request, widget_id), request.GET.get("locale", "")
        )
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if _knows(request.headers.get("If-None-Match", ""), etag):
            return HttpResponse(status=304, headers=headers)
        return HttpResponse(body, content_type="application/json", headers=headers)


def _track(caller: Caller, read: Callable[[], dict[str, Any]]) -> None:
    with entered(caller) as door:
        given = checked(TrackInput, read())
        TrackEvent.objects.create(
            tenant_id=door.tenant_id,
            bubble=door.bubble,
            session_label=given["sessionId"],
            event=given["event"],
            at=given["timestamp"],
            metadata=given["metadata"],
        )


def _config(caller: Caller, locale: str) -> bytes:
    """The config as it is sent; a token says which bubble is meant, but nobody needs one."""
    way_in = entered if caller.token else opened
    with way_in(caller) as door:
        if not caller.is_own_page:
            sightings.note(door.bubble, caller.origin)
        return rest.encode({"success": True, "config": config_of(door.bubble, locale)})


def _knows(header: str, etag: str) -> bool:
    known = [item.strip().removeprefix("W/") for item in header.split(",")]
    return etag in known or "*" in known
