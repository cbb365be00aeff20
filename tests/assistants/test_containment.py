"""What a model's words may carry to a visitor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistants.containment import REMOVED, Containment, Sieve, addresses_in

OURS = Containment(["shop.example"], domains=["acme.example"])


def sifted(text, size=1):
    sieve = Sieve(OURS)
    pieces = [sieve.add(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join([*pieces, sieve.rest()])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](https://acme.example/x)", "[a](https://acme.example/x)"),
        ("[a](https://help.acme.example)", "[a](https://help.acme.example)"),
        ("https://shop.example/a?b=c.", "https://shop.example/a?b=c."),
        ("[a](/cart)", "[a](/cart)"),
        ("[a](#top)", "[a](#top)"),
        ("1 < 2, and “x[0]” stays", "1 < 2, and “x[0]” stays"),
    ],
)
def test_what_is_ours_stays(text, shown):
    assert OURS.clean(text) == shown
    assert sifted(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](https://evil.example)", "a"),
        ("[a](https://sub.shop.example)", "a"),
        ("[a](https://acme.example.evil.example)", "a"),
        ("[a](https://evilacme.example)", "a"),
        ("[a](https://acme.example@evil.example)", "a"),
        ("[a](//evil.example)", "a"),
        ("[a](/\\evil.example)", "a"),
        ("[a](/&#47;evil.example)", "a"),
        ("[a](javascript:alert(1))", "a)"),
        ("[a](data:text/html,x)", "a"),
        ("[a](mailto:x@evil.example)", "a"),
        ('[a](https://evil.example "title")', "a"),
        ("[a]( <https://evil.example> )", "a"),
        ("[a[b]](//evil.example)", "[a[b]]"),
        ("![a](https://evil.example/p.png)", "a"),
        ("![a](https://acme.example/p.png)", "a"),
        ("![a][r]", "a"),
        ("[r]: https://evil.example", ""),
        ("at https://evil.example/x?y=secret.", f"at {REMOVED}."),
        ("<https://evil.example>", REMOVED),
        ("www.evil.example", REMOVED),
        ("ftp://acme.example.evil.example", REMOVED),
        ('<img src="https://evil.example">', ""),
        ("<IMG SRC=x onerror=alert(1)", ""),
        ("a<iframe\nsrc=//evil.example>b", "ab"),
        ("<a href='//evil.example'>a</a>", "a"),
        ("a\x00b\x1bc\ud800d\n", "abcd\n"),
    ],
)
def test_what_leads_elsewhere_goes(text, shown):
    assert OURS.clean(text) == shown
    assert "evil" not in sifted(text)
    assert "evil" not in sifted(text, size=7)


def test_a_long_alternative_text_smuggles_nothing():
    text = f"![{'a' * 700}](//evil.example/p.png)"

    assert "](//" not in sifted(text)
    assert "evil" not in OURS.clean(text)


def test_plain_words_are_not_held_back():
    sieve = Sieve(OURS)

    assert sieve.add("We open at nine in the ") == "We open at nine in the"
    assert sieve.add("morning.") + sieve.rest() == " morning."


@given(st.text(alphabet="ab [](){}!<>/:.\\&#;\n", max_size=80), st.integers(1, 9))
def test_pieces_hold_no_more_than_the_whole_may(text, size):
    shown = sifted(text.replace("a", "https://evil.example"), size)

    assert "evil" not in shown.replace(REMOVED, "")


def test_addresses_of_the_tenants_own_words_are_found():
    assert addresses_in("See https://a.example/x, or www.b.example.", "") == [
        "https://a.example/x",
        "www.b.example",
    ]
