"""Who crawls a site: one at a time, when it is due, and whoever is there when one dies."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from assistants import ingestion_process, tasks
from assistants.knowledge import ingestion
from assistants.knowledge.ingestion import add_source, ingest, remove_source
from assistants.knowledge.web import crawling, site_pages
from assistants.knowledge.web.crawling import crawl
from assistants.knowledge.web.sites import (
    LEASE,
    LeaseLost,
    add_site,
    change_site,
    crawl_soon,
    due_sites,
    finish,
    take,
)
from assistants.models import KnowledgeSource
from assistants.queries import default_assistant
from realtime import bus
from tenants.errors import LiveChatError
from tenants.scope import tenant_scope
from tests.assistants.sites import (
    crawl_again,
    crawl_and_read,
    make_site,
    now,
    page,
    pages_of,
    patient_site,
    states,
    texts,
)
from tests.factories import make_assistant
from tests.servers import wait_until, working


@pytest.fixture
def shop(settings, monkeypatch):
    with patient_site(settings, monkeypatch) as shop:
        yield shop


@pytest.fixture
def assistant(acme, globex):
    make_assistant(globex)
    return make_assistant(acme)


@pytest.fixture
def nudges(monkeypatch):
    """What the ingestion process is told; it does not run here."""
    told = []
    monkeypatch.setattr(bus, "nudge", lambda task, **arguments: told.append((task, arguments)))
    return told


def change(site, **fields):
    with tenant_scope(site.tenant_id):
        KnowledgeSource.objects.filter(pk=site.pk).update(**fields)
    return now(site)


def is_due(site):
    with tenant_scope(site.tenant_id):
        return due_sites().filter(pk=site.pk).exists()


def told(site):
    arguments = {"tenant_id": str(site.tenant_id), "source_id": str(site.pk)}
    return ("assistants.tasks.crawl_site", arguments)


def test_a_new_site_is_due_at_once_and_somebody_is_told(assistant, nudges):
    with tenant_scope(assistant.tenant_id):
        site = add_site(assistant, title=" Our  help ", url="https://shop.example/help#top")
        assert nudges == []

    assert (site.title, site.url, site.status) == (
        "Our help",
        "https://shop.example/help",
        "pending",
    )
    assert (site.page_limit, site.path_prefix, site.refresh_hours) == (50, "", 24)
    assert is_due(site)
    assert nudges == [told(site)]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"url": "http://127.0.0.1/"}, "url_not_allowed"),
        ({"url": "https://localhost/"}, "url_not_allowed"),
        ({"url": "https://user:password@shop.example/"}, "url_not_allowed"),
        ({"url": "shop.example"}, "url_not_allowed"),
        ({"url": "https://shop.example/" + "x" * 1_000}, "url_not_allowed"),
        ({"title": ""}, "invalid_title"),
        ({"page_limit": 0}, "invalid_page_limit"),
        ({"page_limit": 501}, "invalid_page_limit"),
        ({"refresh_hours": 0}, "invalid_refresh_hours"),
        ({"refresh_hours": 2_161}, "invalid_refresh_hours"),
        ({"path_prefix": "help"}, "invalid_path"),
        ({"path_prefix": "/" + "x" * 500}, "invalid_path"),
    ],
)
def test_a_site_that_cannot_be_is_refused(assistant, nudges, settings, code):
    given = {"title": "Help", "url": "https://shop.example/", **settings}

    with pytest.raises(LiveChatError) as caught, tenant_scope(assistant.tenant_id):
        add_site(assistant, **given)

    assert caught.value.code == code
    with tenant_scope(assistant.tenant_id):
        assert not KnowledgeSource.objects.exists()
    assert nudges == []


def test_a_site_is_no_file(assistant):
    with pytest.raises(LiveChatError) as caught, tenant_scope(assistant.tenant_id):
        add_source(assistant, kind="web", title="Help", content="x", url="https://shop.example/")

    assert caught.value.code == "unknown_kind"


def test_a_site_itself_is_never_read_as_a_file(assistant, shop):
    site = make_site(assistant, shop)

    tasks.ingest_waiting()
    unread = now(site).status
    ingest(site)

    assert (unread, now(site).status) == ("pending", "pending")


def test_a_crawl_is_repeated_after_so_many_hours(assistant, shop):
    shop.put("/", page("Start"))

    site = crawl_and_read(make_site(assistant, shop, refresh_hours=2))
    tomorrow = site.next_crawl_at - datetime.now(UTC)
    shop.asked.clear()
    early = crawl(site)

    assert timedelta(minutes=119) < tomorrow <= timedelta(hours=2)
    assert (shop.asked, early.crawls) == ([], 1)
    assert not is_due(site)
    assert is_due(change(site, next_crawl_at=datetime.now(UTC)))


def test_a_site_without_hours_is_crawled_only_on_request(assistant, shop):
    shop.put("/", page("Start"))

    site = crawl_and_read(make_site(assistant, shop, refresh_hours=None))

    assert site.next_crawl_at is None
    assert not is_due(site)
    assert crawl_again(site).crawls == 2


def test_what_is_due_is_found_for_all_tenants_and_told(acme, globex, assistant, shop, nudges):
    mine = make_site(assistant, shop)
    with tenant_scope(globex.id):
        theirs = add_site(default_assistant(), title="T", url=shop.url)
    later = change(make_site(assistant, shop), next_crawl_at=datetime.now(UTC) + LEASE)
    nudges.clear()

    tasks.crawl_due()

    assert {str(nudge) for nudge in nudges} >= {str(told(mine)), str(told(theirs))}
    assert told(later) not in nudges


def test_a_suspended_tenants_sites_rest(acme, assistant, shop):
    site = make_site(assistant, shop)
    acme.suspended_at = datetime.now(UTC)
    acme.save()

    assert not is_due(site)
    assert crawl(site).status == "pending"
    assert shop.asked == []


def test_only_one_crawls_a_site_unless_it_died(assistant, shop):
    shop.put("/", page("Start"))
    site = make_site(assistant, shop)
    dead = take(site)

    assert take(site) is None
    assert crawl(site).status == "reading"
    assert shop.asked == []

    change(site, checked_at=dead.since - LEASE)
    dead.since -= LEASE
    heir = take(site)
    with pytest.raises(LeaseLost):
        site_pages.page_unchanged(dead, shop.url)
    with pytest.raises(LeaseLost):
        finish(dead, None, failed=False)
    finish(heir, None, failed=False)

    assert (now(site).status, now(site).crawls) == ("ready", 1)


def test_who_takes_over_makes_the_same_crawl(acme, assistant, shop):
    """A page is not forgotten because one crawl that died looked for it twice."""
    shop.put("/", page("Start", "/a"))
    shop.put("/a", page("A"))
    site = crawl_and_read(make_site(assistant, shop))
    shop.put("/a", "Gone", status=404)
    with tenant_scope(acme.id):
        crawl_soon(site)
    dead = take(site)
    site_pages.miss_page(dead, f"{shop.url}/a")
    change(site, checked_at=datetime.now(UTC) - LEASE)

    site = crawl_and_read(site)
    kept = states(site)["/a"]
    site = crawl_again(site)

    assert kept == ("failed", "page_missing")
    assert list(pages_of(site)) == ["/"]


def test_a_crawl_ends_when_its_site_is_removed(acme, assistant, shop):
    site = make_site(assistant, shop)
    shop.put("/", page("Start", "/a"))
    shop.put("/a", meanwhile(lambda: remove(site), page("A")))

    assert crawl(site).pk == site.pk

    with tenant_scope(acme.id):
        assert not KnowledgeSource.objects.exists()
    assert texts(acme) == []


def meanwhile(act, body):
    act()
    yield body.encode()


def remove(site):
    with tenant_scope(site.tenant_id):
        remove_source(site)


def test_removing_a_site_removes_its_pages_and_what_was_read(acme, assistant, shop):
    shop.put("/", page("Start", "/a"))
    shop.put("/a", page("A"))
    site = crawl_and_read(make_site(assistant, shop))

    remove(site)

    with tenant_scope(acme.id):
        assert not KnowledgeSource.objects.exists()
    assert texts(acme) == []


def test_a_site_removed_while_a_page_of_it_is_read_leaves_nothing(
    acme, assistant, shop, monkeypatch
):
    shop.put("/", page("Start"))
    site = crawl(make_site(assistant, shop))
    parse = ingestion.parsing.parse

    def removed_meanwhile(kind, content):
        remove(site)
        return parse(kind, content)

    monkeypatch.setattr(ingestion.parsing, "parse", removed_meanwhile)
    ingest(pages_of(site)["/"])

    with tenant_scope(acme.id):
        assert not KnowledgeSource.objects.exists()
    assert texts(acme) == []


def test_who_asks_for_a_crawl_during_one_gets_another(assistant, shop):
    site = make_site(assistant, shop)

    def ask():
        with tenant_scope(site.tenant_id):
            crawl_soon(site)

    shop.put("/", meanwhile(ask, page("Start")))
    site = crawl(site)

    assert (site.status, site.crawls) == ("ready", 1)
    assert is_due(site)


def test_changed_settings_are_used_soon(assistant, shop, nudges):
    shop.put("/", page("Start"))
    site = crawl_and_read(make_site(assistant, shop))
    nudges.clear()

    with tenant_scope(site.tenant_id):
        change_site(site, page_limit=3, path_prefix="/a/", refresh_hours=None)

    site = now(site)
    assert (site.page_limit, site.path_prefix, site.refresh_hours) == (3, "/a/", None)
    assert site.status == "pending"
    assert is_due(site)
    assert nudges == [told(site)]


def test_a_process_that_ends_gives_its_crawl_back(assistant, shop, monkeypatch):
    stopping = threading.Event()
    monkeypatch.setattr(ingestion_process, "_stopping", stopping)
    monkeypatch.setattr(crawling, "LOOK_SECONDS", 0.02)
    site = make_site(assistant, shop)
    shop.put("/", page("Start", "/a"))
    shop.put("/a", endless(stopping.set))

    interrupted = crawl(site)

    assert interrupted.status == "pending"
    assert list(pages_of(site)) == ["/"]
    assert is_due(site)
    stopping.clear()
    shop.put("/a", page("A"))
    assert list(pages_of(crawl_and_read(site))) == ["/", "/a"]


def endless(begun):
    begun()
    while True:
        yield b"x"


def test_a_busy_process_leaves_a_site_to_the_next_look(assistant, shop, monkeypatch):
    shop.put("/", page("Start"))
    site = make_site(assistant, shop)
    monkeypatch.setattr(crawling, "_hosts", crawling.Counter({shop.host: 2}))
    same_host = crawl(site).status
    monkeypatch.setattr(crawling, "_hosts", crawling.Counter(a=1, b=1, c=1))
    all_busy = crawl(site).status
    monkeypatch.setattr(crawling, "_hosts", crawling.Counter(a=1, b=1))
    free = crawl(site).status

    assert (same_host, all_busy, free) == ("pending", "pending", "ready")
    assert crawling._hosts.total() == 2


def test_the_ingestion_process_crawls_a_site_and_reads_its_pages(
    acme, assistant, shop, processes_folder
):
    shop.put("/", page("Start", "/a"))
    shop.put("/a", page("A"))
    options = {"queues": "ingestion", "pulse": "ingestion", "INTERNAL_HOSTS": shop.host}

    with working(processes_folder, **options) as process:
        site = make_site(assistant, shop)
        wait_until(lambda: now(site).status == "ready" and len(texts(acme)) == 2, process)

    assert texts(acme) == ["All about A.", "All about Start."]


def test_a_host_is_forgotten_when_nobody_crawls_it_any_more():
    with crawling._slot("shop.example") as is_free:
        assert is_free

    assert "shop.example" not in crawling._hosts
