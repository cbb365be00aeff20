"""The verbs: everything that may happen to a conversation.

Each verb runs inside its tenant's scope, takes instances that were loaded there, and tells everyone
who may know. Locks are taken in one order: session, conversation, usage, queue, event log; routing
takes the tenant's lock before all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import IntegrityError, router, transaction
from django.db.models.functions import Now
from prometheus_client import Counter

from assistants.handover import SUMMARY_MESSAGES, asks_for_person, summary_of
from assistants.language import languages_of
from assistants.models import Assistant
from assistants.queries import with_production
from assistants.usage import BudgetSpent
from assistants.wording import handover_text, language_so_far
from conversations import drafts, lines, mentioning, owner, queueing, turns
from conversations.announcements import announce_conversation, tell_seen
from conversations.erasing import settled
from conversations.errors import conversation_not_found
from conversations.message_context import NO_CONTEXT, MessageContext, merged
from conversations.models import (
    Attachment,
    AuthorKind,
    Conversation,
    Message,
    Owner,
    Status,
    VisitorSession,
)
from conversations.opening import open_conversation
from conversations.posting import post, post_line
from conversations.repeats import hash_of, key_reused, received_before, require_content
from conversations.sessions import theirs
from tenants import metrics
from tenants.errors import BadRequest, Conflict
from tenants.ids import parse_uuid
from tenants.models import Membership
from tenants.tracing import traced


@dataclass(frozen=True)
class Received:
    """A visitor's message as it is stored; ``is_repeat`` when it had been received before."""

    conversation_id: UUID
    message_id: UUID
    seq: int
    is_repeat: bool
    awaits_answer: bool = True

    @property
    def opens_conversation(self) -> bool:
        return self.seq == 1


def conversation_of(session: VisitorSession, conversation_id: object) -> Conversation:
    """The visitor's conversation with this id, locked. Raises NotFound for any other."""
    found = _locked().filter(theirs(session), pk=parse_uuid(conversation_id)).first()
    if found is None:
        raise conversation_not_found()
    return settled(found)


def team_conversation(conversation_id: object) -> Conversation:
    """The tenant's conversation with this id, locked. Raises NotFound for any other."""
    found = _locked().filter(pk=parse_uuid(conversation_id)).first()
    if found is None:
        raise conversation_not_found()
    return settled(found)


@traced
def receive_message(
    session: VisitorSession,
    *,
    text: str,
    assistant: Assistant | None = None,
    conversation_id: str | None = None,
    begins_another: bool = False,
    client_id: str | None = None,
    files: Sequence[Attachment] = (),
    is_test: bool = False,
    context: MessageContext = NO_CONTEXT,
    hand_over_when_spent: bool = False,
    admit: Callable[[], None] = lambda: None,
) -> Received:
    """Store what the visitor wrote and put the assistant to work, if it is the one who answers.

    ``session`` must be locked. ``admit`` may refuse by raising; it is not asked about a repeat,
    which was admitted before. ``hand_over_when_spent`` is for callers whose visitors shall wait for
    a person when there is no budget for an answer.

    Raises BadRequest, Conflict (same ``client_id``, other content), NotFound (a conversation that
    is not the session's) and BudgetSpent.
    """
    body_hash = hash_of(text, files)
    if repeat := received_before(session.id, client_id, body_hash, conversation_id):
        return Received(repeat.conversation_id, repeat.id, repeat.seq, is_repeat=True)
    admit()
    require_content(text, files)
    if conversation_id:
        conversation = conversation_of(session, conversation_id)
    elif begins_another:
        conversation = open_conversation(session, assistant=assistant, is_test=is_test)
    else:
        conversation = _latest_or_new(session, assistant, is_test=is_test)
    _rouse(conversation)
    context.apply_to(conversation)
    message = _post_visitors(
        conversation, session, text=text, files=files, client_id=client_id, body_hash=body_hash
    )
    _count_when_stored(conversation)
    awaits_answer = conversation.owner == Owner.BOT and _put_to_work(
        conversation, message, context, hand_over_when_spent=hand_over_when_spent
    )
    return Received(conversation.id, message.id, message.seq, False, awaits_answer)


