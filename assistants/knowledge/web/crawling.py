"""A crawl from its beginning to its end, in a process that may be told to end before."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings

from assistants.ingestion_process import Interrupted, go_on
from assistants.knowledge.ingestion import DATABASE_AWAY
from assistants.knowledge.parsing import MAX_BYTES
from assistants.knowledge.surprises import log_surprise
from assistants.knowledge.web.addresses import host_of
from assistants.knowledge.web.crawl import Crawl
from assistants.knowledge.web.fetching import PAGE_SECONDS, Fetcher
from assistants.knowledge.web.problems import problem
from assistants.knowledge.web.sites import Lease, LeaseLost, finish, give_back, take
from assistants.models import KnowledgeSource
from tenants.errors import LiveChatError
from tenants.executor import run_in_db_thread
from tenants.outbound import guarded_client
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)

# A crawl mostly waits, but it holds a thread that could read what other crawls have found.
CRAWLS_AT_ONCE = max(1, min(3, settings.CELERY_WORKER_CONCURRENCY // 2))
CRAWLS_OF_A_HOST = 2
LOOK_SECONDS = 0.5

_hosts: Counter[str] = Counter()
_choosing = threading.Lock()


def crawl(site: KnowledgeSource) -> KnowledgeSource:
    """Crawl a site if it is due and nobody does so, and return it as it is then.

    One that cannot be crawled now, because this process is busy, stays due.
    """
    with _slot(host_of(site.url)) as is_free:
        lease = take(site) if is_free else None
        if lease is not None:
            asyncio.run(_until_interrupted(lease))
    with tenant_scope(site.tenant_id):
        return KnowledgeSource.objects.filter(pk=site.pk).first() or site


@contextmanager
def _slot(host: str) -> Iterator[bool]:
    with _choosing:
        is_free = _hosts.total() < CRAWLS_AT_ONCE and _hosts[host] < CRAWLS_OF_A_HOST
        _hosts[host] += is_free
    try:
        yield is_free
    finally:
        with _choosing:
            _hosts[host] -= is_free
            if not _hosts[host]:
                del _hosts[host]


async def _until_interrupted(lease: Lease) -> None:
    work = asyncio.ensure_future(_crawl(lease))
    try:
        while not (await asyncio.wait([work], timeout=LOOK_SECONDS))[0]:
            go_on()
        await work
    except LeaseLost:
        logger.info("The crawl of site %s is somebody else's by now", lease.site.pk)
    except Interrupted:
        work.cancel()
        await asyncio.wait([work])
        with suppress(LeaseLost):
            await run_in_db_thread(give_back, lease)


async def _crawl(lease: Lease) -> None:
    try:
        wrong, failed = await _result(lease)
    except (LeaseLost, *DATABASE_AWAY):
        # It is due again once its crawler counts as dead.
        raise
    except Exception as error:
        log_surprise(lease.site.pk, error)
        wrong, failed = problem("crawl_failed"), True
    await run_in_db_thread(finish, lease, wrong, failed=failed)


async def _result(lease: Lease) -> tuple[LiveChatError | None, bool]:
    """What is wrong with the site, if anything is, and whether nothing was read of it."""
    client = guarded_client(allow_http=True, max_seconds=PAGE_SECONDS, max_bytes=MAX_BYTES)
    async with client:
        crawl = Crawl(lease, Fetcher(client, page_limit=lease.site.page_limit))
        wrong = await crawl.run()
    return wrong, wrong is not None and not crawl.has_pages
