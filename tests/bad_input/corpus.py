"""One table of what nobody should send, for every door: JSON, values, texts, ids, files …"""

import gzip
import io
import json
import os
import struct
import zipfile
import zlib

from hypothesis import strategies as st

# How many examples each property is tried with; more of them find more.
EXAMPLES = int(os.environ.get("BAD_INPUT_EXAMPLES", "25"))

# What is no JSON object for us, whatever other parsers make of it. Those with a good field in them
# would be taken if only the bad part was overlooked.
MALFORMED = [
    b"{",
    b"",
    b" ",
    b"[]",
    b"null",
    b'"x"',
    b"5",
    b"true",
    b"{'sessionId': 's'}",
    b'{"sessionId": "s"} {}',
    b'{"sessionId": "s", /* no */ "message": "x"}',
    b'{"sessionId": "s", "message": "x", "sessionId": "s"}',
    b'{"sessionId": "s", "message": "x", "x": {"a": 1, "\\u0061": 2}}',
    b'{"sessionId": "s", "x": NaN}',
    b'{"sessionId": "s", "x": Infinity}',
    b'{"sessionId": "s", "x": -Infinity}',
    b'{"sessionId": "s", "x": 1e999}',
    b'{"sessionId": "s", "x": ' + b"9" * 5000 + b"}",
    b'{"sessionId": "s", "x": ' + b"1." + b"0" * 5000 + b"e" + b"9" * 400 + b"}",
    b'{"sessionId": "s\\u0000", "message": "x", "event": "e"}',
    b'{"sessionId": "s", "message": "a\0b", "event": "e"}',
    b'{"sessionId": "s", "message": "x", "event": "e", "metadata": {"a\\u0000b": 1}}',
    b'{"sessionId": "s", "message": "\\ud800", "event": "\\ud800"}',
    b'{"sessionId": "s", "message": "\\udc00\\ud800", "event": "\\ud800"}',
    b'{"sessionId": "s", "message": "\xff", "event": "\xff"}',
    b'{"sessionId": "s", "message": "\xed\xa0\x80", "event": "\xed\xa0\x80"}',
    b'{"sessionId": "s", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"sessionId": "s", "x": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"sessionId": "s", "x": ' + b'{"a":' * 33 + b"1" + b"}" * 34,
    b'{"sessionId": "s", "x": [' + b"1," * 50_000 + b"1]}",
    b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"),
    b"\x1f\x8b\x08\x00truncated",
    gzip.compress(b'{"sessionId": "s", "message": "x", "event": "e"}'),
]

# One of each type, for a field that wants another.
TYPES = [None, True, 5, 1.5, -1e300, "x", [], ["x"], {}, {"a": 1}]
NOT_TEXT = [value for value in TYPES if not isinstance(value, str)]
GIVEN_NOT_TEXT = [value for value in NOT_TEXT if value is not None]

# What is well-formed and yet breaks whoever formats, compares, draws, logs or looks it up.
TEXTS = [
    "' or 1=1 --",
    "'; DROP TABLE conversations_message; --",
    "%s%n{0.__class__.__init__.__globals__}",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "../../../../etc/passwd",
    "a\r\nSet-Cookie: a=b\r\n\r\nb",
    "a\n2031-01-01 00:00:00 ERROR forged: line",
    "\x1b[31mred\x1b[0m\x07\x08",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "\N{ZERO WIDTH SPACE}\N{ZERO WIDTH JOINER}\N{WORD JOINER}\N{ZERO WIDTH NO-BREAK SPACE}",
    "e" + "\N{COMBINING ACUTE ACCENT}" * 4_000,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 100,
    "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 400,
    "\ufdd0\uffff\U0010ffff\ue000",
    "\x01\x02\x7f\x80\x9f",
    "=cmd|' /C calc'!A0",
    "https://example.com/?x=" + "a" * 2_000,
    "(" * 4_000,
    "a@" * 2_000 + "b.c",
    "ﬀ" * 2_000,
    "I" + "\N{COMBINING DOT ABOVE}",
    "\N{LATIN SMALL LETTER DOTLESS I}ß\N{KELVIN SIGN}",
    "null",
    "undefined",
    "NaN",
    "0",
    "9" * 400,
    "-1",
]

# What stands where an id of ours belongs; none of them is anybody's.
IDS = [
    "conv-456",
    "' or 1=1 --",
    "null",
    "undefined",
    "0",
    "-1",
    "9" * 400,
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "{00000000-0000-4000-8000-000000000000}",
    "urn:uuid:00000000-0000-4000-8000-000000000000",
    "0" * 32,
    "\N{FULLWIDTH DIGIT ONE}" * 36,
    "..",
    "*",
    "me",
    "x" * 5_000,
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "a\nb",
]
# The same for a place in an address, as it is sent there.
PATH_IDS = ["%00", "%ff", "%ed%a0%80", "%0a", "%2e%2e", "%252e", "%2f", "%C2%85", "%F0%9F%98%80"]

