"""Who somebody is: one contact per e-mail address and per verified user id, even in a race."""

from typing import Any

from conversations.announcements import announce_contact
from conversations.models import Contact, Conversation, VisitorSession
from tenants.scope import current_scope

ATTRIBUTES_LIMIT = 50
CLAIMED_EMAIL = "claimedEmail"


def contact_by_email(email: str, *, name: str = "") -> Contact:
    """Find or make the contact with this address."""
    return _find_or_make("email", email.strip().lower(), name)


def contact_by_external_id(external_id: str, *, name: str = "") -> Contact:
    """Find or make the contact whom the tenant's own site calls by this user id."""
    return _find_or_make("external_id", external_id, name)


def introduce(
    session: VisitorSession,
    *,
    email: str = "",
    name: str = "",
    phone: str = "",
    attributes: dict[str, Any] | None = None,
) -> Contact:
    """Note what a visitor says of themselves.

    The team sees the conversation under the contact with that address; the visitor gains nothing:
    what a browser may read hangs on its session alone. Nor can they rewrite what is known of
    somebody: an address is easily typed, so there only blanks are filled. Whoever types the address
    of a person whom the site vouches for does not become that person: it is noted as a claim.
    """
    contact = session.contact
    if email and contact.email != email.strip().lower():
        named = contact_by_email(email, name=name)
        if named.external_id is None:
            contact = named
            _move(session, contact)
        else:
            attributes = {**(attributes or {}), CLAIMED_EMAIL: email.strip().lower()}
    if contact.email is None:
        contact.name, contact.phone = name or contact.name, phone or contact.phone
        merged = {**contact.attributes, **(attributes or {})}
    else:
        contact.name, contact.phone = contact.name or name, contact.phone or phone
        merged = {**(attributes or {}), **contact.attributes}
    contact.attributes = dict(list(merged.items())[:ATTRIBUTES_LIMIT])
    contact.save(update_fields=["name", "phone", "attributes"])
    announce_contact(contact)
    return contact


def _find_or_make(field: str, value: str, name: str) -> Contact:
    contact = Contact.objects.filter(**{field: value}).first()
    if contact is None:
        _insert_unless_there(field, value, name)
        contact = Contact.objects.get(**{field: value})
    return contact


def _insert_unless_there(field: str, value: str, name: str) -> None:
    contact = Contact(tenant_id=current_scope().tenant_id, name=name, **{field: value})
    Contact.objects.bulk_create([contact], ignore_conflicts=True)


def _move(session: VisitorSession, contact: Contact) -> None:
    anonymous = session.contact
    Conversation.objects.filter(session=session).update(contact=contact)
    session.contact = contact
    session.save(update_fields=["contact"])
    nobody_left = not VisitorSession.objects.filter(contact=anonymous).exists()
    if anonymous.email is None and anonymous.external_id is None and nobody_left:
        anonymous.delete()
