"""What pages, robots.txt and sitemaps say, however badly they are written."""

import codecs
import time

import pytest

from assistants.knowledge.parsing import parse
from assistants.knowledge.web.pages import (
    MAX_LINKS,
    decoded,
    head_of,
    kind_of,
    title_from,
    wishes_of,
)
from assistants.knowledge.web.robots import (
    LONGEST_PAUSE_SECONDS,
    PAUSE_SECONDS,
    Robots,
    read_sitemap,
)

URL = "https://shop.example/help/"


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ("Größe".encode(), "text/html", "Größe"),
        ("Größe".encode(), "text/html; charset=UTF-8", "Größe"),
        ("Größe".encode("latin-1"), "text/html; charset=iso-8859-1", "Größe"),
        ("€".encode("cp1252"), 'text/html; charset="ISO-8859-1"', "€"),
        (b'<meta charset="utf-8">' + "ö".encode("latin-1"), "text/html; charset=latin1", "ö"),
        (b'<meta charset="koi8-r">' + "Да".encode("koi8-r"), "text/html", "Да"),
        ("日本".encode("shift_jis"), "text/html; charset=Shift_JIS", "日本"),
        ("Größe".encode("latin-1"), "text/html", "Größe"),
        ("Größe".encode("utf-16"), "text/html", "Größe"),
        (codecs.BOM_UTF8 + "Größe".encode(), "text/html; charset=utf-8", "Größe"),
        (b"caf\xff\xc3\xa9", "text/html; charset=utf-8", "caf\ufffdé"),
        (b"plain", "text/html; charset=undefined", "plain"),
        (b"plain", "text/html; charset=unicode_escape", "plain"),
        (b"plain", "text/html; charset=zip", "plain"),
        (b"pl\x00ai\x08n", "text/html", "plain"),
    ],
)
def test_the_server_names_the_encoding_before_the_page_does(content, kind, text):
    assert decoded(content, {"content-type": kind}).endswith(text)


def test_a_page_kept_as_utf8_is_read_as_such_whatever_it_says_of_itself():
    page = '<meta charset="iso-8859-1"><p>Größe €</p>'

    assert parse("html", codecs.BOM_UTF8 + page.encode())[0].text == "Größe €"


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("text/html; charset=utf-8", "html"),
        ("Application/XHTML+XML", "html"),
        ("application/pdf", "pdf"),
        ("text/plain", None),
        ("image/png", None),
        ("", None),
    ],
)
def test_only_pages_and_pdf_files_are_read(header, kind):
    assert kind_of({"content-type": header}) == kind


def test_a_head_names_title_links_and_canonical():
    head = head_of(
        """<html><head><title> Delivery &amp;
        returns </title><link rel="Canonical" href="/help/delivery?utm_source=x">
        <base href="/help/de/"></head><body><h1>Other</h1>
        <a href="a">A</a><a href="../b#part">B</a><area href="c"><a href="a">A again</a>
        <a rel="noopener nofollow" href="secret">No</a><a href="photo.jpg">P</a><a>None</a>
        <a href="mailto:x@y">M</a><a href="https://[broken">X</a></body>""",
        URL,
    )

    assert head.title == "Delivery & returns"
    assert head.canonical == "https://shop.example/help/delivery"
    assert list(head.links) == [
        "https://shop.example/help/de/a",
        "https://shop.example/help/b",
        "https://shop.example/help/de/c",
    ]
    assert (head.noindex, head.nofollow) == (False, False)


def test_a_page_full_of_links_costs_no_more_than_some():
    links = "".join(f"<a href='/page/{number}'>x</a>" for number in range(30_000))
    started = time.process_time()

    head = head_of(links + "<a href='/again'>x</a>" * 30_000, URL)

    assert len(head.links) == MAX_LINKS - 1
    assert time.process_time() - started < 5


def test_a_page_without_a_title_is_called_by_its_heading_or_its_name():
    assert head_of("<h1>Opening <b>hours</b></h1><h1> too</h1>", URL).title == "Opening hours too"
    assert title_from("https://shop.example/files/price%20list.pdf?v=2") == "price%20list.pdf"
    assert title_from("https://shop.example/") == "shop.example"
    assert len(head_of(f"<title>{'x' * 5_000}</title>", URL).title) == 200


