"""Each page has one address, and belongs to its site or does not."""

import pytest

from assistants.knowledge.web.addresses import Scope, leads_to_a_page, normal_prefix, normal_url
from assistants.knowledge.web.frontier import MAX_HOPS, Frontier

BASE = "https://shop.example/help/start"


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("https://Shop.Example:443/a/../b", "https://shop.example/b"),
        ("http://shop.example:80", "http://shop.example/"),
        ("https://shop.example:8443/", "https://shop.example:8443/"),
        ("https://münchen.example/ä?q=ö", "https://xn--mnchen-3ya.example/%C3%A4?q=%C3%B6"),
        ("/%7euser/%c3%a4", "https://shop.example/~user/%C3%A4"),
        ("delivery#times", "https://shop.example/help/delivery"),
        ("#times", BASE),
        ("?page=2", "https://shop.example/help/start?page=2"),
        ("?utm_source=x&b=2&a=1&gclid=7&", "https://shop.example/help/start?b=2&a=1"),
        ("?UTM_Medium=x&fbclid=1&_ga=2&mc_eid=3", BASE),
        ("/cart;jsessionid=1A2B?PHPSESSID=9", "https://shop.example/cart"),
        (" de\nlivery ", "https://shop.example/help/delivery"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("mailto:help@shop.example", None),
        ("javascript:void(0)", None),
        ("tel:+15555550100", None),
        ("https://user@shop.example/", None),
        ("https://a b/", None),
        ("https://①27.0.0.1/", None),
        ("/" + "x" * 1_000, None),
    ],
)
def test_an_address_has_one_spelling(address, normal):
    assert normal_url(address, base=BASE) == normal
    assert normal is None or normal_url(normal) == normal


@pytest.mark.parametrize(
    ("start", "prefix", "inside", "outside"),
    [
        (
            "https://shop.example/help/start",
            "",
            ["https://shop.example/help/", "http://shop.example/help/a/b?c"],
            ["https://shop.example/", "https://shop.example/helpers", "https://x.example/help/a"],
        ),
        (
            "https://shop.example/",
            "",
            ["https://shop.example/anything"],
            ["https://www.shop.example/", "https://shop.example.evil.example/", "https://example/"],
        ),
        (
            "https://shop.example/welcome",
            "/help/",
            [
                "https://shop.example/welcome",
                "https://shop.example/help",
                "http://shop.example/help/x",
            ],
            ["https://shop.example/welcome/more", "https://shop.example/helping"],
        ),
        (
            "http://shop.example:8080/",
            "",
            ["http://shop.example:8080/x"],
            ["http://shop.example/x", "http://shop.example:8081/x"],
        ),
    ],
)
def test_what_belongs_to_a_site(start, prefix, inside, outside):
    scope = Scope.of(start, prefix)

    assert [url for url in inside if not scope.holds(url)] == []
    assert [url for url in outside if scope.holds(url)] == []


def test_a_site_may_move_to_its_name_with_or_without_www_and_nowhere_else():
    scope = Scope.of("http://shop.example/help/", "/help/")

    moved = scope.moved_to("https://www.shop.example/help/")

    assert moved == Scope("https://www.shop.example/help/", "/help/")
    assert moved.moved_to("https://shop.example/help/").holds("https://shop.example/help/x")
    assert scope.moved_to("https://evil.example/help/") is None
    assert scope.moved_to("https://www.evil.example/help/") is None


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("", ""),
        (" /help/ ", "/help/"),
        ("/hälp", "/h%C3%A4lp"),
        ("/help?x=1#y", "/help"),
        ("/a/../help/", "/help/"),
        ("help", None),
        ("//evil.example/", None),
        ("https://shop.example/help/", None),
    ],
)
def test_a_prefix_is_a_path(text, prefix):
    assert normal_prefix(text) == prefix


def test_files_that_are_no_pages_are_known_by_their_names():
    assert leads_to_a_page("https://shop.example/manual.pdf")
    assert leads_to_a_page("https://shop.example/v1.2")
    assert not leads_to_a_page("https://shop.example/a/photo.JPG?size=2")
    assert not leads_to_a_page("https://shop.example/list.docx")


def everything(url):
    return True


def frontier(limit=10, start="https://shop.example/"):
    return Frontier(start, Scope.of(start), limit=limit)


def test_pages_come_breadth_first_each_once_and_only_where_allowed():
    pages = frontier()
    pages.add(["https://shop.example/a", "https://shop.example/b"], allow=everything)
    first = pages.next()
    pages.add(
        ["http://shop.example/a", "https://shop.example/c", "https://other.example/"],
        allow=lambda url: not url.endswith("/d"),
    )
    pages.add(["https://shop.example/d"], allow=lambda url: False)

    assert [first, pages.next(), pages.next(), pages.next()] == [
        "https://shop.example/a",
        "https://shop.example/b",
        "https://shop.example/c",
        None,
    ]


def test_only_settled_pages_take_a_place():
    pages = frontier(limit=1)
    pages.add([f"https://shop.example/{name}" for name in "abc"], allow=everything)

    pages.next()
    second = pages.next()
    pages.settle(second)

    assert (second, pages.next(), pages.found) == ("https://shop.example/b", None, 1)


def test_a_page_that_leads_back_to_where_one_came_from_ends_there():
    pages = frontier()
    pages.add(["https://shop.example/a"], allow=everything)
    a = pages.next()

    pages.lead_on(a, "https://shop.example/a/")
    slashed = pages.next()
    pages.lead_on(slashed, a)

    assert (slashed, pages.next()) == ("https://shop.example/a/", a)
    assert pages.has_led_on(slashed)


def test_nothing_leads_on_for_ever():
    pages = frontier()
    here, there = "https://shop.example/a", "https://shop.example/b"

    hops = 0
    while pages.lead_on(here, there):
        here, there, hops = there, here, hops + 1

    assert hops == MAX_HOPS
