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

    @property
    def address(self) -> str:
        return contacts.normal_address(self.email)


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
    contacts.lock_concerned(
        found.contact_id if found else None, email=person.address, external_id=person.user_id
    )
    contact = contacts.contact_by_external_id(person.user_id, name=person.name)
    if found is None or (found.is_verified and found.contact_id != contact.id):
        on_new()
        if found is not None:
            end_session(found)
        session = begin_verified(visitor, contact)
    else:
        session = found
        if not session.is_verified:
            _join(session, contact, person)
    if _learn(contact, person):
        announce_contact(contact)
    session.contact = contact
    return session


def _join(session: VisitorSession, contact: Contact, person: Person) -> None:
    own = Contact.objects.get(pk=session.contact_id)
    if person.is_whole and own.email is not None and own.email.lower() == person.address:
        contacts.give_up_email(own)
    session.contact = own
    went = contacts.move(session, contact)
    if went:
        contact.name = contact.name or own.name
        contact.phone = contact.phone or own.phone
        merged = {**own.attributes, **contact.attributes}
        contact.attributes = dict(list(merged.items())[:ATTRIBUTES_LIMIT])
        contact.save(update_fields=["name", "phone", "attributes"])
    elif own.email is None:
        announce_contact(own)
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
    email = person.address
    is_other = bool(email) and email != contact.email
    is_taken = is_other and person.is_whole and _take_email(contact, email)
    attributes = dict(contact.attributes)
    if is_other and not is_taken:
        # Another person's, or nobody vouches for it.
        attributes[CLAIMED_EMAIL] = email
    elif contact.email and attributes.get(CLAIMED_EMAIL) == contact.email:
        del attributes[CLAIMED_EMAIL]
    if attributes != contact.attributes and len(attributes) <= ATTRIBUTES_LIMIT:
        changed["attributes"] = attributes
    for name, value in changed.items():
        setattr(contact, name, value)
    if changed:
        contact.save(update_fields=list(changed))
    return is_taken or bool(changed)


def _take_email(contact: Contact, email: str) -> bool:
    """Give the contact an address, unless another person has it; who only typed it loses it."""
    holder = Contact.objects.filter(email=email).exclude(pk=contact.pk).first()
    if holder is not None and holder.external_id is not None:
        return False
    with suppress(IntegrityError), transaction.atomic(using=router.db_for_write(Contact)):
        if holder is not None:
            contacts.give_up_email(holder)
        Contact.objects.filter(pk=contact.pk).update(email=email)
        contact.email = email
        if holder is not None:
            announce_contact(holder)
        return True
    return False
