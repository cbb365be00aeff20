"""Reading assistants, inside a tenant's scope."""

from assistants.models import Assistant
from tenants.ids import parse_uuid


def default_assistant() -> Assistant | None:
    """The assistant that answers where none is named."""
    return Assistant.objects.filter(is_default=True).first()


def assistant_by_id(assistant_id: object) -> Assistant | None:
    """The tenant's published assistant with this id; None for any other, however it is written."""
    return Assistant.objects.filter(pk=parse_uuid(assistant_id), production__isnull=False).first()
