"""A crawl finds a site's pages, keeps what was good, and troubles nobody."""

import socket
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from assistants.engines.knowledge import find, say
from assistants.knowledge.web import fetching
from assistants.knowledge.web.crawling import crawl
from assistants.knowledge.web.sites import change_site
from assistants.models import Assistant, KnowledgeEntry, KnowledgeSource
from assistants.question import Question
from tenants.scope import tenant_scope
from tests.assistants.knowing import teach, version_of
from tests.assistants.pdfs import make_pdf
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

READY = ("ready", "")


@pytest.fixture
def shop(settings, monkeypatch):
    with patient_site(settings, monkeypatch) as shop:
        yield shop


@pytest.fixture
def assistant(acme, globex):
    teach(globex, kind="text", content="Globex only.")
    return make_assistant(acme)


def revision(assistant):
    with tenant_scope(assistant.tenant_id):
        return Assistant.objects.get(pk=assistant.pk).knowledge_revision


def test_a_site_becomes_pages_with_their_addresses_and_titles(acme, globex, assistant, shop):
    shop.put("/", page("Start", "/delivery", "/returns#how", "https://elsewhere.example/"))
    shop.put("/delivery", page("Delivery", "/", text="<h1 id='t'>Times</h1><p>Three days.</p>"))
    shop.put("/returns", page("Returns", "/price.pdf"))
    shop.put("/price.pdf", make_pdf("Delivery costs four euros."), kind="application/pdf")

    site = crawl_and_read(make_site(assistant, shop))

    assert (site.status, site.error) == READY
    assert (site.pages_found, site.pages_read, site.pages_failed) == (4, 4, 0)
    assert states(site) == dict.fromkeys(["/", "/delivery", "/returns", "/price.pdf"], READY)
    with tenant_scope(acme.id):
        entries = KnowledgeEntry.objects.order_by("text").values_list(
            "source__title", "title", "text", "url"
        )
        assert list(entries) == [
            ("Returns", "All about Returns.", "All about Returns.", f"{shop.url}/returns"),
            ("Start", "All about Start.", "All about Start.", f"{shop.url}/"),
            (
                "price.pdf",
                "Delivery costs four euros. (page 1)",
                "Delivery costs four euros.",
                f"{shop.url}/price.pdf#page=1",
            ),
            ("Delivery", "Times", "Three days.", f"{shop.url}/delivery#t"),
        ]
    assert texts(globex) == ["Globex only."]


def test_an_answer_from_a_site_cites_the_page(assistant, shop):
    shop.put("/", page("Delivery", text="<h1>How long does delivery take?</h1><p>Three days.</p>"))
    site = crawl_and_read(make_site(assistant, shop, page_limit=1))

    question = Question(version_of(assistant), "How long does delivery take?")
    reply = say(question, *find(question.version, question.text))

    assert reply.citations == (
        {
            "title": "Delivery › How long does delivery take?",
            "url": f"{shop.url}/",
            "sourceId": str(pages_of(site)["/"].pk),
        },
    )


def test_one_page_is_that_page_alone(assistant, shop):
    shop.put("/", page("Start", "/a"))
    shop.put("/a", page("A"))

    site = crawl_and_read(make_site(assistant, shop, page_limit=1))

    assert list(pages_of(site)) == ["/"]
    assert shop.paths() == ["/robots.txt", "/"]


def test_a_limit_keeps_the_pages_that_are_nearest(assistant, shop):
    shop.put("/", page("Start", "/a", "/b", "/c"))
    for name in "abc":
        shop.put(f"/{name}", page(name, f"/{name}/deeper"))

    site = crawl_and_read(make_site(assistant, shop, page_limit=3))

    assert list(pages_of(site)) == ["/", "/a", "/b"]
    assert (site.pages_found, site.pages_read) == (3, 3)


def test_only_what_is_below_the_path_is_read(assistant, shop):
    shop.put("/help/", page("Help", "a", "/news", "/helpers"))
    for path in ("/help/a", "/news", "/helpers"):
        shop.put(path, page(path))

    folder = crawl_and_read(make_site(assistant, shop, "/help/"))
    named = crawl_and_read(make_site(assistant, shop, "/help/", path_prefix="/news"))

    assert list(pages_of(folder)) == ["/help/", "/help/a"]
    assert list(pages_of(named)) == ["/help/", "/news"]


