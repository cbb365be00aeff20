"""The visitor's REST beside chat, track and config; our own widget uses nothing else."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations import asking_again, contacts, engine, visitor_queries
from conversations.announcements import visitor_conversation_data
from conversations.lines import VISITOR
from conversations.models import Conversation, Owner, VisitorSession
from conversations.opening import reserve_conversation
from conversations.sessions import continue_session, known_session, secret_of
from tenants import limits
from tenants.errors import BadRequest, Conflict, Unauthorized
from tenants.models import Tenant
from widgets import absence, shapes
from widgets.bubbles import asked_for, chosen_assistant, config_of, current_token, texts_of
from widgets.callers import caller_of
from widgets.chat import first_secret, session_of
from widgets.description import described
from widgets.doors import Door, entered, opened
from widgets.inputs import (
    ContactInput,
    ReadInput,
    SessionInput,
    ToolResultInput,
    VoiceStartInput,
    checked,
)
from widgets.tool_results import take

LARGEST_NUMBER = 2**63 - 1


def new_label() -> str:
    """The id of a session whose client has named none."""
    return f"s_{secrets.token_urlsafe(16)}"


@contextmanager
def visiting(request: Request, widget_id: str) -> Iterator[tuple[Door, VisitorSession]]:
    """Open the tenant's scope for a visitor who shows the session's secret."""
    with entered(caller_of(request, widget_id)) as door:
        session = known_session(door.visitor(""))
        if session is None:
            raise Unauthorized("The session secret is not valid.", code="invalid_session_secret")
        yield door, session


class VisitorView(APIView):
    """A view that proves its caller itself, as that depends on the widget in its path."""

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes: Sequence[type[BasePermission]] = ()


class SessionView(VisitorView):
    """Begin a session on a page that knows only the bubble's code, or go on with one."""

    @described("beginSession", SessionInput, shapes.SessionAnswer, token=False, secret=False)
    def post(self, request: Request, widget_id: str) -> Response:
        with opened(caller_of(request, widget_id)) as door:
            given = checked(SessionInput, request.data)
            token = current_token(door.bubble)
            session = _continued(door, given["sessionId"]) or _begun(door, given["userId"] or "")
            body = {
                "success": True,
                "config": config_of(door.bubble, given["locale"]),
                "widgetToken": token,
                "sessionId": session.label,
                "sessionSecret": secret_of(session),
            }
        return Response(body)


class VoiceStartView(VisitorView):
    """Reserve the conversation that a call will belong to."""

    @described("startVoiceCall", VoiceStartInput, shapes.VoiceAnswer, secret=False)
    def post(self, request: Request, widget_id: str) -> Response:
        with entered(caller_of(request, widget_id)) as door:
            given = checked(VoiceStartInput, request.data)
            number = Tenant.objects.get(pk=door.tenant_id).phone_number
            if not (number or door.bubble.voice_enabled):
                raise BadRequest("Calls are not available here.", code="voice_not_available")
            assistant = chosen_assistant(door.bubble, given["assistantId"] or None)
            visitor = door.visitor(given["sessionId"])
            session = session_of(door, visitor)
            limits.hit_all(
                limits.VOICE_START_PER_SESSION.of(door.tenant_id, session.id),
                limits.VOICE_START_PER_IP.of(door.tenant_id, door.caller.ip),
                exempt=door.is_demo,
            )
            conversation = reserve_conversation(session, assistant=assistant, channel="voice")
            secret = first_secret(visitor, session, conversation.id)
        body = {
            "success": True,
            "conversationId": str(conversation.id),
            "assistantId": str(assistant.id),
            "phoneNumber": number or None,
        }
        return Response({**body, "sessionSecret": secret} if secret else body)


class ContactView(VisitorView):
    """Note who the visitor says they are, as in the form before a chat."""

    @described("introduceVisitor", ContactInput, shapes.Success)
    def post(self, request: Request, widget_id: str) -> Response:
        with visiting(request, widget_id) as (door, session):
            given = checked(ContactInput, request.data)
            given["attributes"] = asked_for(door.bubble, given["attributes"])
            session = continue_session(door.visitor(session.label))
            contacts.introduce(session, **given)
        # What the team knows about a contact with that address is not for this visitor.
        return Response({"success": True})


