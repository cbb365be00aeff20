"""A conversation to take along, as a file or by mail."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.models import Conversation, VisitorSession
from conversations.visitor_queries import own_conversation
from tenants import limits, mail
from tenants.errors import BadRequest
from widgets import shapes, transcripts
from widgets.bubbles import locale_of
from widgets.config import complete_settings
from widgets.description import described
from widgets.doors import Door
from widgets.inputs import TranscriptInput, checked
from widgets.views import VisitorView, visiting

FILE_NAME = "conversation.txt"


class TranscriptView(VisitorView):
    """All that was said, for the visitor: without notes, and without what was erased."""

    @described(
        "downloadTranscript",
        None,
        {(200, "text/plain"): OpenApiTypes.BINARY},
        query=shapes.LocaleQuery,
    )
    def get(self, request: Request, widget_id: str, conversation_id: str) -> HttpResponse:
        with _reading(request, widget_id, conversation_id) as (door, session, conversation):
            limits.hit(
                limits.TRANSCRIPTS_PER_SESSION, door.tenant_id, session.id, exempt=door.is_demo
            )
            asked = request.query_params.get("locale", "") or _spoken(conversation)
            text = transcripts.file_of(conversation, door.bubble, asked)
        return HttpResponse(
            text,
            headers={
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Disposition": content_disposition_header(True, FILE_NAME) or "",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "X-Content-Type-Options": "nosniff",
            },
        )

    @described("mailTranscript", TranscriptInput, {202: shapes.Success})
    def post(self, request: Request, widget_id: str, conversation_id: str) -> Response:
        with _reading(request, widget_id, conversation_id) as (door, session, conversation):
            given = checked(TranscriptInput, request.data)
            # Of demo tenants too: an address is anybody's, and the words are the visitor's.
            limits.hit_all(
                limits.TRANSCRIPT_MAILS_PER_SESSION.of(door.tenant_id, session.id),
                limits.TRANSCRIPT_MAILS_PER_ADDRESS.of(door.tenant_id, given["email"].casefold()),
                limits.TRANSCRIPT_MAILS_PER_IP.of(door.tenant_id, door.caller.ip),
            )
            asked = given["locale"] or _spoken(conversation)
            mail.send(
                "transcript",
                given["email"],
                {
                    "title": transcripts.title_of(door.bubble, asked),
                    "transcript": transcripts.text_of(conversation, door.bubble, asked),
                },
                language=locale_of(door.bubble, asked),
            )
        return Response({"success": True}, status=202)


@contextmanager
def _reading(
    request: Request, widget_id: str, conversation_id: str
) -> Iterator[tuple[Door, VisitorSession, Conversation]]:
    with visiting(request, widget_id) as (door, session):
        conversation = own_conversation(session, conversation_id)
        if not complete_settings(door.bubble.settings)["transcript"]["enabled"]:
            raise BadRequest("There are no transcripts here.", code="transcript_off")
        yield door, session, conversation


def _spoken(conversation: Conversation) -> str:
    return conversation.named_language or conversation.language