def test_a_sitemap_names_pages_that_nobody_links(assistant, shop):
    shop.put("/robots.txt", f"Sitemap: {shop.url}/index.xml", kind="text/plain")
    shop.put("/index.xml", "<sitemapindex><sitemap><loc>/map.xml</loc></sitemap></sitemapindex>")
    shop.put("/map.xml", f"<urlset><url><loc>{shop.url}/hidden</loc></url></urlset>")
    shop.put("/", page("Start"))
    shop.put("/hidden", page("Hidden"))

    site = crawl_and_read(make_site(assistant, shop))

    assert list(pages_of(site)) == ["/", "/hidden"]


def test_robots_are_respected_and_told_who_asks(assistant, shop):
    shop.put("/robots.txt", "User-agent: LiveChat-Knowledge\nDisallow: /private\n")
    shop.put("/", page("Start", "/private/a", "/open", "/led"))
    shop.put("/open", page("Open"))
    shop.redirect("/led", "/private/b")

    site = crawl_and_read(make_site(assistant, shop))

    assert list(pages_of(site)) == ["/", "/open"]
    assert not any(path.startswith("/private") for path in shop.paths())
    assert {asked.headers["User-Agent"] for asked in shop.asked} == {"LiveChat-Knowledge"}


def test_pages_are_asked_for_as_slowly_as_the_site_wants(assistant, shop, monkeypatch):
    shop.put("/robots.txt", "User-agent: *\nCrawl-delay: 3")
    shop.put("/", page("Start", "/a"))
    shop.put("/a", page("A"))
    pauses = []

    async def pause(seconds):
        # Others sleep too, for less than a site may ask for.
        if seconds >= 1:
            pauses.append(seconds)

    monkeypatch.setattr(fetching.asyncio, "sleep", pause)
    crawl(make_site(assistant, shop))

    # Before the two pages, and before the sitemap that is not there.
    assert pauses == [3, 3, 3]


@pytest.mark.parametrize(
    ("robots", "status", "code"),
    [
        ("User-agent: *\nDisallow: /", 200, "robots_refuse"),
        ("Sorry", 503, "robots_unreachable"),
        ("Sorry", 429, "robots_unreachable"),
    ],
)
def test_a_site_that_refuses_crawlers_says_so_and_keeps_what_was_read(
    acme, assistant, shop, robots, status, code
):
    shop.put("/", page("Start"))
    site = crawl_and_read(make_site(assistant, shop))

    shop.put("/robots.txt", robots, status=status)
    site = crawl_again(site)

    assert (site.status, site.error_code) == ("failed", code)
    assert site.error.endswith(".")
    assert texts(acme) == ["All about Start."]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_site_without_rules_may_be_read(assistant, shop, status):
    shop.put("/robots.txt", "User-agent: *\nDisallow: /", status=status)
    shop.put("/", page("Start"))

    assert states(crawl_and_read(make_site(assistant, shop))) == {"/": READY}


def test_one_page_is_read_once_whatever_its_addresses(assistant, shop):
    shop.put("/", page("Start", "/a?utm_source=x", "/a#top", "/a", "/print", "/a/", "/moved"))
    shop.put("/a", page("A", "/"))
    shop.redirect("/a/", "/a", status=301)
    shop.redirect("/moved", "/a?gclid=1")
    shop.put("/print", f"<link rel=canonical href='{shop.url}/a?fbclid=2'>" + page("Print"))

    site = crawl_and_read(make_site(assistant, shop))

    assert list(pages_of(site)) == ["/", "/a"]
    assert shop.paths().count("/a") == 1
    assert (site.pages_found, site.pages_read) == (2, 2)