@traced
def leave_message(
    session: VisitorSession,
    *,
    text: str,
    thanks: str,
    assistant: Assistant | None = None,
    client_id: str | None = None,
    context: MessageContext = NO_CONTEXT,
    admit: Callable[[], None] = lambda: None,
) -> Received:
    """Store what a visitor leaves for a person while nobody is there; no assistant answers it.

    ``session`` must be locked. ``thanks`` is the line that the visitor reads. ``admit`` as above.
    Raises BadRequest, Conflict and whatever ``admit`` does.
    """
    body_hash = hash_of(text, ())
    if repeat := received_before(session.id, client_id, body_hash, None):
        return Received(repeat.conversation_id, repeat.id, repeat.seq, True, awaits_answer=False)
    admit()
    require_content(text, ())
    conversation = _latest_or_new(session, assistant, is_test=False)
    _rouse(conversation)
    context.apply_to(conversation)
    message = _post_visitors(
        conversation, session, text=text, client_id=client_id, body_hash=body_hash
    )
    _count_when_stored(conversation)
    if conversation.owner == Owner.BOT:
        hand_over(conversation, reason="offline", text=thanks)
    return Received(conversation.id, message.id, message.seq, False, awaits_answer=False)


@traced
def post_reply(
    conversation: Conversation,
    member: Membership,
    *,
    text: str,
    private: bool = False,
    client_id: str | None = None,
    files: Sequence[Attachment] = (),
    mentions: Sequence[Membership] = (),
    admit: Callable[[], None] = lambda: None,
) -> Message:
    """Post a member's answer, or a note that only the team sees.

    Whoever answers holds the conversation from then on: the assistant stops. ``admit`` may refuse
    by raising; it is not asked about a repeat.
    """
    body_hash = hash_of("\0" * private + text, [*files, *mentions])
    if repeat := received_before(member.id, client_id, body_hash, conversation.id):
        return repeat
    admit()
    require_content(text, files)
    if not private:
        if conversation.owner != Owner.HUMAN:
            take_over(conversation, member)
        queueing.note_reply(conversation)
        conversation.unread_reply_since = conversation.unread_reply_since or Now()
        conversation.unread, conversation.team_read_seq = 0, conversation.message_seq
    try:
        message = post(
            conversation,
            files=files,
            mentions=[each.id for each in mentions],
            author_kind=AuthorKind.AGENT,
            author_id=member.id,
            author_name=member.user.name,
            text=text,
            private=private,
            sender_id=member.id,
            client_id=client_id,
            body_hash=body_hash,
        )
    except IntegrityError:
        # Used in two conversations at once, which no lock on either prevents.
        raise key_reused() from None
    drafts.drop(conversation, member, private=private)
    return mentioning.noted(message, mentions)


@traced
def hand_over(conversation: Conversation, *, reason: str, text: str) -> None:
    """Ask for a person on behalf of the visitor, or of a rule."""
    summary = summary_for(conversation)
    owner.move(conversation, Owner.WAITING, handover_reason=reason, handover_summary=summary)
    post_line(conversation, text)
    announce_conversation(conversation, "conversation:updated", to_visitor=True)


def summary_for(conversation: Conversation) -> str:
    """What a person is told who is called without an engine's own words."""
    rows = conversation.messages.filter(author_kind=AuthorKind.VISITOR).order_by("-seq")
    said = list(rows.values_list("text", flat=True)[:SUMMARY_MESSAGES])
    return summary_of(said[::-1])


@traced
def take_over(conversation: Conversation, member: Membership) -> None:
    """Give the conversation to this member. Raises Conflict when another one holds it."""
    if conversation.owner == Owner.HUMAN:
        if conversation.assignee_id == member.id:
            return
        raise Conflict("Another member holds this conversation.", code="already_taken")
    owner.move(conversation, Owner.HUMAN, assignee=member, status=Status.OPEN, snoozed_until=None)
    lines.tell(conversation, "joined", name=display_name(member))
    announce_conversation(
        conversation, "conversation:assigned", "conversation:updated", to_visitor=True
    )


@traced
def give_back(conversation: Conversation, *, line: str = "") -> None:
    """Let the assistant answer again, as ``line`` says if it is given."""
    if conversation.owner == Owner.BOT:
        return
    owner.to_bot(conversation)
    lines.tell_return(conversation, line)
    announce_conversation(conversation, "conversation:updated", to_visitor=True)


@traced
def qualify(conversation: Conversation, *, details: dict[str, Any]) -> None:
    """Mark the contact as worth the team's while, with what is known about it."""
    conversation.qualified_at = conversation.qualified_at or datetime.now(UTC)
    conversation.qualification = {**conversation.qualification, **details}
    _save(conversation, "qualified_at", "qualification")
    announce_conversation(conversation, "conversation:qualified", "conversation:updated")


@traced
def close(conversation: Conversation, *, by: str = "") -> None:
    """Resolve the conversation. The visitor's next message reopens it with the assistant.

    ``by`` as in ``lines.tell_end``.
    """
    if conversation.owner == Owner.CLOSED:
        return
    owner.move(conversation, Owner.CLOSED, status=Status.RESOLVED, snoozed_until=None)
    lines.tell_end(conversation, by)
    announce_conversation(
        conversation, "conversation:closed", "conversation:updated", to_visitor=True
    )