MOMENTS = [
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "10000-01-01T00:00:00Z",
    "2031-02-30T00:00:00Z",
    "2031-13-01T00:00:00Z",
    "2031-01-01T24:00:01Z",
    "2031-01-01T00:00:60Z",
    "2031-01-01T00:00:00+99:99",
    "-2031-01-01T00:00:00Z",
    "1893456000",
    "today",
    "",
    " ",
]

NUMBERS = ["-1", "0", "1.5", "1e3", "0x10", "1_000", "NaN", "9" * 5_000, "", " 1", "\u0661", "+1"]

CURSORS = ["%", "=", "AAAA", "x" * 201, "\N{RIGHT-TO-LEFT OVERRIDE}", "a\0b", "8J-YgA", "MQ", "LTE"]

TOKENS = [
    "x",
    "null",
    "a.b.c",
    "a" * 9_000,
    "wt_" + "x" * 43,
    "sk_" + "x" * 43,
    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.e30.",
    "eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uLyJ9.e30." + "A" * 43,
]

NAMES = [
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "C:\\x\\y.png",
    "a\0.png",
    "a\r\nb.png",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "x" * 300 + ".png",
    "e" + "\N{COMBINING ACUTE ACCENT}" * 300,
    "CON",
    ".htaccess",
    "=cmd.png",
    "'\"<b>.png",
    "",
    " ",
    ".",
]


def png(width=1, height=1, *, behind=b""):
    """A picture of this size, of which there is next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0\0\0\0")), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + behind


def zip_bomb(inner=b"\0" * 5_000_000):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.txt", inner)
        archive.writestr("[Content_Types].xml", b"<Types/>")
    return content.getvalue()


SCRIPT = b"<script>alert(1)</script>"
# By what they are: name, content, and whether it is one of the kinds that we take.
FILES = {
    "a picture with a script in it": ("a.svg", b"<svg onload='alert(1)'>" + SCRIPT, False),
    "an XML that is a picture": ("a.png", b"<?xml version='1.0'?><svg xmlns='x'/>", False),
    "a page that calls itself a picture": ("a.png", b"<!DOCTYPE html>" + SCRIPT, False),
    "a page behind a space": ("a.txt", b"\n\n  <html>" + SCRIPT, False),
    "a page in UTF-16": ("a.txt", ("<html>" + SCRIPT.decode()).encode("utf-16"), False),
    "a picture with a page behind it": ("a.html", png(behind=SCRIPT), True),
    "a picture of 1.6 gigapixels": ("a.png", png(40_000, 40_000), True),
    "a picture that ends in its head": ("a.png", b"\x89PNG\r\n\x1a\n\0\0", True),
    "a program": ("a.png", b"MZ" + bytes(60), False),
    "a program of Unix": ("a.txt", b"\x7fELF" + bytes(60), False),
    "a shell script": ("a.sh", b"#!/bin/sh\nrm -rf /\n", True),
    "a zip bomb": ("a.zip", zip_bomb(), False),
    "a packed bomb": ("a.gz", gzip.compress(bytes(5_000_000)), False),
    "a table of formulas": ("a.csv", b"=cmd|' /C calc'!A0,+1,-1,@SUM(A1)\n", True),
    "a PDF with nothing in it": ("a.pdf", b"%PDF-1.7\n", True),
    "a PDF with a page before it": ("a.pdf", SCRIPT + b"\n%PDF-1.7\n", False),
    "bytes": ("a.bin", bytes(range(256)), False),
    "a text with a NUL": ("a.txt", b"a\0b", False),
    "half a letter": ("a.txt", b"\xc3", False),
    "nothing": ("a.txt", b"", False),
}

# Values as JSON can hold them, the storable ones among them: what is not is in MALFORMED.
texts = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(IDS),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
)
numbers = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def nearly(good):
    """Objects like ``good`` in which up to two fields are missing or hold anything."""
    spoilt = st.dictionaries(st.sampled_from(sorted(good)), values, max_size=2)
    missing = st.sets(st.sampled_from(sorted(good)), max_size=1)
    return st.builds(
        lambda changed, gone: {k: v for k, v in {**good, **changed}.items() if k not in gone},
        spoilt,
        missing,
    )


def frames(*good, names=()):
    """What clients send on a socket: good frames with something amiss, and any object at all."""
    known = sorted({*names, *(name for frame in good for name in frame)})
    anything = st.dictionaries(st.sampled_from(known) | texts, values, max_size=4)
    return st.one_of(*map(nearly, good), anything)


def as_json(value):
    return json.dumps(value, ensure_ascii=False)