def test_pages_that_name_each_other_as_the_original_are_not_lost(assistant, shop):
    shop.put("/", page("Start", "/a", "/b/"))
    shop.put("/a", "<link rel=canonical href=/a/>" + page("A"))
    shop.redirect("/a/", "/a")
    shop.put("/b/", f"<link rel=canonical href=https://{shop.host}/b/>" + page("B", "/c"))
    shop.put("/c", "<link rel=canonical href=https://elsewhere.example/c>" + page("C"))

    site = crawl_and_read(make_site(assistant, shop))

    assert states(site) == dict.fromkeys(["/", "/b/", "/c", "/a"], READY)


def test_a_page_that_asks_not_to_be_read_is_forgotten_at_once(acme, assistant, shop):
    shop.put("/", page("Start", "/a", "/b", "/c.pdf"))
    shop.put("/a", page("A"))
    shop.put("/b", page("B"))
    shop.put("/c.pdf", make_pdf("C."), kind="application/pdf")
    site = crawl_and_read(make_site(assistant, shop))

    shop.put("/a", "<meta name=robots content=noindex>" + page("A", "/found"))
    shop.put("/b", "<meta name=robots content=none>" + page("B", "/unfound"))
    shop.put("/c.pdf", make_pdf("C."), kind="application/pdf", X_Robots_Tag="noindex")
    shop.put("/found", page("Found"))
    shop.put("/unfound", page("Unfound"))
    site = crawl_again(site)

    assert list(pages_of(site)) == ["/", "/found"]
    assert texts(acme) == ["All about Found.", "All about Start."]


def test_what_is_no_page_is_neither_read_nor_kept(assistant, shop):
    shop.put("/", page("Start", "/data", "/photo.jpg", "/text"))
    shop.put("/data", b"\0" * 1_000, kind="application/octet-stream")
    shop.put("/text", "Plain", kind="text/plain")

    site = crawl_and_read(make_site(assistant, shop))

    assert list(pages_of(site)) == ["/"]
    assert "/photo.jpg" not in shop.paths()
    assert (site.pages_found, site.pages_failed) == (1, 0)


def test_an_unchanged_page_is_not_read_again(acme, assistant, shop):
    shop.put("/", page("Start", "/a", "/b"), ETag='"1"')
    shop.put("/a", page("A"), Last_Modified="Mon, 05 Jan 2026 00:00:00 GMT")
    shop.put("/b", page("B"))
    site = crawl_and_read(make_site(assistant, shop))
    before, seen, revised = states(site), checked(site), revision(assistant)

    shop.asked.clear()
    site = crawl_again(site)

    asked = {each.path: each.headers for each in shop.asked}
    assert asked["/"]["If-None-Match"] == '"1"'
    assert asked["/a"]["If-Modified-Since"] == "Mon, 05 Jan 2026 00:00:00 GMT"
    assert (states(site), revision(assistant)) == (before, revised)
    assert (site.pages_found, site.pages_read) == (3, 3)
    assert all(checked(site)[path] > seen[path] for path in seen)


def checked(site):
    return {path: row.checked_at for path, row in pages_of(site).items()}


def test_links_of_an_unchanged_page_still_lead_on(assistant, shop):
    shop.put("/", page("Start", "/a"), ETag='"1"')
    site = crawl_and_read(make_site(assistant, shop))
    assert list(pages_of(site)) == ["/"]

    shop.put("/a", page("A"))
    site = crawl_again(site)

    assert list(pages_of(site)) == ["/", "/a"]


def test_a_changed_page_is_read_again(acme, assistant, shop):
    shop.put("/", page("Start", "/a"), ETag='"1"')
    shop.put("/a", page("A"))
    site = crawl_and_read(make_site(assistant, shop))
    revised = revision(assistant)

    shop.put("/", page("Begin", "/a"), ETag='"2"')
    site = crawl(again(site))
    assert states(site) == {"/": ("pending", ""), "/a": READY}
    assert texts(acme) == ["All about A.", "All about Start."]
    crawl_and_read(site)

    assert texts(acme) == ["All about A.", "All about Begin."]
    assert pages_of(site)["/"].title == "Begin"
    assert revision(assistant) == revised + 1