def set_status(
    conversation: Conversation, status: Status, *, until: datetime | None = None
) -> None:
    """Park a conversation (pending, snoozed until a moment) or take it back to the open ones."""
    if status == Status.RESOLVED or conversation.owner == Owner.CLOSED:
        raise BadRequest("Use close, or write a message to reopen.", code="invalid_status")
    if (status == Status.SNOOZED) != (until is not None):
        raise BadRequest("A snoozed conversation needs a time to wake.", code="invalid_status")
    conversation.status, conversation.snoozed_until = status, until
    _save(conversation, "status", "snoozed_until")
    queueing.nudge_after_commit()
    announce_conversation(conversation, "conversation:updated")


def mark_seen(conversation: Conversation, *, seq: int) -> None:
    """The visitor has read up to message ``seq``."""
    seen = min(seq, conversation.message_seq)
    if seen > conversation.visitor_read_seq:
        conversation.visitor_read_seq = seen
        conversation.save(update_fields=["visitor_read_seq"])
        tell_seen(conversation)


def set_variables(conversation: Conversation, values: dict[str, Any]) -> None:
    """Keep what the client tells about its state: data for answers, never instructions."""
    conversation.variables = merged(conversation.variables, values)
    _save(conversation, "variables")


def set_language(conversation: Conversation, language: str) -> None:
    """Answer in this language from now on, if the assistant speaks it."""
    named = MessageContext(language=language).spoken_in(conversation)
    if named and named != conversation.named_language:
        conversation.named_language = named
        _save(conversation, "named_language")


def display_name(member: Membership) -> str:
    return member.user.name or "A team member"


def _locked() -> Any:
    # Not FOR UPDATE, here and for sessions: at its commit another transaction may have to look
    # whether the row is still there, while it holds what we wait for.
    rows = Conversation.objects.select_for_update(of=("self",), no_key=True)
    return with_production(rows.select_related("contact", "assignee__user"), "assistant")


def _latest_or_new(
    session: VisitorSession, assistant: Assistant | None, *, is_test: bool
) -> Conversation:
    open_ones = _locked().filter(theirs(session), channel="chat").exclude(status=Status.RESOLVED)
    if assistant is not None:
        open_ones = open_ones.filter(assistant=assistant)
    latest: Conversation | None = open_ones.order_by("-created_at").first()
    if latest is None:
        return open_conversation(session, assistant=assistant, is_test=is_test)
    return settled(latest)


def _rouse(conversation: Conversation) -> None:
    """What a visitor's message does to the conversation that it arrives in."""
    if conversation.owner == Owner.CLOSED:
        owner.to_bot(conversation)
        lines.tell(conversation, "reopened")
        announce_conversation(conversation, "conversation:updated", to_visitor=True)
    if conversation.status == Status.SNOOZED:
        conversation.status, conversation.snoozed_until = Status.OPEN, None
    conversation.unread += 1
    conversation.epoch += 1


def _post_visitors(conversation: Conversation, session: VisitorSession, **fields: Any) -> Message:
    return post(
        conversation,
        author_kind=AuthorKind.VISITOR,
        author_id=conversation.contact_id,
        author_name=conversation.contact.name,
        sender_id=session.id,
        **fields,
    )


def _count_when_stored(conversation: Conversation) -> None:
    using = router.db_for_write(Conversation)
    transaction.on_commit(_counter(conversation.channel).inc, using=using, robust=True)


@cache
def _counter(channel: str) -> Counter:
    return metrics.MESSAGES_RECEIVED.labels(channel)


def _put_to_work(
    conversation: Conversation,
    question: Message,
    context: MessageContext,
    *,
    hand_over_when_spent: bool,
) -> bool:
    """Have an answer made; False if a person is to give it, as there is no budget for one."""
    try:
        turns.begin(
            conversation,
            question_seq=question.seq,
            additional_input=context.additional_input,
            model=context.model,
        )
    except BudgetSpent:
        version = turns.version_for(conversation)
        # Who asks for a person needs no model for that, and no budget.
        is_wish = asks_for_person(question.text, languages_of(version))
        if not (is_wish or hand_over_when_spent):
            raise
        reason = "requested" if is_wish else "budget"
        language = language_so_far(version, conversation.named_language, conversation.language)
        hand_over(conversation, reason=reason, text=handover_text(version, language))
        return False
    return True


def _save(conversation: Conversation, *fields: str) -> None:
    conversation.updated_at = datetime.now(UTC)
    conversation.save(update_fields=[*fields, "updated_at"])
