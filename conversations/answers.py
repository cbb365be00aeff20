"""Posting what an assistant came to say, if the conversation still waits for exactly that."""

from django.db.models.functions import Now

from assistants.events import Handoff, Reply, Usage
from assistants.usage import book, release, settle
from conversations import engine, queueing
from conversations.announcements import announce_conversation
from conversations.models import AuthorKind, Conversation, Message, Owner, TurnState
from conversations.posting import post
from conversations.turns import NOTHING_ELSE, Claim, Effects, LostLease, awaiting, held_turn
from tenants.scope import tenant_scope
from tenants.tracing import traced

REASON_LENGTH = 60
SUMMARY_LENGTH = 1_000


@traced
def commit(
    held: Claim, result: Reply | Handoff, *, usage: Usage, effects: Effects = NOTHING_ELSE
) -> bool:
    """Post the answer, or hand over and say so; False when it is not wanted any more."""
    try:
        with tenant_scope(held.tenant_id):
            tells_of_contact = isinstance(result, Handoff) or effects != NOTHING_ELSE
            conversation = awaiting(held, with_contact=tells_of_contact)
            message = _post(conversation, held, result, effects)
            _finish(held, result, message, usage)
            if held.question.version.is_metered:
                _pay(held, result, usage)
            _take_effect(conversation, held, effects)
            return True
    except LostLease:
        return False


def _post(
    conversation: Conversation, held: Claim, result: Reply | Handoff, effects: Effects
) -> Message:
    conversation.language = effects.language or conversation.language
    changed = None
    if isinstance(result, Handoff):
        _hand_over(conversation, result)
    else:
        conversation.unanswered = 0 if result.answers else conversation.unanswered + 1
        changed = ("language", "unanswered")
    message = post(
        conversation,
        changed=changed,
        author_kind=AuthorKind.ASSISTANT,
        author_id=held.question.version.assistant_id,
        author_name=held.question.version.name,
        text=result.text,
        sources=list(result.citations) if isinstance(result, Reply) else [],
        choices=list(result.choices) if isinstance(result, Reply) else [],
    )
    if isinstance(result, Handoff):
        announce_conversation(conversation, "conversation:updated", to_visitor=True)
    return message


def _hand_over(conversation: Conversation, result: Handoff) -> None:
    conversation.owner = Owner.WAITING
    conversation.epoch += 1
    queueing.wait_for_person(conversation)
    conversation.handover_reason = result.reason[:REASON_LENGTH]
    # A turn that nobody could answer was taken up without its dialogue.
    summary = result.summary or engine.summary_for(conversation)
    conversation.handover_summary = summary[:SUMMARY_LENGTH]


def _finish(held: Claim, result: Reply | Handoff, message: Message, usage: Usage) -> None:
    is_handover = isinstance(result, Handoff)
    finished = held_turn(held).update(
        state=TurnState.HANDED_OVER if is_handover else TurnState.ANSWERED,
        reply=message,
        reason=result.reason[:REASON_LENGTH] if isinstance(result, Handoff) else "",
        model=usage.model[:100],
        tokens=usage.tokens,
        paused=None,
        finished_at=Now(),
    )
    if not finished:
        raise LostLease


def _pay(held: Claim, result: Reply | Handoff, usage: Usage) -> None:
    """A fault of ours costs the tenant no turn, though its tokens are spent; nor does a rule."""
    if isinstance(result, Handoff) and (result.is_failure or not usage.tokens):
        release(held.turn_id)
        book(held.turn_id, usage)
    else:
        settle(held.turn_id, usage)


def _take_effect(conversation: Conversation, held: Claim, effects: Effects) -> None:
    if effects.qualified is not None:
        engine.qualify(conversation, details=effects.qualified)
    if effects.ends and conversation.owner == Owner.BOT:
        engine.close(conversation, by=held.question.version.name)