def again(site):
    with tenant_scope(site.tenant_id):
        KnowledgeSource.objects.filter(pk=site.pk).update(next_crawl_at=site.created_at)
    return site


FAILURES = {
    "page_status": {"status": 500},
    "page_forbidden": {"status": 403},
    "page_too_large": {"body": b"x" * (fetching.MAX_HTML + 1)},
    "page_not_readable": {"kind": "application/json"},
    "page_leads_away": {"status": 302, "Location": "https://elsewhere.example/"},
    "page_not_allowed": {"status": 302, "Location": "http://169.254.169.254/"},
    "page_redirects": {"status": 302, "Location": "/a"},
    "page_timeout": {"body": iter(())},
}


@pytest.mark.parametrize("code", FAILURES)
def test_a_page_that_fails_keeps_what_was_read_and_says_why(
    acme, assistant, shop, monkeypatch, code
):
    shop.put("/", page("Start", "/a"))
    shop.put("/a", page("A"))
    site = crawl_and_read(make_site(assistant, shop))
    if code == "page_timeout":
        monkeypatch.setattr("assistants.knowledge.web.crawling.PAGE_SECONDS", 0.5)
        FAILURES[code]["body"] = slowly()

    shop.put("/a", **{"body": b"", **FAILURES[code]})
    site = crawl_again(site)
    row = pages_of(site)["/a"]

    expected = "page_leads_away" if code == "page_not_allowed" else code
    assert (site.status, row.status, row.error_code) == ("ready", "failed", expected)
    assert row.error.endswith(".")
    assert (site.pages_found, site.pages_read, site.pages_failed) == (2, 1, 1)
    assert texts(acme) == ["All about A.", "All about Start."]

    revised = revision(assistant)
    shop.put("/a", page("A"))
    site = crawl_again(site)
    assert (states(site)["/a"], revision(assistant)) == (READY, revised)


def slowly():
    while True:
        yield b"x"
        time.sleep(0.05)


def test_a_new_page_that_fails_has_a_row_that_says_so(acme, assistant, shop):
    shop.put("/", page("Start", "/a", "/broken"))
    shop.put("/a", "Sorry", status=500)

    site = crawl_and_read(make_site(assistant, shop))

    assert states(site) == {"/": READY, "/a": ("failed", "page_status")}
    assert pages_of(site)["/a"].error.startswith("The server answers 500.")
    shop.put("/a", page("A"))
    assert states(crawl_again(site)) == {"/": READY, "/a": READY}
    assert texts(acme) == ["All about A.", "All about Start."]


def test_a_failure_does_not_hide_why_a_page_could_not_be_read(assistant, shop):
    shop.put("/", page("Start", "/a"))
    shop.put("/a", "<nav>Nothing but a menu</nav>")
    site = crawl_and_read(make_site(assistant, shop))
    assert states(site)["/a"] == ("failed", "file_without_text")

    shop.put("/a", "Sorry", status=500)
    site = crawl(again(site))
    on_the_way = states(site)["/a"]
    shop.put("/a", "<nav>Nothing but a menu</nav>")
    site = crawl(again(site))

    assert {on_the_way, states(site)["/a"]} == {("failed", "file_without_text")}


def test_a_page_that_is_being_read_keeps_its_readers_sign_of_life(assistant, shop):
    shop.put("/", page("Start"))
    site = crawl_and_read(make_site(assistant, shop))
    since = datetime.now(UTC) - timedelta(minutes=4)
    with tenant_scope(site.tenant_id):
        KnowledgeSource.objects.filter(site=site).update(status="reading", checked_at=since)

    crawl(again(site))
    shop.put("/", "Sorry", status=500)
    crawl(again(site))

    row = pages_of(site)["/"]
    assert (row.status, row.error_code, row.checked_at) == ("reading", "", since)


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_twice_in_a_row_is_forgotten(acme, assistant, shop, status):
    shop.put("/", page("Start", "/a"))
    shop.put("/a", page("A"))
    site = crawl_and_read(make_site(assistant, shop))

    # However much is said about it.
    shop.put("/a", b"Gone" * fetching.MAX_HTML, status=status)
    site = crawl_again(site)
    once = states(site)["/a"], texts(acme)
    shop.put("/a", page("A"))
    site = crawl_again(site)
    back = states(site)["/a"]
    shop.put("/a", "Gone", status=status)
    site = crawl_again(site)
    kept = texts(acme)
    site = crawl_again(site)

    assert once == (("failed", "page_missing"), ["All about A.", "All about Start."])
    assert (back, kept) == (READY, ["All about A.", "All about Start."])
    assert list(pages_of(site)) == ["/"]
    assert texts(acme) == ["All about Start."]


