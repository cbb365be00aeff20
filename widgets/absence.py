"""Saying honestly that nobody is there, once, to whoever begins to wait meanwhile.

Who waits with an open socket also hears when somebody comes back, or everybody goes again.
Only our own chat says so: what other vendors' clients hear is theirs to say. Who left a message by
the form for that knows it already. The team hears of both by mail.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import translation
from django.utils.formats import date_format

from conversations import engine, routing
from conversations.availability import Expectation
from conversations.models import Conversation, Owner
from realtime.ephemeral import whisper
from tenants.errors import NotFound
from tenants.languages import MAIN_LANGUAGE, base_of
from tenants.scope import platform_scope, tenant_scope
from widgets import waiting_mail
from widgets.bubbles import bubble_of, expectation, locale_of, texts_of
from widgets.config import complete_settings
from widgets.models import Bubble
from widgets.wording import TEXTS, texts_in

CHANNEL = "chat"
BY_FORM = "offline"
AT_ONCE = 200
LOOKED_AT = 5_000
TENANTS_AT_ONCE = 5_000


def due() -> list[UUID]:
    """The tenants whose visitors may have to be told."""
    with platform_scope("tell of absence"):
        return list(_untold().values_list("tenant_id", flat=True).distinct()[:TENANTS_AT_ONCE])


def tell(tenant_id: UUID) -> None:
    """Tell those who wait in this tenant's queues, each in a transaction of its own.

    Where somebody is there nothing is said, however many wait, and none of them is locked.
    """
    with tenant_scope(tenant_id):
        unattended = _unattended()
    for conversation_id in unattended:
        with tenant_scope(tenant_id), suppress(NotFound):
            _tell_one(engine.team_conversation(conversation_id))


def tell_changes(tenant_id: UUID) -> None:
    """Tell those who wait what they may expect, as a member has come or gone."""
    with tenant_scope(tenant_id):
        waiting = Conversation.objects.filter(
            owner=Owner.WAITING, assignee=None, channel=CHANNEL, waiting_since__isnull=False
        )
        doors = waiting.order_by("waiting_since").values_list("pk", "session__source_id", "team_id")
        expected = cache(_expected)
        told = [(pk, expected(*door)) for pk, *door in doors[:AT_ONCE]]
    for conversation_id, then in told:
        if then is not None:
            whisper(tenant_id, "availability", then.data(), visitor_of=conversation_id)


def hand_over(conversation: Conversation, bubble: Bubble) -> None:
    """Ask for a person as the visitor wishes, in one line that says whether anybody is there."""
    expected = expectation(bubble, conversation.team_id)
    if expected.status == "online":
        spoken = conversation.named_language or conversation.language
        engine.hand_over(conversation, reason="visitor", text=texts_of(bubble, spoken)["waiting"])
        return
    engine.hand_over(conversation, reason="visitor", text=_words(conversation, bubble, expected))
    conversation.is_absence_told = True
    conversation.save(update_fields=["is_absence_told"])


def _untold() -> "QuerySet[Conversation]":
    rows: QuerySet[Conversation] = Conversation.objects.filter(
        owner=Owner.WAITING, assignee=None, is_absence_told=False, channel=CHANNEL
    )
    return rows


def _unattended() -> list[UUID]:
    """Those of the tenant's whom nobody is there for; each bubble and team is asked after once."""
    is_attended = cache(_is_attended)
    waiting = _untold().order_by("waiting_since")
    rows = waiting.values_list("pk", "session__source_id", "team_id")[:LOOKED_AT]
    return [pk for pk, *door in rows if not is_attended(*door)][:AT_ONCE]


def _is_attended(source_id: UUID | None, team_id: UUID | None) -> bool:
    expected = _expected(source_id, team_id)
    return expected is not None and expected.status == "online"


def _expected(source_id: UUID | None, team_id: UUID | None) -> Expectation | None:
    bubble = Bubble.objects.filter(pk=source_id).first()
    return expectation(bubble, team_id) if bubble else None


def _tell_one(conversation: Conversation) -> None:
    is_waiting = conversation.owner == Owner.WAITING and conversation.assignee_id is None
    if not is_waiting or conversation.is_absence_told:
        return
    bubble = bubble_of(conversation)
    expected = expectation(bubble, conversation.team_id) if bubble else None
    if expected is not None and expected.status == "online":
        return
    routing.note_absence(conversation, _words(conversation, bubble, expected))
    waiting_mail.send(conversation)


def _words(conversation: Conversation, bubble: Bubble | None, expected: Expectation | None) -> str:
    if bubble is None or expected is None or conversation.handover_reason == BY_FORM:
        return ""
    locale = locale_of(bubble, conversation.named_language or conversation.language)
    texts = texts_in(locale, bubble.settings)
    said = [texts["closed" if expected.status == "closed" else "away"]]
    if expected.opens_at is not None:
        zone = ZoneInfo(complete_settings(bubble.settings)["businessHours"]["timezone"])
        begun = conversation.waiting_since or conversation.updated_at
        # Words that nobody has translated are English, and so is the day in them.
        is_english = texts["closedUntil"] == TEXTS["closedUntil"]
        with translation.override(MAIN_LANGUAGE if is_english else base_of(locale)):
            moments = expected.opens_at.astimezone(zone), begun.astimezone(zone)
            said.append(_opening(*moments, texts))
    return " ".join(filter(None, [*said, texts["closedText"]]))


def _opening(opens: datetime, now: datetime, texts: Mapping[str, str]) -> str:
    """When we are back, by the bubble's clock, which the sentence names at its end."""
    is_today = opens.date() == now.date()
    sentence = texts["closedUntilToday" if is_today else "closedUntil"]
    day, time = date_format(opens, "DATE_FORMAT"), f"{opens:%H:%M}"
    # A tenant's own text may have no place for the day.
    if not is_today and "{day}" not in sentence:
        time = f"{day}, {time}"
    said = sentence.replace("{day}", day).replace("{time}", time)
    return f"{said.rstrip('.')} ({opens.tzinfo})."
