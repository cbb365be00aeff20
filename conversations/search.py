"""A question → the messages and contacts in which its words are, the newest first.

Words are looked for as they are written, in any language; ``"…"`` keeps them together, ``or`` and
``-`` mean what they say, and of the last one the beginning is enough.
"""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connections, router

from conversations.announcements import author_data, contact_data, timestamp
from conversations.excerpts import ALTERNATIVE, excerpt
from conversations.models import Contact, Conversation, Message
from conversations.pages import PAGE_SIZE, Page, decode_cursor, encode_cursor

QUESTION_LIMIT = 200
TIMEOUT_MILLISECONDS = 3_000
# So many conversations does a question narrow a list down to, at most.
CONVERSATIONS_LIMIT = 1_000
CONTACTS_LIMIT = 200
NEWEST = UUID(int=2**128 - 1)
# Without what has a meaning of its own to PostgreSQL.
BEGUN = re.compile(r"\w(?:[\w@./+-]*\w)?")


def messages(question: str, *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page:
    """What was said; notes too, and nothing that was erased."""
    rows = Message.objects.select_related("conversation__contact")
    return _page("messages", rows, question, _message_data, cursor, size)


def contacts(question: str, *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page:
    """People by their names, addresses and telephone numbers."""
    return _page("contacts", Contact.objects.all(), question, _contact_data, cursor, size)


def conversation_ids(question: str) -> list[UUID]:
    """The conversations in which it was said, or whose contact is called so: to filter by.

    Those of the newest 1,000 messages and 200 contacts that are found, at most 1,000.
    """
    said = Message.objects.filter(pk__in=_found("messages", question, CONVERSATIONS_LIMIT))
    ids = set(said.values_list("conversation_id", flat=True))
    people = _found("contacts", question, CONTACTS_LIMIT)
    theirs = Conversation.objects.filter(contact__in=people).order_by("-id")
    ids |= set(theirs.values_list("id", flat=True)[:CONVERSATIONS_LIMIT])
    return sorted(ids, reverse=True)[:CONVERSATIONS_LIMIT]


def _page(
    place: str,
    rows: Any,
    question: str,
    render: Callable[[Any, str], dict[str, Any]],
    cursor: str | None,
    size: int,
) -> Page:
    before = decode_cursor(cursor, UUID) if cursor else NEWEST
    ids = _found(place, question, size + 1, before)
    shown = ids[:size]
    # What is gone since is left out.
    known = rows.in_bulk(shown)
    results = [render(known[each], question) for each in shown if each in known]
    return Page(results, encode_cursor(str(shown[-1])) if len(ids) > size else None)


def _found(place: str, question: str, how_many: int, before: UUID = NEWEST) -> list[UUID]:
    """The ids of what matches; limits the time of all that follows in this scope, too."""
    with connections[router.db_for_read(Message)].cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true)", [str(TIMEOUT_MILLISECONDS)]
        )
        cursor.execute(
            "SELECT found_id FROM conversations_search(%s, conversations_words(%s, %s), %s, %s)",
            [place, *_split(question[:QUESTION_LIMIT]), before, how_many],
        )
        return [found_id for (found_id,) in cursor.fetchall()]


def _split(question: str) -> tuple[str, str]:
    """The question without its last word, and that word if it may be only begun."""
    head, _, last = question.rstrip().rpartition(" ")
    follows_or = head.lower().split()[-1:] == [ALTERNATIVE]
    is_plain = BEGUN.fullmatch(last) is not None and head.count('"') % 2 == 0
    # Too much begins with one letter; a sign of an Asian script may be a word.
    is_telling = len(last) > 1 or not last.isascii()
    if is_plain and is_telling and not follows_or:
        return head, last
    return question, ""


def _message_data(message: Message, question: str) -> dict[str, Any]:
    return {
        "conversationId": str(message.conversation_id),
        "messageId": str(message.id),
        "seq": message.seq,
        "author": author_data(message),
        "createdAt": timestamp(message.created_at),
        "private": message.private,
        "contact_data": contact_data(message.conversation.contact),
        "excerpt": excerpt(message.text, question),
    }


def _contact_data(contact: Contact, question: str) -> dict[str, Any]:
    known = " · ".join(filter(None, (contact.name, contact.email, contact.phone)))
    return {
        **contact_data(contact),
        "createdAt": timestamp(contact.created_at),
        "excerpt": excerpt(known, question),
    }
