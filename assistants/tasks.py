"""What the worker is told about knowledge."""

from uuid import UUID

from celery import shared_task

from assistants.knowledge.ingestion import due, ingest
from assistants.models import KnowledgeSource
from tenants.scope import platform_scope, tenant_scope


@shared_task
def ingest_source(tenant_id: str, source_id: str) -> None:
    with tenant_scope(UUID(tenant_id)):
        source = KnowledgeSource.objects.defer("content").filter(pk=UUID(source_id)).first()
    if source is not None:
        ingest(source)


@shared_task
def ingest_waiting() -> None:
    """Read what nobody was told to read, or what the one who was told did not finish."""
    with platform_scope("find unread knowledge"):
        sources = list(due()[:100])
    for source in sources:
        ingest(source)
