"""What the team reads of contacts: plain data, inside a tenant's scope."""

from typing import Any
from uuid import UUID

from conversations import search
from conversations.announcements import contact_data, timestamp
from conversations.models import Contact
from conversations.pages import PAGE_SIZE, Page, decode_cursor, encode_cursor, page_of
from tenants.errors import BadRequest, NotFound
from tenants.ids import parse_uuid


def contact_by_id(contact_id: object) -> Contact:
    """Raises NotFound."""
    found: Contact | None = Contact.objects.filter(pk=parse_uuid(contact_id)).first()
    if found is None:
        raise NotFound("Contact not found.", code="contact_not_found")
    return found


def contact_detail(contact: Contact) -> dict[str, Any]:
    return {**contact_data(contact), "createdAt": timestamp(contact.created_at)}


def newest_contacts(*, cursor: str | None = None, size: int = PAGE_SIZE) -> Page:
    """All contacts, who was made last coming first."""
    rows = Contact.objects.order_by("-id")
    if cursor:
        rows = rows.filter(id__lt=decode_cursor(cursor, UUID))
    return page_of(rows, size=size, render=contact_detail, position=lambda row: str(row.pk))


def contacts_by_name(*, cursor: str | None = None, size: int = PAGE_SIZE) -> Page:
    """All contacts in the order of their names, and then those that have none."""
    last = _last_shown(cursor) if cursor else None
    found: list[Contact] = []
    if last is None or last.name:
        named = Contact.objects.exclude(name="").order_by("name", "id")
        if last is not None:
            # Of the second condition alone no index would make use.
            named = named.filter(name__gte=last.name).exclude(name=last.name, id__lte=last.id)
        found += named[: size + 1]
    if len(found) <= size:
        nameless = Contact.objects.filter(name="").order_by("id")
        if last is not None and not last.name:
            nameless = nameless.filter(id__gt=last.id)
        found += nameless[: size + 1 - len(found)]
    shown = found[:size]
    more = encode_cursor(str(shown[-1].pk)) if len(found) > size else None
    return Page([contact_detail(row) for row in shown], more)


def contacts_called(question: str, *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page:
    """Who is found by name, address or telephone number, the newest first."""
    page = search.contacts(question, cursor=cursor, size=size)
    plain = [{name: row[name] for name in row if name != "excerpt"} for row in page.results]
    return Page(plain, page.next_cursor)


def _last_shown(cursor: str) -> Contact:
    """The contact that a page ended with: its name is too long for a cursor."""
    last: Contact | None = Contact.objects.filter(pk=decode_cursor(cursor, UUID)).first()
    if last is None:
        raise BadRequest("The cursor is not valid.", code="invalid_cursor")
    return last
