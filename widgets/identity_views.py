"""Who a visitor is: proved by the tenant's own site, taken back, and told more of."""

from functools import partial

from rest_framework.request import Request
from rest_framework.response import Response

from conversations import contacts, identity, visitor_queries
from conversations.identity import Person
from conversations.sessions import continue_session, end_session, secret_of
from tenants import identities, limits
from widgets import shapes
from widgets.bubbles import current_token
from widgets.callers import caller_of
from widgets.description import described
from widgets.doors import Door, entered, opened
from widgets.inputs import AttributesInput, IdentityInput, ResumeInput, checked
from widgets.resuming import resumed
from widgets.views import VisitorView, new_label, visiting


class IdentifyView(VisitorView):
    """Take the proof of who the visitor is, and go on in that person's session."""

    @described("identifyVisitor", IdentityInput, shapes.IdentityAnswer)
    def post(self, request: Request, widget_id: str) -> Response:
        caller = caller_of(request, widget_id)
        way_in = entered if caller.token else opened
        with way_in(caller) as door:
            given = checked(IdentityInput, request.data)
            person = _proved(door, given)
            count = partial(
                limits.hit,
                limits.SESSIONS_PER_PERSON,
                door.tenant_id,
                person.user_id,
                exempt=door.is_demo,
            )
            session = identity.identify(door.visitor(new_label()), person, on_new=count)
            latest = visitor_queries.open_conversation(session)
            body = {
                "success": True,
                "sessionId": session.label,
                "sessionSecret": secret_of(session),
                "conversationId": str(latest.id) if latest else None,
                "contact": {"name": session.contact.name, "email": session.contact.email},
            }
            if door.grant is None:
                body["widgetToken"] = current_token(door.bubble)
        return Response(body)


class ResumeView(VisitorView):
    """Go on from a mail's link, in a browser that knows nothing of the conversation."""

    @described("resumeSession", ResumeInput, shapes.ResumeAnswer, token=False, secret=False)
    def post(self, request: Request, widget_id: str) -> Response:
        with opened(caller_of(request, widget_id)) as door:
            given = checked(ResumeInput, request.data)
            session, conversation_id = resumed(door, given["token"])
            body = {
                "success": True,
                "sessionId": session.label,
                "sessionSecret": secret_of(session),
                "conversationId": str(conversation_id),
            }
        return Response(body)


class LogoutView(VisitorView):
    """End the session: its secret opens nothing any more."""

    @described("logOutVisitor", None, shapes.Success)
    def post(self, request: Request, widget_id: str) -> Response:
        with visiting(request, widget_id) as (door, session):
            end_session(continue_session(door.visitor(session.label)))
        return Response({"success": True})


class AttributesView(VisitorView):
    """Note what the page says of its visitor; nobody vouches for it."""

    @described("describeVisitor", AttributesInput, shapes.Success)
    def post(self, request: Request, widget_id: str) -> Response:
        with visiting(request, widget_id) as (door, session):
            given = checked(AttributesInput, request.data)
            session = continue_session(door.visitor(session.label))
            contacts.describe(session, given["attributes"])
        return Response({"success": True})


def _proved(door: Door, given: dict[str, str]) -> Person:
    """The person whom the proof names; of an older proof, a hash, only the id is vouched for."""
    if given["token"]:
        audiences = {str(door.tenant_id), door.bubble.code}
        found = identities.read_token(door.tenant_id, given["token"], audiences=audiences)
        return Person(found.user_id, name=found.name, email=found.email, is_whole=True)
    found = identities.read_hash(door.tenant_id, given["userId"], given["userHash"])
    return Person(found.user_id, name=given["name"], email=given["email"])
