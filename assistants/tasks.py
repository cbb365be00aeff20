"""What the ingestion process is told about knowledge."""

from uuid import UUID

from celery import shared_task

from assistants.knowledge.ingestion import due, ingest
from assistants.knowledge.web.crawling import crawl
from assistants.knowledge.web.sites import TASK as CRAWL
from assistants.knowledge.web.sites import due_sites
from assistants.models import KnowledgeSource
from realtime import bus
from tenants.scope import platform_scope, tenant_scope


@shared_task
def ingest_source(tenant_id: str, source_id: str) -> None:
    if source := _source(tenant_id, source_id):
        ingest(source)


@shared_task
def ingest_waiting() -> None:
    """Read what nobody was told to read, or what the one who was told did not finish."""
    with platform_scope("find unread knowledge"):
        sources = list(due()[:100])
    for source in sources:
        ingest(source)


@shared_task
def crawl_site(tenant_id: str, source_id: str) -> None:
    if site := _source(tenant_id, source_id):
        crawl(site)


@shared_task
def crawl_due() -> None:
    """Have sites crawled whose time has come, or whose crawl nobody finished."""
    with platform_scope("find web sites to crawl"):
        sites = list(due_sites()[:100])
    for site in sites:
        # Each by a job of its own: a crawl may take an hour.
        bus.nudge(CRAWL, tenant_id=str(site.tenant_id), source_id=str(site.pk))


def _source(tenant_id: str, source_id: str) -> KnowledgeSource | None:
    with tenant_scope(UUID(tenant_id)):
        return KnowledgeSource.objects.defer("content").filter(pk=UUID(source_id)).first()
