"""What time does to the tables, for all tenants at once.

What is due or old is so by the database's clock: this machine's may be wrong by a year.
"""

import logging
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import Error
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from assistants import usage
from assistants.models import UsageEntry
from conversations import engine
from conversations.models import Attachment, Conversation, Status, Turn, VisitorSession
from conversations.models.turn import OPEN_STATES
from realtime.models import Event
from tenants.errors import NotFound
from tenants.scope import platform_scope, tenant_scope

logger = logging.getLogger(__name__)

ABANDONED_AFTER = timedelta(hours=1)
UNUSED_FOR = timedelta(days=2)
ERASED_BY_THEN = timedelta(minutes=1)


def wake_snoozed() -> None:
    """Open the conversations whose time has come."""
    with platform_scope("wake snoozed conversations"):
        due = list(
            Conversation.objects.filter(
                status=Status.SNOOZED, snoozed_until__lte=Now()
            ).values_list("tenant_id", "id")[:500]
        )
    for tenant_id, conversation_id in due:
        with tenant_scope(tenant_id):
            conversation = engine.team_conversation(conversation_id)
            if conversation.status == Status.SNOOZED:
                engine.set_status(conversation, Status.OPEN)


def forget_unused() -> None:
    """Delete the conversations that were reserved, and in which nobody ever said anything."""
    oldest = Now() - UNUSED_FOR
    with platform_scope("forget unused conversations"):
        unused = list(
            Conversation.objects.filter(message_seq=0, created_at__lt=oldest).values_list(
                "tenant_id", "id"
            )[:500]
        )
    for tenant_id, conversation_id in unused:
        with tenant_scope(tenant_id):
            # Locked, as somebody may be saying something in it at this very moment.
            rows = Conversation.objects.select_for_update().filter(message_seq=0)
            if conversation := rows.filter(pk=conversation_id).first():
                conversation.delete()
        if conversation is not None and conversation.session_id is not None:
            with tenant_scope(tenant_id):
                # Its visitor has begun nothing, as far as is known now, and may be forgotten too.
                sessions = VisitorSession.objects.filter(pk=conversation.session_id)
                sessions.update(is_new=True)


def forget_silent() -> None:
    """Delete the sessions of visitors who came, and after two days have begun no conversation."""
    with platform_scope("forget silent visitors"):
        new = VisitorSession.objects.filter(_is_silent(), is_new=True)
        began = Exists(Conversation.objects.filter(session_id=OuterRef("pk")))
        talking = new.filter(began).order_by("last_seen_at").values("pk")[:1_000]
        VisitorSession.objects.filter(pk__in=talking).update(is_new=False)
        silent = list(
            new.exclude(began).order_by("last_seen_at").values_list("tenant_id", "id")[:500]
        )
    for tenant_id, session_id in silent:
        with tenant_scope(tenant_id):
            _forget_stranger(session_id)


def finish_erasing() -> None:
    """Erase what somebody decided to, and could not: the process or the database went away."""
    with platform_scope("finish erasing"):
        left = list(
            Conversation.objects.filter(erasing_since__lt=Now() - ERASED_BY_THEN)
            .order_by("erasing_since")
            .values_list("tenant_id", "id")[:100]
        )
    for tenant_id, conversation_id in left:
        try:
            with tenant_scope(tenant_id), suppress(NotFound):
                # Whoever locks it erases what is left to be.
                engine.team_conversation(conversation_id)
        except Error:
            logger.exception("Conversation %s could not be erased", conversation_id)
            # Behind the others, which are not to wait for it.
            with tenant_scope(tenant_id):
                Conversation.objects.filter(pk=conversation_id).update(erasing_since=Now())


def _is_silent() -> Q:
    """The sessions of visitors of whom nothing was heard for two days."""
    return Q(last_seen_at__lt=Now() - UNUSED_FOR)


def _forget_stranger(session_id: UUID) -> None:
    """Delete who came, said nothing, and of whom nothing is known."""
    # Locked first and looked at then, as the same browser may have come back this very moment, and
    # be opening a conversation.
    sessions = VisitorSession.objects.select_for_update().filter(_is_silent(), pk=session_id)
    session = sessions.select_related("contact").first()
    if session is None or session.conversations.exists():
        return
    if Attachment.objects.filter(session=session).exists():
        return
    session.delete()
    contact = session.contact
    # What a page calls its visitor proves nothing, and it will say so again.
    is_described = contact.attributes.keys() - {"userId"}
    is_known = contact.name or contact.email or contact.phone or is_described
    is_needed = contact.sessions.exists() or contact.conversations.exists()
    if not (is_known or contact.external_id or is_needed):
        contact.delete()


def give_back_reservations() -> None:
    """Give back what was reserved for work that ended, or was lost, without saying so."""
    lost = Now() - ABANDONED_AFTER
    with platform_scope("give reservations back"):
        working = Turn.objects.filter(pk=OuterRef("key"), state__in=OPEN_STATES)
        abandoned = list(
            UsageEntry.objects.filter(state=UsageEntry.State.HELD, created_at__lt=lost)
            .exclude(Exists(working))
            .values_list("tenant_id", "key")[:500]
        )
    for tenant_id, key in abandoned:
        with tenant_scope(tenant_id):
            usage.release(key)


def forget_old_events() -> None:
    """Delete events beyond the retention; whoever asks for them is told to start afresh."""
    oldest = Now() - timedelta(hours=settings.EVENT_RETENTION_HOURS)
    with platform_scope("forget old events"):
        Event.objects.filter(
            pk__in=Event.objects.filter(at__lt=oldest).order_by("at").values("pk")[:10_000]
        ).delete()
