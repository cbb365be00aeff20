"""Blits' REST API: each request's words in, the engine's answer out."""

from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError

from assistants import analyses
from conversations.replies import wait_for_outcome
from gateways.blits import codec, rest
from gateways.blits.conversation import Asker
from gateways.blits.errors import error_body
from gateways.blits.rest import Written
from tenants.errors import BadRequest, LiveChatError, NotFound
from tenants.executor import run_in_db_thread
from tenants.hot import HotView
from tenants.rest import error_headers, reply
from widgets.callers import caller_of
from widgets.chat import attending

FORM = "multipart/form-data"
FILES = "attachments"
FORM_FIELDS = ("message", "type", "language", "userId")


class BlitsView(HotView):
    """Answers, and fails, as Blits does."""

    # The longest message, in the most wasteful spelling that JSON allows.
    max_body = 128 * 1024

    def __init__(self) -> None:
        self.asker = Asker()

    def error_reply(self, error: LiveChatError) -> HttpResponse:
        body = error_body(
            error, conversation_id=self.asker.conversation_id, is_active=self.asker.is_active
        )
        return reply(body, status=error.status, headers=error_headers(error))

    def begin(self, request: HttpRequest, conversation_id: str = "") -> Asker:
        self.asker = Asker(caller_of(request), conversation_id)
        return self.asker


class InitializeView(BlitsView):
    async def post(self, request: HttpRequest) -> HttpResponse:
        """Begin a conversation, or go on with one."""
        read = partial(self.body, request)
        return reply(await run_in_db_thread(rest.initialize, self.begin(request), read))


class ActiveView(BlitsView):
    async def post(self, request: HttpRequest, conversation_id: str) -> HttpResponse:
        """Tell whether somebody answers in a conversation."""
        asker = self.begin(request, conversation_id)
        await run_in_db_thread(rest.reach, asker)
        return reply({"active": asker.is_active, "conversationId": conversation_id})


class TextView(BlitsView):
    async def post(self, request: HttpRequest, conversation_id: str) -> HttpResponse:
        """Take a message, files or a wish for the opening message, and wait for the answer."""
        asker = self.begin(request, conversation_id)
        try:
            asked = await run_in_db_thread(
                rest.ask,
                asker,
                partial(self._read, request),
                key=request.headers.get("Idempotency-Key"),
                attend=attending(),
            )
        finally:
            # Large files of a form are open until then.
            request.close()
        answer_id = asked.opening_id
        if asked.received is not None:
            outcome = await wait_for_outcome(
                asked.tenant_id, asked.received, seconds=settings.CHAT_WAIT_SECONDS
            )
            if outcome.is_pending:
                return reply(codec.timed_out(conversation_id), status=504)
            answer_id = outcome.message["id"] if outcome.message else answer_id
        return reply(await run_in_db_thread(rest.take_unseen, asked, also=answer_id))

    def _read(self, request: HttpRequest) -> Written:
        """What the body says; called when its sender was let in."""
        if request.headers.get("text-response", "").strip().lower() == "false":
            raise rest.no_speech()
        if (request.content_type or "").lower() != FORM:
            return Written(self.body(request), [])
        return Written(*_form(request))


class SpeechView(BlitsView):
    async def post(self, request: HttpRequest, conversation_id: str) -> HttpResponse:
        """Refuse what cannot be understood yet, to whoever may speak."""
        await run_in_db_thread(rest.reach, self.begin(request, conversation_id))
        raise rest.no_speech()


class MessageView(BlitsView):
    async def get(
        self, request: HttpRequest, conversation_id: str, message_id: str
    ) -> HttpResponse:
        """One message, and what it means if a visitor wrote it."""
        asker = self.begin(request, conversation_id)
        found = await run_in_db_thread(rest.look_up, asker, message_id)
        analysis = None
        if found.analysis_id is not None:
            analysis = await analyses.wait_for(found.tenant_id, found.analysis_id)
        return reply(codec.details(found.message, language=found.language, analysis=analysis))


class AnalyzeView(BlitsView):
    async def get(self, request: HttpRequest) -> HttpResponse:
        """Tell what a message means, outside of any conversation."""
        text = request.GET.get("message", "")
        tenant_id, wanted = await run_in_db_thread(rest.want_analysis, self.begin(request), text)
        return reply(codec.analyzed(await analyses.wait_for(tenant_id, wanted)))


class SettingsView(BlitsView):
    async def get(self, request: HttpRequest, code: str) -> HttpResponse:
        """What a page needs to draw the bubble with this code."""
        return reply(await run_in_db_thread(rest.settings_of, self.begin(request), code))


class UnknownView(BlitsView):
    """Every other address below Blits' root."""

    async def _answer(self, request: HttpRequest, **names: Any) -> HttpResponse:
        raise NotFound


def _form(request: HttpRequest) -> tuple[dict[str, Any], list[UploadedFile]]:
    try:
        form, files = request.POST, request.FILES
    except MultiPartParserError:
        raise BadRequest("The form is not valid.", code="malformed_form") from None
    fields = {name: form[name] for name in FORM_FIELDS if name in form}
    if any("\0" in text for text in fields.values()):
        raise BadRequest("The form is not valid.", code="malformed_form")
    return fields, files.getlist(FILES)