@pytest.mark.parametrize(
    ("markup", "header", "noindex", "nofollow"),
    [
        ('<meta name="robots" content="noindex">', "", True, False),
        ('<META NAME="Robots" CONTENT="NoIndex, NoFollow">', "", True, True),
        ('<meta name="robots" content="none">', "", True, True),
        ('<meta name="LiveChat-Knowledge" content="noindex">', "", True, False),
        ('<meta name="googlebot" content="noindex">', "", False, False),
        ("", "noindex", True, False),
        ("", "nofollow, noarchive", False, True),
        ("", "googlebot: noindex", False, False),
    ],
)
def test_a_page_may_ask_not_to_be_read(markup, header, noindex, nofollow):
    headers = {"x-robots-tag": header}

    head = head_of(f"{markup}<p>Text", URL, headers)

    assert (head.noindex, head.nofollow) == (noindex, nofollow)
    assert wishes_of(headers).noindex == (noindex and not markup)


@pytest.mark.parametrize("unit", ["<a href='", "<!--x", "</a", "<title>", "<a href=x ", "&amp"])
def test_hostile_markup_costs_no_more_than_its_length(unit):
    started = time.process_time()

    head_of("<p>Begin</p>" + unit * (200_000 // len(unit)), URL)

    assert time.process_time() - started < 5


def test_robots_are_obeyed_for_us_by_name():
    robots = Robots(
        "User-agent: *\nDisallow: /\n\nUser-agent: LiveChat-Knowledge\nDisallow: /private/\n"
        "Crawl-delay: 2\nSitemap: https://shop.example/pages.xml\nSitemap: /more.xml"
    )

    assert robots.allow(URL)
    assert not robots.allow("https://shop.example/private/x")
    assert robots.pause == 2
    assert robots.sitemaps(URL) == [
        "https://shop.example/pages.xml",
        "https://shop.example/more.xml",
    ]


def test_without_rules_everything_is_allowed_at_a_gentle_pace():
    for robots in (Robots(), Robots.of(b"\xff\xfe\x00garbage\n<html>"), Robots("User-agent: x")):
        assert robots.allow(URL)
        assert robots.pause == PAUSE_SECONDS
        assert robots.sitemaps(URL) == ["https://shop.example/sitemap.xml"]
    assert Robots("User-agent: *\nCrawl-delay: 86400").pause == LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize(
    "line",
    [
        "Crawl-delay: ²",
        "Crawl-delay: %C2%B2",
        f"Crawl-delay: {'9' * 5_000}",
        f"Crawl-delay: {'9' * 400}",
        "Request-rate: ²/¹",
        "Disallow: http://[bad",
    ],
)
def test_a_line_of_robots_that_means_nothing_leaves_the_others_in_force(line):
    robots = Robots(f"User-agent: *\n{line}\nDisallow: /private/\nUser-agent: x\nDisallow: /")

    assert robots.allow(URL)
    assert not robots.allow("https://shop.example/private/x")
    assert PAUSE_SECONDS <= robots.pause <= LONGEST_PAUSE_SECONDS


def test_a_line_that_means_nothing_still_ends_the_agents_above_it():
    robots = Robots("User-agent: *\nCrawl-delay: ²\nUser-agent: x\nDisallow: /")

    assert robots.allow(URL)


def test_a_sitemap_lists_pages_or_further_sitemaps():
    pages = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
        <urlset><url><loc> https://shop.example/a?x=1&amp;y=2 </loc></url>
        <url><loc><![CDATA[https://shop.example/b]]></loc></url><url><loc>/c</loc></url>
        <url><loc>&e;</loc></url><url><loc>https://shop.example/b#again</loc></url></urlset>"""
    index = "<sitemapindex><sitemap><loc>https://shop.example/1.xml</loc></sitemap></sitemapindex>"

    found, further = read_sitemap(pages, base=URL)

    assert found[:3] == [f"https://shop.example/{path}" for path in ("a?x=1&y=2", "b", "c")]
    assert further == []
    assert read_sitemap(index, base=URL) == ([], ["https://shop.example/1.xml"])
    assert read_sitemap("", base=URL) == ([], [])


def test_what_stands_around_a_page_is_left_out():
    page = """<body><header><h1>Shop</h1><p>Call us</p></header>
        <div role="navigation"><div>Menu</div></div><section><h2>Hours</h2><p>Nine to six.</p>
        </section><div role="contentinfo">Imprint</div></body>"""

    assert [(p.title, p.text) for p in parse("html", page.encode())] == [
        ("Shop › Hours", "Nine to six.")
    ]


def test_a_page_that_is_all_header_is_still_read():
    page = b"<body><header><h1>Shop</h1><p>Call us at any time.</p></header></body>"

    assert [p.text for p in parse("html", page)] == ["Call us at any time."]