def test_a_page_that_moved_is_forgotten_where_it_was(acme, assistant, shop):
    shop.put("/", page("Start", "/old"))
    shop.put("/old", page("Text"))
    site = crawl_and_read(make_site(assistant, shop))

    shop.put("/new", page("Text"))
    shop.redirect("/old", "/new", status=301)
    site = crawl_again(site)
    site = crawl_again(site)

    assert list(pages_of(site)) == ["/", "/new"]


def test_a_page_that_nobody_links_any_more_stays_until_it_is_gone(acme, assistant, shop):
    shop.put("/", page("Start", "/a"))
    shop.put("/a", page("A"))
    site = crawl_and_read(make_site(assistant, shop))

    shop.put("/", page("Start"))
    shop.put("/a", page("A", text="<p>New."))
    site = crawl_again(site)

    assert texts(acme) == ["All about Start.", "New."]


def test_pages_beyond_a_smaller_limit_or_another_path_are_forgotten(acme, assistant, shop):
    shop.put("/", page("Start", "/a", "/b/c"))
    shop.put("/a", page("A"))
    shop.put("/b/c", page("C"))
    site = crawl_and_read(make_site(assistant, shop))
    settings = {"page_limit": 50, "path_prefix": "/", "refresh_hours": None}

    with tenant_scope(acme.id):
        change_site(site, **{**settings, "path_prefix": "/b/"})
    by_path = list(pages_of(crawl_and_read(site)))
    with tenant_scope(acme.id):
        change_site(site, **{**settings, "page_limit": 1})
    crawl_and_read(site)

    assert by_path == ["/", "/b/c"]
    assert texts(acme) == ["All about Start."]


def test_a_site_that_is_down_is_left_alone_soon_and_keeps_its_pages(acme, assistant, shop):
    names = [f"/{number}" for number in range(20)]
    shop.put("/", page("Start", *names))
    for name in names:
        shop.put(name, page(name))
    site = crawl_and_read(make_site(assistant, shop))
    kept = texts(acme)

    shop.asked.clear()
    for path in ["/", *names]:
        shop.put(path, "Down", status=503)
    site = crawl_again(site)

    assert (site.status, site.error_code) == ("failed", "site_unreachable")
    assert len(shop.asked) == 2 + fetching.FAILURES_IN_A_ROW
    assert (len(kept), texts(acme)) == (21, kept)


@pytest.mark.parametrize("bound", ["CRAWL_SECONDS", "CRAWL_BYTES", "REQUESTS"])
def test_a_crawl_has_an_end(acme, assistant, shop, monkeypatch, bound):
    shop.put("/", page("Start", *(f"/{number}" for number in range(20))))
    site = crawl_and_read(make_site(assistant, shop))
    for number in range(20):
        shop.put(f"/{number}", page(str(number)))
    low = {"CRAWL_SECONDS": 0.2, "CRAWL_BYTES": 1_000, "REQUESTS": -145}[bound]
    monkeypatch.setattr(fetching, bound, low)
    if bound == "CRAWL_SECONDS":
        monkeypatch.setattr("assistants.knowledge.web.robots.PAUSE_SECONDS", 0.05)

    site = crawl_again(site)

    assert (site.status, site.error_code) == ("ready", "crawl_too_long")
    assert 0 < site.pages_read < 21
    assert "All about Start." in texts(acme)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("page_missing", {"status": 404}),
        ("page_noindex", {"body": b"<meta name=robots content=noindex>"}),
        ("page_not_readable", {"kind": "image/png"}),
        ("page_leads_away", {"status": 302, "Location": "https://elsewhere.example/"}),
        ("page_status", {"status": 500}),
    ],
)
def test_what_is_wrong_with_the_address_is_wrong_with_the_site(assistant, shop, code, answer):
    shop.put("/", **{"body": b"", **answer})

    site = crawl_and_read(make_site(assistant, shop))

    assert (site.status, site.error_code) == ("failed", code)
    assert site.error.endswith(".")


