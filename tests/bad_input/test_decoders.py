"""Whatever a reader is given, it reads it or refuses it in the one way that its callers know."""

import io
import json
import time
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistants import containment, grounding, language, phrases
from assistants.admin.faq_text import read_faq
from assistants.admin.flow_text import read_flows
from assistants.knowledge import parsing
from assistants.knowledge.web import addresses, pages, robots
from assistants.nlu.entities import entities
from assistants.phrases import folding
from assistants.providers import openai_codec
from assistants.providers.errors import ProviderError
from assistants.providers.server_sent_events import EventStream
from assistants.small_talk import small_talk
from assistants.tools import schema
from assistants.tools.headers import parse_headers
from conversations import attachments
from conversations import pages as lists
from conversations.inbox import SORTS
from conversations.models import Conversation
from conversations.queries import _read_seq
from gateways.blits import codec as blits
from livechat.logs import redact
from tenants import identities, network, strict_json, tokens
from tenants.errors import LiveChatError
from tenants.ids import parse_uuid
from tenants.outbound.addresses import check_url
from tenants.personal_data import without_personal_data
from tests.bad_input import corpus
from tests.tenants.forging import signed
from widgets.config import cleaned_settings

LANGUAGES = ("en", "de", "ar", "tr", "pt-BR")

SECRET = "what a site and its tenant share"
# Only what their writers had in mind; what a decoder makes of it need not be right.
SNIPPETS = [
    "[x](https://example.com)", "![](//a.b/c)", "<img src=x", "</p", "&#x110000;", "&lt", "[[[[",
    "http://[::1", "https://a:b@c", "javascript:", "data:text/html,x", "10.0.0.1", "+49 30 123456",
    "2031-02-30", "31.12.9999", "1,000.00 €", "DE89370400440532013000", "a@b.example", "#1234",
    "Q: a", "A: b", "Or:", "User-agent: *", "Disallow: /%", "Crawl-delay: 9e9", "Sitemap: http://[",
    "<loc>", "<![CDATA[", "]]>", "<!--", "<base href=", "<meta charset=", "data: {", "\r", "\n\n",
    "[1]", "[99999999999]", "<think>", "%PDF-1.7", "Bearer x", "token=x", "%ff", "\u2028",
]  # fmt: skip
# What makes an expression that was written without care try everything.
HEAVY = [
    *["a", "1", " ", "(", "[", "<", "@", "+", "-", ".", "\u0301", "\N{RIGHT-TO-LEFT OVERRIDE}"],
    *["a@", "1 ", "+1", "a.", "[x](", "![", "<a ", "1-", "https://", "a@a.", "\u00e9", "order 1"],
]
written = st.lists(st.sampled_from(SNIPPETS) | corpus.texts, max_size=8).map("".join) | st.lists(
    st.sampled_from(SNIPPETS), max_size=12
).map(" ".join)
encoded = st.binary(max_size=200) | written.map(lambda text: text.encode(errors="replace"))
MAGIC = [
    b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"%PDF-", b"PK\3\4",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b\x08", b"<?xml", b"{\\rtf", b"MZ", b"\x7fELF",
    b"ID3", b"OggS", b"BZh", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\0\0\0\x20ftyp",
    b"#!/usr/bin/env python", b"\xef\xbb\xbf", b"\xff\xfe", b"<html", b"[Content_Types].xml",
    b"mimetypeapplication/epub+zip", b"ustar", b"SQLite format 3\0", b"BM", b"\xca\xfe\xba\xbe",
]  # fmt: skip
contents = (
    st.lists(st.sampled_from(MAGIC) | st.binary(max_size=20), min_size=1, max_size=6)
    .map(b"".join)
    .filter(bool)
)
payloads = corpus.values.map(lambda value: json.dumps(value).encode())
schemas = corpus.values | st.fixed_dictionaries(
    {"type": st.just("object")},
    optional=dict.fromkeys(["properties", "$ref", "pattern", "items"], corpus.values),
)
halves = st.text(st.characters(categories=["Cs", "L"]), max_size=3)
proofs = st.fixed_dictionaries(
    {"sub": st.just("kim") | corpus.values | halves, "exp": st.integers(0, 120) | corpus.values},
    optional={"name": corpus.values | halves, "email": written, "aud": corpus.values},
)
answers = st.fixed_dictionaries(
    {},
    optional={
        "choices": corpus.values
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "delta": corpus.values
                    | st.fixed_dictionaries(
                        {},
                        optional={
                            "content": corpus.values,
                            "refusal": corpus.values,
                            "reasoning": corpus.values,
                            "tool_calls": corpus.values
                            | st.lists(
                                st.fixed_dictionaries(
                                    {},
                                    optional={
                                        "index": corpus.values,
                                        "id": corpus.values,
                                        "function": corpus.values,
                                    },
                                ),
                                max_size=2,
                            ),
                        },
                    ),
                    "message": corpus.values,
                    "finish_reason": corpus.values,
                },
            ),
            max_size=2,
        ),
        "usage": corpus.values,
        "error": corpus.values,
    },
).map(lambda value: json.dumps(value).encode())
answers = answers | payloads | encoded


def read_frames(pieces):
    stream = EventStream()
    for piece in pieces:
        list(stream.feed(piece))
    return list(stream.rest())


def heard(text):
    words, sentences = folding.words(text), folding.sentences(text)
    return [
        (
            one.is_greeting(words),
            one.names_person(words),
            any(one.asks_for_person(clauses) for clauses in sentences),
        )
        for one in phrases.LISTENERS.values()
    ]


