"""The way from a mail back into the conversation that it tells of: a proof that its link carries.

The proof is in the link's fragment, which no browser sends and no log holds.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing

from conversations import sessions
from conversations.models import Conversation, VisitorSession
from conversations.visitor_queries import own_conversation
from tenants.errors import NotFound, Unauthorized
from widgets.doors import Door
from widgets.models import Bubble

SALT = "livechat.widgets.resuming"
LASTS = timedelta(days=7)


def link_to(bubble: Bubble, conversation: Conversation) -> str:
    """The bubble's own page, with the proof where the page may take it."""
    address = f"{settings.PUBLIC_URL}/chat/{bubble.code}"
    session = conversation.session
    if session is None or not may_resume(bubble, session):
        return address
    named = [str(session.id), session.secret_version, str(conversation.id)]
    return f"{address}#resume={signing.dumps(named, salt=SALT)}"


def may_resume(bubble: Bubble, session: VisitorSession) -> bool:
    """Not who must be vouched for, or was: that is the site's to say."""
    return not (bubble.identity_required or session.is_verified)


def resumed(door: Door, token: str) -> tuple[VisitorSession, UUID]:
    """The session that the proof names, and the conversation's id.

    Raises Forbidden where visitors must be verified, Unauthorized for a proof that is none, is
    older than 7 days, or is of a session that has ended, has another secret or is somebody's
    elsewhere.
    """
    if door.bubble.identity_required:
        raise sessions.identity_required()
    try:
        session_id, version, conversation_id = signing.loads(token, salt=SALT, max_age=LASTS)
        session = sessions.proved_session(UUID(session_id))
    except (signing.BadSignature, Unauthorized):
        raise _invalid() from None
    is_theirs = session.source_id == door.bubble.id and session.secret_version == version
    if not (is_theirs and may_resume(door.bubble, session)):
        raise _invalid()
    try:
        return session, own_conversation(session, conversation_id).id
    except NotFound:
        raise _invalid() from None


def _invalid() -> Unauthorized:
    return Unauthorized("This link leads nowhere any more.", code="invalid_resume_token")
