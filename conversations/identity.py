"""People whom a tenant's own site vouches for, and the browsers that have proved to be theirs."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, router, transaction

from conversations import contacts
from conversations.announcements import announce_contact, announce_conversation
from conversations.contacts import ATTRIBUTES_LIMIT, CLAIMED_EMAIL
from conversations.models import Contact, Conversation, Status, VisitorSession
from conversations.sessions import (
    Visitor,
    begin_verified,
    change_secret,
    end_session,
    shown_session,
)

# So many of the conversations that become a person's are announced at once.
ANNOUNCED = 20


@dataclass(frozen=True)
class Person:
    """Whom the site vouches for by ``user_id``, and by the rest too if ``is_whole``."""

    user_id: str
    name: str = ""
    email: str = ""
    is_whole: bool = False


def identify(
    visitor: Visitor, person: Person, *, on_new: Callable[[], None] = lambda: None
) -> VisitorSession:
    """The session of a person who has proved to be one, locked until the scope ends.

    The session whose secret the browser shows goes on if it is the person's. One that was nobody's
    becomes theirs, with all that was said in it, under another secret: who has seen the old one
    does not read on. One that is somebody else's ends, and a new one begins; ``on_new`` may refuse
    that by raising.
    """
    found = shown_session(visitor)
    contact = contacts.contact_by_external_id(person.user_id, name=person.name)
    if found is None or (found.is_verified and found.contact_id != contact.id):
        on_new()
        if found is not None:
            end_session(found)
        session = begin_verified(visitor, contact)
    else:
        session = found
        if not session.is_verified:
            _join(session, contact)
    if _learn(contact, person):
        announce_contact(contact)
    session.contact = contact
    return session


def _join(session: VisitorSession, contact: Contact) -> None:
    anonymous = session.contact
    contacts.move(session, contact)
    if anonymous.email is None:
        contact.name = contact.name or anonymous.name
        contact.phone = contact.phone or anonymous.phone
        merged = {**anonymous.attributes, **contact.attributes}
        contact.attributes = dict(list(merged.items())[:ATTRIBUTES_LIMIT])
        contact.save(update_fields=["name", "phone", "attributes"])
    session.is_verified = session.secret_seen = True
    session.save(update_fields=["is_verified", "secret_seen"])
    change_secret(session)
    rows = Conversation.objects.filter(session=session, message_seq__gt=0)
    for conversation in rows.exclude(status=Status.RESOLVED).order_by("-id")[:ANNOUNCED]:
        conversation.contact = contact
        announce_conversation(conversation, "conversation:updated")


def _learn(contact: Contact, person: Person) -> bool:
    """Note what is new about a person; whether anything was."""
    changed: dict[str, Any] = {}
    if person.name and person.name != contact.name and (person.is_whole or not contact.name):
        changed["name"] = person.name
    email = person.email.strip().lower()
    is_other = bool(email) and email != contact.email
    is_taken = is_other and person.is_whole and _take_email(contact, email)
    if is_other and not is_taken:
        # Somebody else's, or nobody vouches for it.
        attributes = {**contact.attributes, CLAIMED_EMAIL: email}
        if attributes != contact.attributes and len(attributes) <= ATTRIBUTES_LIMIT:
            changed["attributes"] = attributes
    for name, value in changed.items():
        setattr(contact, name, value)
    if changed:
        contact.save(update_fields=list(changed))
    return is_taken or bool(changed)


def _take_email(contact: Contact, email: str) -> bool:
    """Give the contact an address, unless another contact has it."""
    if Contact.objects.filter(email__iexact=email).exclude(pk=contact.pk).exists():
        return False
    with suppress(IntegrityError), transaction.atomic(using=router.db_for_write(Contact)):
        Contact.objects.filter(pk=contact.pk).update(email=email)
        contact.email = email
        return True
    return False
