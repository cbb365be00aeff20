"""What the team notes of people itself."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import IntegrityError, router, transaction

from conversations.announcements import announce_contact, announce_conversation, announce_merged
from conversations.contacts import ATTRIBUTES_LIMIT, RESERVED, lock_concerned, normal_address
from conversations.models import Contact, Conversation, Status, VisitorSession
from tenants import audit
from tenants.errors import BadRequest, Conflict, NotFound
from tenants.scope import current_scope

PLAIN = ("name", "phone")
# So many of the conversations that become another contact's are announced at once.
ANNOUNCED = 20
OTHER_EMAIL = "otherEmail"


def create_contact(
    *, name: str = "", email: str = "", phone: str = "", attributes: Mapping[str, Any] | None = None
) -> Contact:
    """Note somebody who has not written yet. Raises Conflict if the address is a contact's."""
    contact = Contact(tenant_id=current_scope().tenant_id)
    _change(contact, {"name": name, "email": email, "phone": phone})
    if not (contact.name or contact.email or contact.phone):
        raise BadRequest("Tell a name, an address or a number.", code="contact_required")
    contact.attributes = _merged({}, attributes or {})
    with _one_of_each(contact):
        contact.save(force_insert=True)
    announce_contact(contact)
    return contact


def change_contact(contact: Contact, changes: Mapping[str, Any]) -> Contact:
    """Change what is named; of the attributes too, where None takes one away.

    Raises Conflict if the address is another contact's, and NotFound if it has just gone.
    """
    email = normal_address(changes.get("email"))
    locked = lock_concerned(contact.pk, email=email).get(contact.pk)
    if locked is None:
        raise NotFound("Contact not found.", code="contact_not_found")
    _change(locked, changes)
    if "attributes" in changes:
        locked.attributes = _merged(locked.attributes, changes["attributes"])
    with _one_of_each(locked):
        locked.save(update_fields=["name", "email", "phone", "attributes"])
    announce_contact(locked)
    return locked


def merge_contacts(gone: Contact, kept: Contact, *, actor: str) -> Contact:
    """Make two contacts one: sessions and conversations of the first become the second's.

    What is known of the second one goes before what is known of the first, unless the site vouches
    for the first alone. Then the contact that stays is the one that is vouched for, by the same
    user id. Raises Conflict where it vouches for both: those are two people.
    """
    if gone.pk == kept.pk:
        raise BadRequest("A contact is itself already.", code="same_contact")
    ids = [gone.pk, kept.pk]
    # Before the contacts, as whoever writes locks the own session first.
    sessions = VisitorSession.objects.select_for_update(no_key=True).filter(contact__in=ids)
    list(sessions.order_by("id").values_list("id"))
    rows = Contact.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    locked = {row.pk: row for row in rows}
    if len(locked) < len(ids):
        raise Conflict("One of them is gone already.", code="contact_gone")
    gone, kept = (locked[each] for each in ids)
    if gone.external_id is not None and kept.external_id is not None:
        raise Conflict("Both are people whom the site vouches for.", code="both_verified")
    VisitorSession.objects.filter(contact=gone).update(contact=kept)
    theirs = Conversation.objects.filter(contact=gone)
    shown = list(
        theirs.exclude(status=Status.RESOLVED)
        .filter(message_seq__gt=0)
        .order_by("-id")
        .values_list("id", flat=True)[:ANNOUNCED]
    )
    theirs.update(contact=kept)
    _become_one(gone, kept)
    audit.record("contact.merged", actor=actor, target=kept.pk, details={"id": str(ids[0])})
    announce_merged(ids[0], kept)
    _announce(shown)
    return kept


def _become_one(gone: Contact, kept: Contact) -> None:
    """Give the one what is known of both, and delete the other: an address is one contact's."""
    first, second = (gone, kept) if gone.external_id is not None else (kept, gone)
    emails = [row.email for row in (first, second) if row.email]
    facts = {**second.attributes, **first.attributes}
    if len(emails) > 1:
        facts = {OTHER_EMAIL: emails[1], **facts}
    kept.name, kept.phone = first.name or second.name, first.phone or second.phone
    kept.email = emails[0] if emails else None
    kept.external_id = first.external_id
    kept.attributes = dict(list(facts.items())[:ATTRIBUTES_LIMIT])
    gone.delete()
    kept.save(update_fields=["name", "phone", "email", "external_id", "attributes"])


def _announce(conversation_ids: list[UUID]) -> None:
    for conversation in (
        Conversation.objects.select_related("contact").in_bulk(conversation_ids).values()
    ):
        announce_conversation(conversation, "conversation:updated")


def _change(contact: Contact, changes: Mapping[str, Any]) -> None:
    for field in PLAIN:
        if field in changes:
            setattr(contact, field, changes[field].strip())
    if "email" in changes:
        contact.email = normal_address(changes["email"]) or None


def _merged(known: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Raises BadRequest for a name of ours, and for too many."""
    if any(name in RESERVED and known.get(name) != changes[name] for name in changes):
        raise BadRequest("This name is ours.", code="reserved_attribute")
    merged = {name: value for name, value in {**known, **changes}.items() if value is not None}
    if len(merged) > max(ATTRIBUTES_LIMIT, len(known)):
        raise BadRequest(f"At most {ATTRIBUTES_LIMIT} attributes.", code="too_many_attributes")
    return merged


@contextmanager
def _one_of_each(contact: Contact) -> Iterator[None]:
    """Refuse an address that another contact has; it may have got it this very moment."""
    try:
        with transaction.atomic(using=router.db_for_write(Contact)):
            yield
    except IntegrityError:
        others = Contact.objects.filter(email=contact.email).exclude(pk=contact.pk)
        other = others.values_list("pk", flat=True).first()
        raise Conflict(
            "Another contact has this address.",
            code="email_taken",
            extra={"contactId": str(other)} if other else None,
        ) from None
