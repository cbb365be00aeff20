"""What a model's words may carry to a visitor."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistants.containment import REMOVED, Containment, Sieve, addresses_in
from assistants.grounding import states_no_facts, without_markers
from assistants.length import shortened

OURS = Containment(["shop.example"], domains=["acme.example"])
WIDGET = Path("frontend/shared/markdown.ts").read_text()
OWN_HOST = re.compile(r"https?://(?:shop\.example|(?:[a-z]+\.)*acme\.example)(?::\d*)?(?:[/?#]|$)")
SPACE_OF_JAVASCRIPT = r"\t\n\v\f\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


def pattern_of_the_widget(name):
    """Its regular expression, where a space is what it is to a browser."""
    (source,) = re.findall(rf"const {name} = /(.*)/g?;", WIDGET)
    return re.compile(source.replace("\\/", "/").replace("\\s", SPACE_OF_JAVASCRIPT))


def strangers(text):
    """What the widget would link in ``text`` that is not ours."""
    address, after = map(pattern_of_the_widget, ("ADDRESS", "AFTER_ADDRESS"))
    links = [after.sub("", found).rstrip("`") for found in address.findall(text)]
    return [link for link in links if not OWN_HOST.match(link)]


def sifted(text, size=1, prepare=str):
    sieve = Sieve(OURS, prepare)
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
        ("日本https://acme.example/x", "日本https://acme.example/x"),
        ("(https://acme.example).", "(https://acme.example)."),
        ("**https://acme.example**", "**https://acme.example**"),
        ("`https://acme.example`", "`https://acme.example`"),
        ("[https://acme.example](https://acme.example)", "https://acme.example"),
        ("https://acme.example:443/a_(b)?c=[d]", "https://acme.example:443/a_(b)?c=[d]"),
        ("[a](https://acme.example):b", "[a](https://acme.example ):b"),
        ("[Note]: we open at nine", "[Note]: we open at nine"),
        ("Awww... so nice", "Awww... so nice"),
    ],
)
def test_what_is_ours_stays(text, shown):
    assert OURS.clean(text) == shown
    assert not strangers(shown)
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


HOSTILE = [
    "日本https://evil.example/?d=s",
    "_https://evil.example/?d=s_",
    "1https://evil.example/s",
    "xhttps://evil.example/s",
    "HTTPS://evil.example",
    "https://acme.example)@evil.example/?d=s",
    "https://acme.example]@evil.example/?d=s",
    "https://acme.example`@evil.example/?d=s",
    "https://acme.example'@evil.example/?d=s",
    "https://acme.example:443)@evil.example/",
    "https://acme.example:x@evil.example/",
    f"https://acme.example:{'x' * 700}@evil.example/",
    "https://acme.example)https://evil.example/",
    "https://acme.example).evil.example/",
    "https://evil.example\\.acme.example/x",
    "https://evil.example\\s.acme.example",
    "https://evil.example%2f.acme.example",
    "https://evil.example／.acme.example",
    "https://acme.example\x85.evil.example",
    "https://acme.example\u200b.evil.example",
    "https://acme.example&sol;@evil.example/",
    "https://acme.example&#47;.evil.example/",
    "https:///evil.example",
    "https://*.acme.example",
    "https:[1]//evil.example/",
    "https: [1]//evil.example/",
    "a https:/ [1] [2]/evil.example/",
    "https:<img>//evil.example/",
    "https:![](x)//evil.example/",
    "[ht](//e)[tps](//e)://evil.example/",
    f"{'a' * 595}https://evil.example/",
    f"{'a' * 580}https://acme.example.evil.example/",
    f"[x {'a' * 580}https://evil.example/",
    "<im<img>g src=//evil.example/x?d=s>",
    "<im" * 40 + "<img>" + "g>" * 40 + "<img src=//evil.example>",
    "[a](<https://acme.example)@evil.example>)",
    "[a](https://acme.example\\)@evil.example/)",
    "[a](/&Tab;/evil.example)",
    "[a](/&bsol;evil.example)",
    "[r]: //evil.example",
    "[r]:\n//evil.example",
    "> [r]: //evil.example",
    "a\n[r]: &#47;/evil.example",
    f"[x {'a' * 600}\n[r]: //evil.example",
    "[https://acme.example](https://evil.example)",
]
LOADS = re.compile(r"<\s*img|!\[|\]\(\s*<?(?:https?:|/)[^)]*evil|\]:\s*\S*evil", re.IGNORECASE)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("around", ["{}", "{} ", "See {}, or call.", "https://acme.example/ {}"])
def test_no_trick_makes_a_link_to_elsewhere(text, around):
    whole = around.format(text)
    final = OURS.clean(without_markers(whole))

    for shown in (final, *(sifted(whole, n, without_markers) for n in (1, 2, 7, 300, 10_000))):
        assert not strangers(shown)
        assert not LOADS.search(shown)
    assert OURS.clean(final) == final


def test_the_widgets_own_pattern_would_link_those():
    assert strangers("日本https://evil.example/") == ["https://evil.example/"]
    assert strangers("(https://acme.example)@evil.example/")
    assert not strangers("see (https://shop.example/a), or https://a.acme.example.")


PARTS = [
    "https:",
    "//",
    "evil.example",
    "acme.example",
    "<im",
    "<img>",
    "g src=",
    "![",
    "](",
    "[1]",
]
PARTS += [
    "]",
    ")",
    "@",
    ":",
    "/",
    "\\",
    " ",
    "\n",
    "www.",
    "[",
    "]:",
    "a" * 300,
    "`",
    "日",
    "&#47;",
]


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join), st.integers(1, 400))
def test_no_mixture_of_tricks_makes_a_link_to_elsewhere(text, size):
    for shown in (OURS.clean(without_markers(text)), sifted(text, size, without_markers)):
        assert not strangers(shown)
        assert not re.search(r"<\s*img|!\[", shown)


def test_what_does_not_come_to_rest_loses_all_syntax():
    text = "<im" * 9 + "<img>" + "g>" * 9 + " https://acme.example"

    assert not re.search(r"[<>]|://", OURS.clean(text))


HEAVY = [
    "<",
    " ",
    "![",
    "[",
    "](",
    "](  ",
    "[a](",
    "[a](x",
    "[a]: ",
    "!",
    "<im<",
    "</",
    "[1, ",
    "1.",
]
HEAVY += [
    "www.",
    "https://",
    "https://acme.example)",
    "a",
    "a-",
    "< / ",
    "\n[a]:",
    "<a ",
    "日本",
    "&#47;",
]


def ticks(act, text):
    """The processor time of the quickest of three."""

    def once():
        begin = time.process_time()
        act(text)
        return time.process_time() - begin

    return min(once() for _ in range(3))


@pytest.mark.parametrize("unit", HEAVY)
@pytest.mark.parametrize("begin", ["<", "[", "a"])
def test_time_grows_with_the_text_alone(unit, begin):
    def judge(text):
        OURS.clean(text)
        sifted(text, len(text))
        states_no_facts(text, is_small_talk=True)

    short, long = (begin + (unit * size)[:size] for size in (2_000, 8_000))

    # Four times the text; a square would be sixteen, a cube sixty-four times.
    assert ticks(judge, long) < 10 * ticks(judge, short) + 0.01


def test_a_full_sieve_takes_no_more():
    sieve = Sieve(OURS, longest=10)

    assert not sieve.is_full
    assert sieve.add("12345 7890") + sieve.rest() == "12345 7890"
    assert not sieve.is_full
    assert sieve.add("x" * 1_000_000) + sieve.rest() == ""
    assert sieve.is_full


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("One. Two.", "One. Two."),
        ("One. Two and three.", "One."),
        ("One two three four", "One two"),
        ("Onetwothreefour", "Onetwothre"),
        ("一二三。四五六七八九十", "一二三。"),
        ("One 2. 45. Six", "One 2. 45."),
    ],
)
def test_a_long_text_ends_with_a_sentence_or_a_word(text, shown):
    assert shortened(text, 10) == shown


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
