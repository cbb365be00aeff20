"""Web sites as their owners set them up, and the one who may crawl one of them at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from assistants.knowledge.ingestion import nudge_after_commit, valid_title
from assistants.knowledge.web.addresses import normal_prefix, normal_url
from assistants.models import Assistant, KnowledgeSource
from assistants.models.knowledge import MAX_PAGES, MAX_REFRESH_HOURS
from tenants.errors import BadRequest, LiveChatError
from tenants.outbound import check_url
from tenants.scope import tenant_scope

Status = KnowledgeSource.Status
TASK = "assistants.tasks.crawl_site"
# A crawler gives a sign of life with every page; one that has been silent for so long is dead.
LEASE = timedelta(minutes=2)


class LeaseLost(Exception):
    """Somebody else crawls the site by now, or it is gone."""


@dataclass
class Lease:
    """The right to crawl a site, for as long as nobody changed what ``since`` says."""

    site: KnowledgeSource
    since: datetime
    progress: dict[str, int] = field(default_factory=dict)


def add_site(
    assistant: Assistant,
    *,
    title: str,
    url: str,
    page_limit: int = 50,
    path_prefix: str = "",
    refresh_hours: int | None = 24,
) -> KnowledgeSource:
    """Keep a web site and have it crawled soon. Raises a LiveChatError for what cannot be."""
    site = KnowledgeSource(
        tenant_id=assistant.tenant_id,
        assistant=assistant,
        kind=KnowledgeSource.Kind.WEB,
        title=valid_title(title),
        url=start_url(url),
        content=b"",
        next_crawl_at=Now(),
        **_checked(page_limit, path_prefix, refresh_hours),
    )
    site.save(force_insert=True)
    site.refresh_from_db(fields=["next_crawl_at"])
    nudge_after_commit(site, TASK)
    return site


def change_site(
    site: KnowledgeSource, *, page_limit: int, path_prefix: str, refresh_hours: int | None
) -> None:
    """Look for other pages, or at other times, from the next crawl on, which is soon."""
    settings = _checked(page_limit, path_prefix, refresh_hours)
    KnowledgeSource.objects.filter(pk=site.pk).update(**settings)
    crawl_soon(site)


def crawl_soon(site: KnowledgeSource) -> None:
    """Have a site crawled as soon as somebody can, or once more if that is being done."""
    sites = KnowledgeSource.objects.filter(pk=site.pk)
    sites.update(next_crawl_at=Now())
    sites.exclude(status=Status.READING).update(status=Status.PENDING)
    nudge_after_commit(site, TASK)


def start_url(url: str) -> str:
    """The address of a site as it is kept. Raises BadRequest ``url_not_allowed``."""
    check_url(url.strip(), allow_http=True)
    normal = normal_url(url)
    if normal is None:
        raise BadRequest("The address is too long.", code="url_not_allowed")
    return normal


def due_sites() -> QuerySet[KnowledgeSource]:
    """Sites whose time has come, or whose crawler died."""
    dead = Q(status=Status.READING, checked_at__lt=Now() - LEASE)
    wanted = Q(next_crawl_at__lte=Now()) & ~Q(status=Status.READING)
    sites = KnowledgeSource.objects.filter(dead | wanted, kind=KnowledgeSource.Kind.WEB)
    return sites.filter(tenant__suspended_at=None).order_by("next_crawl_at")


def take(site: KnowledgeSource) -> Lease | None:
    """Begin a crawl, unless the site is being crawled or need not be."""
    with tenant_scope(site.tenant_id):
        free = due_sites().select_for_update(of=("self",), skip_locked=True)
        taken = free.filter(pk=site.pk).first()
        if taken is None:
            return None
        taken.status, taken.checked_at = Status.READING, Now()
        taken.pages_found = taken.pages_read = taken.pages_failed = 0
        pause = taken.refresh_hours
        # Fixed now, so that who asks for a crawl meanwhile gets another one.
        taken.next_crawl_at = None if pause is None else Now() + timedelta(hours=pause)
        taken.save()
        taken.refresh_from_db(fields=["checked_at", "next_crawl_at"])
    assert taken.checked_at is not None
    return Lease(taken, taken.checked_at)


@contextmanager
def holding(lease: Lease, **changes: Any) -> Iterator[None]:
    """Open the site's scope, with its row locked and its progress noted.

    Raises LeaseLost before anything is written.
    """
    with tenant_scope(lease.site.tenant_id):
        held = KnowledgeSource.objects.filter(
            pk=lease.site.pk, status=Status.READING, checked_at=lease.since
        )
        if not held.update(checked_at=Now(), **lease.progress, **changes):
            raise LeaseLost
        since = KnowledgeSource.objects.values_list("checked_at", flat=True).get(pk=lease.site.pk)
        yield
    lease.since = since


def finish(lease: Lease, problem: LiveChatError | None, *, failed: bool) -> None:
    """End a crawl; a problem may be there although pages were read."""
    with holding(
        lease,
        status=Status.FAILED if failed else Status.READY,
        error_code=problem.code if problem else "",
        error=problem.message[:300] if problem else "",
        crawls=F("crawls") + 1,
    ):
        pass


def give_back(lease: Lease) -> None:
    """Leave the rest of a crawl to somebody else, who may begin at once."""
    with holding(lease, status=Status.PENDING, next_crawl_at=Now()):
        pass


def _checked(page_limit: int, path_prefix: str, refresh_hours: int | None) -> dict[str, Any]:
    prefix = normal_prefix(path_prefix)
    if prefix is None or len(prefix) > 500:
        raise BadRequest("The path must begin with a slash, as /help/ does.", code="invalid_path")
    if not 1 <= page_limit <= MAX_PAGES:
        raise BadRequest(f"Choose 1 to {MAX_PAGES} pages.", code="invalid_page_limit")
    if refresh_hours is not None and not 1 <= refresh_hours <= MAX_REFRESH_HOURS:
        raise BadRequest(
            f"Choose 1 to {MAX_REFRESH_HOURS} hours, or none.", code="invalid_refresh_hours"
        )
    return {"page_limit": page_limit, "path_prefix": prefix, "refresh_hours": refresh_hours}