class ConversationsView(VisitorView):
    """The session's conversations, latest first."""

    @described("listOwnConversations", None, shapes.OwnConversationPage, query=shapes.PageQuery)
    def get(self, request: Request, widget_id: str) -> Response:
        with visiting(request, widget_id) as (_, session):
            page = visitor_queries.conversations(session, cursor=_cursor(request))
        return Response(page.data())


class MessagesView(VisitorView):
    """A conversation's messages, latest first."""

    @described("listOwnMessages", None, shapes.OwnMessagePage, query=shapes.PageQuery)
    def get(self, request: Request, widget_id: str, conversation_id: str) -> Response:
        with visiting(request, widget_id) as (_, session):
            page = visitor_queries.history(session, conversation_id, cursor=_cursor(request))
        return Response(page.data())


class EventsView(VisitorView):
    """What the socket would have told since event ``after``, for whom no socket reaches us."""

    @described("pollOwnEvents", None, shapes.OwnEvents, query=shapes.EventsQuery)
    def get(self, request: Request, widget_id: str, conversation_id: str) -> Response:
        with visiting(request, widget_id) as (_, session):
            after = _number(request.query_params.get("after", "0"))
            events = visitor_queries.events(session, conversation_id, after=after)
        return Response(events)


class ReadView(VisitorView):
    """Note how far the visitor has read; without a number, to the end."""

    @described("markOwnRead", ReadInput, shapes.Success)
    def post(self, request: Request, widget_id: str, conversation_id: str) -> Response:
        with visiting(request, widget_id) as (_, session):
            conversation = engine.conversation_of(session, conversation_id)
            given = checked(ReadInput, request.data)
            seq = conversation.message_seq if given["seq"] is None else given["seq"]
            engine.mark_seen(conversation, seq=seq)
        return Response({"success": True})


class EndView(VisitorView):
    """End the conversation; the visitor's next message opens it again."""

    @described("endOwnConversation", None, shapes.ConversationAnswer)
    def post(self, request: Request, widget_id: str, conversation_id: str) -> Response:
        with visiting(request, widget_id) as (_, session):
            conversation = engine.conversation_of(session, conversation_id)
            engine.close(conversation, by=VISITOR)
            return _told(conversation)


class HandoverView(VisitorView):
    """Ask for a person instead of the assistant."""

    @described("askForPerson", None, shapes.ConversationAnswer)
    def post(self, request: Request, widget_id: str, conversation_id: str) -> Response:
        with visiting(request, widget_id) as (door, session):
            conversation = engine.conversation_of(session, conversation_id)
            if conversation.owner == Owner.CLOSED:
                raise Conflict("This conversation has ended.", code="conversation_closed")
            if conversation.owner == Owner.BOT:
                absence.hand_over(conversation, door.bubble)
            return _told(conversation)


class AssistantView(VisitorView):
    """Ask the assistant again, instead of waiting for a person."""

    @described("askAssistantAgain", None, shapes.ConversationAnswer)
    def post(self, request: Request, widget_id: str, conversation_id: str) -> Response:
        with visiting(request, widget_id) as (door, session):
            conversation = engine.conversation_of(session, conversation_id)
            spoken = conversation.named_language or conversation.language
            line = texts_of(door.bubble, spoken)["assistantAgain"]
            asking_again.ask_assistant(conversation, line=line)
            return _told(conversation)


class ToolResultView(VisitorView):
    """Take what the visitor's page returned for a call that it was asked to make."""

    @described("returnToolResult", ToolResultInput, shapes.Success)
    def post(
        self, request: Request, widget_id: str, conversation_id: str, call_id: str
    ) -> Response:
        with visiting(request, widget_id) as (_, session):
            take(session, conversation_id, call_id, request.data)
        return Response({"success": True})


def _continued(door: Door, label: str) -> VisitorSession | None:
    return continue_session(door.visitor(label)) if door.caller.secret else None


def _begun(door: Door, user_id: str) -> VisitorSession:
    session = session_of(door, door.visitor(new_label(), user_id=user_id))
    # Its client has the secret from the beginning, so nobody goes on without it.
    session.secret_seen = True
    session.save(update_fields=["secret_seen"])
    return session


def _told(conversation: Conversation) -> Response:
    return Response({"success": True, "conversation": visitor_conversation_data(conversation)})


def _cursor(request: Request) -> str | None:
    return request.query_params.get("cursor") or None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > LARGEST_NUMBER:
        raise BadRequest("after: A whole number is required.", code="invalid")
    return int(text[:20])
