"""The pages of a site in the database: what a crawl found, kept, missed and forgot.

What was read of a page answers until something better is there: a page that fails keeps it, and one
that is missing keeps it until it is missing in the next crawl too.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from assistants.knowledge.ingestion import hash_of, nudge_after_commit, remove_source
from assistants.knowledge.web.sites import Lease, holding
from assistants.models import KnowledgeSource
from tenants.errors import BadRequest, LiveChatError
from tenants.scope import tenant_scope

Status = KnowledgeSource.Status
# Codes of what went wrong on the way to a page begin so; those of reading what came do not.
ON_THE_WAY = "page_"
ETAG_CHARACTERS, DATE_CHARACTERS = 200, 100
MISSING = "The page is gone. It is forgotten if the next crawl does not find it either."


@dataclass(frozen=True)
class Known:
    """What is known of a page before it is asked for."""

    kind: str
    etag: str
    last_modified: str
    has_content: bool


@dataclass(frozen=True)
class Found:
    """A page as it was found."""

    url: str
    kind: str
    title: str
    content: bytes
    etag: str = ""
    last_modified: str = ""


def known_pages(lease: Lease) -> dict[str, Known]:
    with tenant_scope(lease.site.tenant_id):
        pages = _pages(lease).values_list("url", "kind", "etag", "last_modified", "content_hash")
        return {
            url: Known(kind, etag, last_modified, bool(content_hash))
            for url, kind, etag, last_modified, content_hash in pages
        }


def content_of(lease: Lease, url: str) -> bytes:
    with tenant_scope(lease.site.tenant_id):
        content = _pages(lease).filter(url=url).values_list("content", flat=True).first()
        return bytes(content or b"")


def keep_page(lease: Lease, found: Found) -> None:
    """Keep a page's content, and have it read if it is new."""
    with holding(lease):
        page = _pages(lease).filter(url=found.url).defer("content").first() or _new(lease, found)
        page.title, page.etag, page.last_modified = found.title, found.etag, found.last_modified
        page.save(update_fields=["title", "etag", "last_modified"])
        _arrived(lease, found.url)
        content_hash = hash_of(found.content)
        if (page.kind, page.content_hash) != (found.kind, content_hash):
            page.kind, page.content, page.content_hash = found.kind, found.content, content_hash
            page.status = Status.PENDING
            page.save(update_fields=["kind", "content", "content_hash", "status"])
            nudge_after_commit(page)


def page_unchanged(lease: Lease, url: str) -> None:
    with holding(lease):
        _arrived(lease, url)


def fail_page(lease: Lease, url: str, *, title: str, error: LiveChatError) -> None:
    """Say on the page's row what went wrong; its content stays, if it has any."""
    with holding(lease):
        if not _pages(lease).filter(url=url).exists():
            _new(lease, Found(url, "html", title, b""), status=Status.FAILED)
        _say(lease, url, error)


def miss_page(lease: Lease, url: str) -> None:
    """A page is gone: forget it if it was so in the crawl before."""
    crawl = lease.site.crawls
    with holding(lease):
        page = _pages(lease).filter(url=url).defer("content").first()
        if page is None:
            return
        if page.missing_since is not None and page.missing_since < crawl:
            remove_source(page)
            return
        page.missing_since = crawl
        page.save(update_fields=["missing_since"])
        _say(lease, url, BadRequest(MISSING, code="page_missing"))


def drop_pages(lease: Lease, *, but: Collection[str] | None = None, url: str = "") -> None:
    """Forget one page, or all ``but`` these."""
    with holding(lease):
        pages = _pages(lease).filter(url=url) if but is None else _others(lease, but)
        # All are locked before the first one goes: a reader of another waits for none of them.
        for page in list(pages.defer("content").order_by("pk").select_for_update()):
            remove_source(page)


def _pages(lease: Lease) -> QuerySet[KnowledgeSource]:
    return KnowledgeSource.objects.filter(site_id=lease.site.pk)


def _others(lease: Lease, but: Collection[str]) -> QuerySet[KnowledgeSource]:
    return _pages(lease).exclude(url__in=list(but))


def _new(lease: Lease, found: Found, status: str = Status.PENDING) -> KnowledgeSource:
    """A row without content; that makes whatever comes new."""
    page = KnowledgeSource(
        tenant_id=lease.site.tenant_id,
        assistant_id=lease.site.assistant_id,
        site_id=lease.site.pk,
        kind=found.kind,
        title=found.title,
        url=found.url,
        content=b"",
        status=status,
    )
    page.save(force_insert=True)
    return page


def _arrived(lease: Lease, url: str) -> None:
    """The way to a page is free: what was wrong with it is over."""
    page = _pages(lease).filter(url=url)
    page.update(missing_since=None)
    page.filter(status=Status.FAILED, error_code__startswith=ON_THE_WAY).exclude(
        content_hash=""
    ).update(status=Status.READY, error_code="", error="")
    _checked(page)


def _say(lease: Lease, url: str, error: LiveChatError) -> None:
    """Note a failure where it takes nothing away: not while the page is read or waits for that."""
    page = _pages(lease).filter(url=url)
    on_the_way = Q(status=Status.FAILED) & (
        Q(error_code__startswith=ON_THE_WAY) | Q(content_hash="")
    )
    page.filter(Q(status=Status.READY) | on_the_way).update(
        status=Status.FAILED, error_code=error.code, error=error.message[:300]
    )
    _checked(page)


def _checked(page: QuerySet[KnowledgeSource]) -> None:
    # While a page is being read, this is its reader's sign of life.
    page.exclude(status=Status.READING).update(checked_at=Now())
