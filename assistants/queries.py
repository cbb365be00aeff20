"""Reading assistants, inside a tenant's scope."""

from typing import Any

from django.db.models import QuerySet

from assistants.models import Assistant, AssistantVersion
from tenants.ids import parse_uuid

# Most of a version is long, and asked for by those only who answer with it.
BRIEF = ("id", "engine", "greeting", "model", "fallback_model")


def with_production(rows: QuerySet[Any], path: str = "") -> QuerySet[Any]:
    """``rows`` with the production version of the assistant at ``path``, read in the same query.

    Its other fields are read when they are asked for.
    """
    version = f"{path}__production" if path else "production"
    rest = [name for name in _field_names() if name not in BRIEF]
    return rows.select_related(version).defer(*(f"{version}__{name}" for name in rest))


def default_assistant() -> Assistant | None:
    """The assistant that answers where none is named."""
    return with_production(Assistant.objects.filter(is_default=True)).first()


def assistant_by_id(assistant_id: object) -> Assistant | None:
    """The tenant's published assistant with this id; None for any other, however it is written."""
    published = Assistant.objects.filter(production__isnull=False)
    return with_production(published.filter(pk=parse_uuid(assistant_id))).first()


def _field_names() -> list[str]:
    return [field.name for field in AssistantVersion._meta.concrete_fields]
