"""What visitors fill in: a message for later, and what they think of a conversation."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from conversations import contacts, engine, ratings
from conversations.message_context import MessageContext
from conversations.models import VisitorSession
from tenants import limits
from tenants.errors import BadRequest
from widgets import shapes
from widgets.bubbles import answering, texts_of
from widgets.callers import caller_of
from widgets.chat import first_secret, message_key, session_of
from widgets.config import complete_settings
from widgets.description import KEY, described
from widgets.doors import Door, entered
from widgets.inputs import OfflineInput, RatingInput, checked
from widgets.views import VisitorView, visiting


class OfflineView(VisitorView):
    """Leave a message while nobody is there: it waits for a person, and no assistant answers."""

    @described("leaveMessage", OfflineInput, shapes.OfflineAnswer, secret=False, extra=(KEY,))
    def post(self, request: Request, widget_id: str) -> Response:
        with entered(caller_of(request, widget_id)) as door:
            if not complete_settings(door.bubble.settings)["offlineForm"]["enabled"]:
                raise BadRequest("There is no such form here.", code="offline_form_off")
            given = checked(OfflineInput, request.data)
            key = message_key(request.headers.get("Idempotency-Key")) or given["messageId"]
            visitor = door.visitor(given["sessionId"])
            session = session_of(door, visitor)
            received = _left(door, session, given, key)
            secret = None
            if received.opens_conversation:
                secret = first_secret(visitor, session, received.conversation_id)
        body = {"success": True, "conversationId": str(received.conversation_id)}
        return Response({**body, "sessionSecret": secret} if secret else body)


class RatingView(VisitorView):
    """Say what the conversation was worth; the last word counts."""

    @described("rateConversation", RatingInput, shapes.Success)
    def post(self, request: Request, widget_id: str, conversation_id: str) -> Response:
        with visiting(request, widget_id) as (door, session):
            conversation = engine.conversation_of(session, conversation_id)
            if not complete_settings(door.bubble.settings)["rating"]["enabled"]:
                raise BadRequest("Ratings are not asked for here.", code="rating_off")
            given = checked(RatingInput, request.data)
            limits.hit(limits.RATINGS_PER_SESSION, door.tenant_id, session.id, exempt=door.is_demo)
            ratings.rate(conversation, score=given["score"], comment=given["comment"].strip())
        return Response({"success": True})


def _left(
    door: Door, session: VisitorSession, given: dict[str, Any], key: str | None
) -> engine.Received:
    thanks = texts_of(door.bubble, given["locale"])["offlineThanks"]

    def admit() -> None:
        limits.hit_message(door.tenant_id, session.id, door.caller.ip, exempt=door.is_demo)
        contacts.introduce(session, email=given["email"], name=given["name"])

    return engine.leave_message(
        session,
        text=given["message"],
        thanks=thanks.replace("{email}", given["email"]),
        assistant=answering(door.bubble),
        client_id=key,
        context=MessageContext(language=given["locale"], team_id=door.bubble.team_id),
        admit=admit,
    )
