"""Who somebody is: one contact per e-mail address and per verified user id, even in a race."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from conversations.announcements import announce_contact
from conversations.models import Contact, Conversation, VisitorSession
from tenants.errors import BadRequest
from tenants.postgresql import advisory
from tenants.scope import current_scope

ATTRIBUTES_LIMIT = 50
CLAIMED_EMAIL = "claimedEmail"
# What we note ourselves.
RESERVED = frozenset({CLAIMED_EMAIL, "userId"})


def lock_concerned(
    own_id: UUID | None, *, email: str = "", external_id: str = ""
) -> dict[UUID, Contact]:
    """Lock whoever may gain or lose by what somebody types or proves, until the scope ends.

    All of them at once and in one order, and whom nobody knows yet by the address: who locked them
    as they were met might wait for somebody who waits for them.
    """
    concerned = Q(pk=own_id)
    if email:
        advisory.lock(f"e {current_scope().tenant_id} {email}")
        concerned |= Q(email=email)
    if external_id:
        concerned |= Q(external_id=external_id)
    rows = Contact.objects.select_for_update(no_key=True).filter(concerned).order_by("pk")
    return {contact.pk: contact for contact in rows}


def normal_address(email: str | None) -> str:
    """An address as it is kept and looked for."""
    return (email or "").strip().lower()


def contact_by_email(email: str, *, name: str = "") -> Contact:
    """Find or make the contact with this address, and keep it to ourselves until the scope ends."""
    return _find_or_make("email", normal_address(email), name)


def contact_by_external_id(external_id: str, *, name: str = "") -> Contact:
    """Find or make the contact whom the tenant's own site calls by this user id; locked too."""
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
    of a person whom the site vouches for does not become that person, nor does such a person become
    somebody else: it is noted as a claim.
    """
    email = normal_address(email)
    session.contact = contact = lock_concerned(session.contact_id, email=email)[session.contact_id]
    if email and contact.email != email:
        named = None if session.is_verified else contact_by_email(email, name=name)
        if named is not None and named.external_id is None:
            contact = named
            move(session, contact)
        else:
            attributes = {**(attributes or {}), CLAIMED_EMAIL: email}
    if contact.email is None and not session.is_verified:
        contact.name, contact.phone = name or contact.name, phone or contact.phone
        merged = {**contact.attributes, **(attributes or {})}
    else:
        contact.name, contact.phone = contact.name or name, contact.phone or phone
        merged = {**(attributes or {}), **contact.attributes}
    contact.attributes = dict(list(merged.items())[:ATTRIBUTES_LIMIT])
    contact.save(update_fields=["name", "phone", "attributes"])
    announce_contact(contact)
    return contact


def describe(session: VisitorSession, attributes: dict[str, Any]) -> Contact:
    """Note what the visitor's page says of its visitor; None takes back what it said before.

    Nobody vouches for it. Of somebody whose address was only typed, blanks are filled and nothing
    is changed. Raises BadRequest for a name of ours, and for too many.
    """
    if RESERVED & attributes.keys():
        raise BadRequest("This name is ours.", code="reserved_attribute")
    contact = Contact.objects.select_for_update(no_key=True).get(pk=session.contact_id)
    is_own = session.is_verified or contact.email is None
    known = contact.attributes
    said = {name: value for name, value in attributes.items() if is_own or name not in known}
    merged = {name: value for name, value in {**known, **said}.items() if value is not None}
    if len(merged) > max(ATTRIBUTES_LIMIT, len(known)):
        raise BadRequest(f"At most {ATTRIBUTES_LIMIT} attributes.", code="too_many_attributes")
    if merged != known:
        contact.attributes = merged
        contact.save(update_fields=["attributes"])
        announce_contact(contact)
    return contact


def move(session: VisitorSession, contact: Contact) -> bool:
    """Have a session and all that was said in it be another contact's.

    A nameless one goes if nothing else is its own; whether it went.
    """
    anonymous = session.contact
    Conversation.objects.filter(session=session).update(contact=contact)
    session.contact = contact
    session.save(update_fields=["contact"])
    if anonymous.email is not None or anonymous.external_id is not None:
        return False
    for model in (VisitorSession, Conversation):
        if model.objects.filter(contact=anonymous).exists():
            return False
    anonymous.delete()
    return True


def give_up_email(contact: Contact) -> None:
    """Leave an address that was only typed to whom it was proved to belong to.

    The contact must be locked.
    """
    # The first of them, so that it is not left out as one too many.
    others = {name: value for name, value in contact.attributes.items() if name != CLAIMED_EMAIL}
    contact.attributes = {CLAIMED_EMAIL: contact.email, **others}
    contact.email = None
    contact.save(update_fields=["email", "attributes"])


def _find_or_make(field: str, value: str, name: str) -> Contact:
    rows = Contact.objects.select_for_update(no_key=True).filter(**{field: value})
    contact = rows.first()
    if contact is None:
        _insert_unless_there(field, value, name)
        contact = rows.get()
    return contact


def _insert_unless_there(field: str, value: str, name: str) -> None:
    contact = Contact(tenant_id=current_scope().tenant_id, name=name, **{field: value})
    Contact.objects.bulk_create([contact], ignore_conflicts=True)