def test_an_address_that_is_no_page_by_its_name_is_tried_all_the_same(assistant, shop):
    shop.put("/manual.docx", b"PK", kind="application/msword")
    shop.put("/feed.xml", page("Start"))

    word = crawl_and_read(make_site(assistant, shop, "/manual.docx"))
    feed = crawl_and_read(make_site(assistant, shop, "/feed.xml"))

    assert (word.status, word.error_code) == ("failed", "page_not_readable")
    assert states(feed) == {"/feed.xml": READY}


def test_a_crawl_that_breaks_off_ends_and_says_so(assistant, shop, monkeypatch, caplog):
    def surprised(text, *_):
        raise ValueError(text)

    shop.put("/", page("Start", text="<p>Our secret sale.</p>"))
    monkeypatch.setattr("assistants.knowledge.web.crawl.head_of", surprised)

    site = crawl_and_read(make_site(assistant, shop))

    assert (site.status, site.error_code) == ("failed", "crawl_failed")
    assert "Crawl the site again" in site.error
    assert "ValueError" in caplog.text
    assert "in surprised" in caplog.text
    assert "secret" not in caplog.text


def test_a_crawl_is_due_again_after_the_database_was_away(assistant, shop, monkeypatch):
    def away(*_):
        raise OperationalError("away")

    site = make_site(assistant, shop)
    monkeypatch.setattr("assistants.knowledge.web.site_pages.known_pages", away)

    with pytest.raises(OperationalError):
        crawl(site)

    assert now(site).status == "reading"


def test_a_site_with_strange_rules_is_read(assistant, shop):
    shop.put("/", page("Start"))
    shop.put("/robots.txt", "User-agent: *\nCrawl-delay: ²\nDisallow: http://[", kind="text/plain")

    site = crawl_and_read(make_site(assistant, shop))

    assert (site.status, site.error) == READY
    assert states(site) == {"/": READY}


def test_a_site_that_cannot_be_reached_says_so(assistant, shop, settings):
    with_typo = make_site(assistant, shop)
    settings.INTERNAL_HOSTS = []
    refused = crawl_and_read(with_typo)

    assert (refused.status, refused.error_code) == ("failed", "page_not_allowed")
    assert "INTERNAL_HOSTS" in refused.error


def test_a_site_that_moved_to_its_name_with_www_is_read_there(
    assistant, shop, settings, monkeypatch
):
    monkeypatch.setattr(socket, "getaddrinfo", to_loopback(socket.getaddrinfo))
    bare, www = f"shop.example:{shop.port}", f"www.shop.example:{shop.port}"
    settings.INTERNAL_HOSTS = [bare, www]
    shop.redirect("/start", f"http://{www}/welcome")
    shop.put("/welcome", page("Welcome", "/a", f"http://{bare}/b"))
    shop.put("/a", page("A"))
    shop.url = f"http://{bare}"

    site = crawl_and_read(make_site(assistant, shop, "/start"))

    assert sorted(row.url for row in pages_of(site).values()) == [
        f"http://{www}/a",
        f"http://{www}/welcome",
    ]
    assert shop.paths().count("/robots.txt") == 2


def to_loopback(real):
    def resolve(host, port, *args, **options):
        return real("127.0.0.1" if host.endswith("shop.example") else host, port, *args, **options)

    return resolve


def test_pages_in_old_encodings_are_read_as_their_server_says(acme, assistant, shop):
    text = '<meta charset="utf-8"><p>Größe</p>'.encode("latin-1")
    shop.put("/", text, kind="text/html; charset=iso-8859-1")

    crawl_and_read(make_site(assistant, shop))

    assert texts(acme) == ["Größe"]