def cleaned(text):
    sieve = containment.Sieve(containment.Containment(["example.com"]))
    return "".join(sieve.add(text[place : place + 7]) for place in range(0, len(text), 7))


def rules(content):
    robot = robots.Robots.of(content)
    allowed = robot.allow("https://example.com/a?b#c")
    return allowed, robot.pause, robot.sitemaps("https://a.example")


def page(content):
    text = pages.decoded(content, {"content-type": "text/html; charset=" + str(content[:9])})
    head = pages.head_of(text, "https://a.example/")
    return head, robots.read_sitemap(text, base="https://b.example/")


def sniffed(content):
    return attachments.content_type_of(io.BytesIO(content))


def sniffed_text(text):
    with suppress(LiveChatError):
        return sniffed(text.encode())


def named(name):
    return [attachments.clean_name(name, kind) for kind in attachments.KINDS]


def place(text):
    """Of every order that there is; nothing is asked of the database."""
    rows = Conversation.unscoped.all()
    return [lists.decode_cursor(text, partial(order.after, rows)) for order in SORTS.values()]


def number(text):
    return lists.decode_cursor(text, _read_seq)


def knowledge(kind):
    return lambda content: parsing.parse(kind, content)


def proof(claims):
    if type(claims["exp"]) is int:
        claims = claims | {"exp": int(time.time()) + claims["exp"]}
    text = signed({"alg": "HS256", "typ": "JWT"}, claims, SECRET.encode())
    found = identities._claims(text, SECRET, {"shop"})
    return found and identities._identity(found)


def pair(two):
    return network.origin_allowed(two[0], [two[1]], [two[1]])


# What is read, by what; and the exceptions by which it says that it cannot.
OURS = (LiveChatError,)
READERS = {
    "JSON": (encoded | payloads, strict_json.loads, OURS),
    "content types": (written, strict_json.require_json, OURS),
    "ids": (corpus.values, parse_uuid, ()),
    "cursors": (written | written.map(lists.encode_cursor), place, OURS),
    "cursors of numbers": (written.map(lists.encode_cursor), number, OURS),
    "tokens": (
        written | st.from_regex(tokens.SHAPE, fullmatch=True),
        lambda text: tokens.read(text, token_type=tokens.ACCESS),
        OURS,
    ),
    "proofs of sites": (proofs, proof, ()),
    "origins": (written, network.normal_origin, ()),
    "allowed origins": (st.tuples(written, written), pair, ()),
    "hosts": (written, network.normal_host, ()),
    "IP addresses": (written, network.ip_bucket, ()),
    "addresses to call": (written, check_url, OURS),
    "addresses of pages": (
        written,
        lambda text: addresses.normal_url(text, base="https://a.example/"),
        (),
    ),
    "event streams": (st.lists(encoded, max_size=5), read_frames, ()),
    "answers of models": (answers, openai_codec.decode_answer, (ProviderError, ValueError)),
    "chunks of answers": (answers, openai_codec.decode_chunk, (ProviderError, ValueError)),
    "refusals of models": (answers, lambda content: openai_codec.failure(400, content), ()),
    "robots.txt": (encoded, rules, ()),
    "web pages": (encoded, page, ()),
    "knowledge as HTML": (encoded, knowledge("html"), OURS),
    "knowledge as Markdown": (encoded, knowledge("markdown"), OURS),
    "knowledge as text": (encoded, knowledge("text"), OURS),
    "knowledge as FAQ": (encoded | payloads, knowledge("faq"), OURS),
    "FAQs of the admin": (written, read_faq, OURS),
    "flows of the admin": (written, read_flows, OURS),
    "headers of tools": (written, parse_headers, OURS),
    "schemas of tools": (schemas, schema.check_parameters, OURS),
    "kinds of files": (contents, sniffed, OURS),
    "names of files": (written, named, ()),
    "files in base64": (written, blits.decoded, (blits.Invalid,)),
    "phrases": (written, heard, ()),
    "small talk": (written, lambda text: small_talk(text, LANGUAGES, greeting="Hi"), ()),
    "languages": (written, lambda text: language.detected(text, LANGUAGES), ()),
    "names of languages": (written, lambda text: language.match(text, LANGUAGES), ()),
    "what a text is about": (written, entities, ()),
    "personal data": (written, without_personal_data, ()),
    "log lines": (written, redact, ()),
    "answers": (written, cleaned, ()),
    "citations": (written, grounding.without_markers, ()),
    "settings of bubbles": (corpus.values, cleaned_settings, (ValidationError,)),
}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_reads_or_refuses(name):
    strategy, read, refusals = READERS[name]

    @settings(
        max_examples=corpus.EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(value):
        with suppress(*refusals):
            for text in texts_in(read(value)):
                # Half a letter could not be stored, nor told.
                text.encode()

    run()


def texts_in(value):
    match value:
        case str():
            yield value
        case dict():
            yield from texts_in([*value, *value.values()])
        case list() | tuple() | set() | frozenset():
            for each in value:
                yield from texts_in(each)
        case _ if is_dataclass(value) and not isinstance(value, type):
            yield from texts_in([getattr(value, each.name) for each in fields(value)])


def test_a_longer_text_takes_only_as_much_longer():
    """What is read of visitors may not take its time with what was written to that end."""
    for read in (entities, without_personal_data, redact, heard, cleaned, sniffed_text):
        for bad in HEAVY:
            begun = time.process_time()
            read(bad * (4_000 // len(bad)))
            assert time.process_time() - begun < 2, (read, bad)
