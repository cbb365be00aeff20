"""Ready-made answers, with places for what is known of whoever they go to."""

import re
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, router, transaction

from conversations.announcements import text_or_none
from conversations.models import CannedResponse, Conversation
from conversations.repeats import MESSAGE_LIMIT
from tenants import audit
from tenants.errors import BadRequest, Conflict, NotFound
from tenants.ids import parse_uuid, uuid7
from tenants.models import Membership, Tenant
from tenants.scope import current_scope

RESPONSES_LIMIT = 1_000
VARIABLE = re.compile(r"\{\{\s*([\w.]+)\s*(?:\|([^{}|]*))?\}\}")
Read = Callable[[Conversation, Membership], str | None]
VARIABLES: dict[str, Read] = {
    "contact.name": lambda conversation, member: conversation.contact.name,
    "contact.email": lambda conversation, member: conversation.contact.email,
    "agent.name": lambda conversation, member: member.user.name,
    "agent.email": lambda conversation, member: member.user.email,
    "tenant.name": lambda conversation, member: Tenant.objects.get(pk=conversation.tenant_id).name,
    "conversation.id": lambda conversation, member: str(conversation.id),
}


def response_by_id(response_id: object) -> CannedResponse:
    """The tenant's canned response with this id. Raises NotFound for any other."""
    known = parse_uuid(response_id)
    found = CannedResponse.objects.filter(pk=known).first() if known else None
    if found is None:
        raise NotFound("Canned response not found.", code="canned_response_not_found")
    return found


def create_response(*, actor: str, **fields: Any) -> CannedResponse:
    """Make one. Raises Conflict for a shortcut that is in use, BadRequest for too many."""
    if CannedResponse.objects.count() >= RESPONSES_LIMIT:
        raise BadRequest(
            f"There are at most {RESPONSES_LIMIT} canned responses.",
            code="too_many_canned_responses",
        )
    response = CannedResponse(id=uuid7(), tenant_id=current_scope().tenant_id, **fields)
    _save(response, force_insert=True)
    audit.record("canned_response.created", actor=actor, target=response)
    return response


def change_response(response: CannedResponse, *, actor: str, **fields: Any) -> None:
    """Change what is named. Raises Conflict and BadRequest as above."""
    for name, value in fields.items():
        setattr(response, name, value)
    _save(response)
    audit.record("canned_response.changed", actor=actor, target=response)


def delete_response(response: CannedResponse, *, actor: str) -> None:
    audit.record("canned_response.deleted", actor=actor, target=response)
    response.delete()


def rendered(response: CannedResponse, conversation: Conversation, member: Membership) -> str:
    """The text as the member would send it there, at most as long as a message.

    What is not known is what follows the bar; what is put in is not looked at again.
    """

    def known(match: re.Match[str]) -> str:
        read = VARIABLES.get(match[1])
        value = read(conversation, member) if read else None
        return value or (match[2] or "").strip()

    return VARIABLE.sub(known, response.text)[:MESSAGE_LIMIT]


def response_data(response: CannedResponse) -> dict[str, Any]:
    return {
        "id": str(response.id),
        "shortcut": response.shortcut,
        "text": response.text,
        "teamId": text_or_none(response.team_id),
    }


def _save(response: CannedResponse, **options: Any) -> None:
    for name, _ in VARIABLE.findall(response.text):
        if name not in VARIABLES:
            raise BadRequest(f"There is no variable {name[:60]}.", code="unknown_variable")
    try:
        with transaction.atomic(using=router.db_for_write(CannedResponse)):
            response.save(**options)
    except IntegrityError:
        raise Conflict(
            "There is a canned response with this shortcut.", code="shortcut_taken"
        ) from None
