"""Web sites as knowledge, crawled here rather than in a process of their own."""

from contextlib import contextmanager

from assistants.knowledge.ingestion import ingest
from assistants.knowledge.web import robots
from assistants.knowledge.web.crawling import crawl
from assistants.knowledge.web.sites import add_site, crawl_soon
from assistants.models import KnowledgeEntry, KnowledgeSource
from tenants.scope import tenant_scope
from tests.web_site import open_web_site

PAGE = "<html><head><title>{title}</title></head><body><nav>{links}</nav><main>{text}</main></body>"


def page(title, *links, text=""):
    anchors = "".join(f'<a href="{link}">{link}</a>' for link in links)
    return PAGE.format(title=title, links=anchors, text=text or f"<p>All about {title}.</p>")


@contextmanager
def patient_site(settings, monkeypatch):
    """A site that allows being asked without pauses."""
    monkeypatch.setattr(robots, "PAUSE_SECONDS", 0.0)
    with open_web_site() as shop:
        settings.INTERNAL_HOSTS = [shop.host]
        yield shop


def make_site(assistant, shop, path="/", **settings):
    with tenant_scope(assistant.tenant_id):
        return add_site(assistant, title="Shop", url=shop.url + path, **settings)


def crawl_and_read(site):
    """Crawl, and read what was found, as the ingestion process does."""
    site = crawl(site)
    for row in pages_of(site).values():
        ingest(row)
    return now(site)


def crawl_again(site):
    with tenant_scope(site.tenant_id):
        crawl_soon(site)
    return crawl_and_read(site)


def now(site):
    with tenant_scope(site.tenant_id):
        return KnowledgeSource.objects.get(pk=site.pk)


def pages_of(site):
    """The rows of a site's pages, by their paths."""
    with tenant_scope(site.tenant_id):
        rows = KnowledgeSource.objects.filter(site=site).order_by("created_at")
        return {"/" + row.url.split("/", 3)[3]: row for row in rows}


def states(site):
    return {path: (row.status, row.error_code) for path, row in pages_of(site).items()}


def texts(tenant):
    with tenant_scope(tenant.id):
        entries = KnowledgeEntry.objects.order_by("text")
        return list(entries.values_list("text", flat=True))
