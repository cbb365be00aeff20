"""Requests that no client's library would send, byte by byte, to the real server."""

import re
import socket
from contextlib import closing, suppress

import httpx
import pytest

from tests.leaks import leaks

CLOSE = b"Host: localhost\r\nConnection: close\r\n"
POST = b"POST /api/auth/token HTTP/1.1\r\n" + CLOSE + b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = POST + CHUNKED + b"\r\n"
BODY = b"Content-Length: 2\r\n\r\n{}"


def asked(front, data):
    """Everything that is answered until the server closes."""
    host, _, port = front.url.removeprefix("http://").partition(":")
    received = b""
    with closing(socket.create_connection((host, int(port)), timeout=20)) as connection:
        with suppress(ConnectionError):
            connection.sendall(data)
        with suppress(ConnectionError):
            while chunk := connection.recv(65536):
                received += chunk
    return received


def statuses(received):
    """Of all answers in it, none of which may say more than is meant for its reader."""
    text = received.decode("latin-1")
    assert not leaks(text), text[:2000]
    assert "\r\nset-cookie: a=b" not in text.lower()
    found = [int(code) for code in re.findall(r"HTTP/1\.1 (\d{3}) ", text)]
    assert found, text[:200]
    assert max(found) < 500, text[:600]
    return found


def get(path, *headers):
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"GET " + path + b" HTTP/1.1\r\n" + CLOSE + lines + b"\r\n"


# What two servers in a row may read in two ways.
AMBIGUOUS = {
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "a length twice": POST + b"Content-Length: 2\r\n" + BODY,
    "two lengths in one": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length and chunks": POST + b"Content-Length: 2\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks and a length": POST + CHUNKED + b"Content-Length: 2\r\n\r\n0\r\n\r\n",
    "chunks that are not the last": POST + b"Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n",
    "an unknown encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks before a space": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "a length below nothing": POST + b"Content-Length: -1\r\n\r\n",
    "a length in hexadecimal": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "a length of 5,000 digits": POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a length with a space in it": POST + b"Content-Length: 1 2\r\n\r\n{}",
    "a chunk of no number": CHUNKS + b"z\r\n{}\r\n0\r\n\r\n",
    "a chunk below nothing": CHUNKS + b"-2\r\n{}\r\n0\r\n\r\n",
    "a chunk of 2^70": CHUNKS + b"f" * 18 + b"\r\n{}",
    "a chunk that is too short": CHUNKS + b"5\r\n{}\r\n0\r\n\r\n\r\n",
    "bare line feeds": POST.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}",
    "a folded header": get(b"/api/me", b"X-A: b", b"  c"),
    "a folded first header": b"GET /api/me HTTP/1.1\r\n " + CLOSE + b"\r\n",
    "a header without a colon": get(b"/api/me", b"X-A"),
    "a header without a name": get(b"/api/me", b": b"),
    "a NUL in a header": get(b"/api/me", b"X-A: a\0b"),
    "a carriage return in a header": get(b"/api/me", b"X-A: a\rb"),
    "two hosts": get(b"/api/me", b"Host: evil.example"),
    "100 KB in a header": get(b"/api/me", b"X-A: " + b"a" * 100_000),
    "100 KB in an address": get(b"/api/" + b"a" * 100_000),
    "10,000 headers": get(b"/api/me", *[b"X-A: b"] * 10_000),
    "a word for a method": b"GETX /api/me HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "a small method": b"get /api/me HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "TLS": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": b"GET /api/me HTTP/9.9\r\n" + CLOSE + b"\r\n",
    "tabs": b"GET\t/api/me\tHTTP/1.1\r\n" + CLOSE + b"\r\n",
    "an address of no host": b"GET http:///api/me HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "a host without an address": b"GET http://evil.example HTTP/1.1\r\n" + CLOSE + b"\r\n",
}


def test_what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_read(front):
    found = {
        name: statuses(asked(front, data + get(b"/healthz"))) for name, data in AMBIGUOUS.items()
    }

    assert found == {name: [400] for name in AMBIGUOUS}


UNUSUAL = {
    "an extension of a chunk": (CHUNKS + b"2;a=b\r\n{}\r\n0\r\n\r\n", [400]),
    "a long extension": (CHUNKS + b"2;" + b"a" * 70_000 + b"\r\n{}\r\n0\r\n\r\n", [400]),
    "trailers": (CHUNKS + b"2\r\n{}\r\n0\r\nHost: evil\r\nContent-Length: 5\r\n\r\n", [400]),
    "10,000 chunks": (CHUNKS + b"1\r\n \r\n" * 10_000 + b"0\r\n\r\n", [400]),
    "a packed body": (POST + b"Content-Encoding: gzip\r\n" + BODY, [400]),
    "an unknown expectation": (POST + b"Expect: the-inquisition\r\n" + BODY, [400]),
    "a request behind the last": (get(b"/api/me") + get(b"/healthz"), [401]),
    "100 requests at once": (
        b"GET /api/me HTTP/1.1\r\nHost: a\r\n\r\n" * 99 + get(b"/api/me"),
        [401] * 100,
    ),
    "an address with a host": (
        b"GET http://evil.example/api/me HTTP/1.1\r\n" + CLOSE + b"\r\n",
        [401],
    ),
    "all addresses": (b"OPTIONS * HTTP/1.1\r\n" + CLOSE + b"\r\n", [404]),
    "an echo": (b"TRACE / HTTP/1.1\r\n" + CLOSE + b"\r\n", [405]),
    "no version": (b"GET /api/me\r\n" + CLOSE + b"\r\n", [401]),
    "another method in a header": (get(b"/api/me", b"X-HTTP-Method-Override: DELETE"), [401]),
    "a change of protocol": (get(b"/api/me", b"Upgrade: h2c", b"HTTP2-Settings: AAAA"), [401]),
}


def test_what_is_unusual_is_answered_as_anything_else(front):
    found = {name: statuses(asked(front, data)) for name, (data, _) in UNUSUAL.items()}

    assert found == {name: expected for name, (_, expected) in UNUSUAL.items()}


NOWHERE = [
    b"/api//me",
    b"//api/me",
    b"/api/./me",
    b"/api/x/../me",
    b"/api/%2e%2e/me",
    b"/api/%252e%252e/me",
    b"/api/me/",
    b"/api/me%2f",
    b"/api/me;x=y",
    b"/api/me%00",
    b"/%00",
    b"/api/me%0d%0aSet-Cookie:%20a=b",
    b"/api/me%c0%af",
    b"/api/me%ff",
    b"/api/me%",
    b"/api/me%u0041",
    b"/API/ME",
    b"/static/",
    b"/static/%2e%2e/manage%2epy",
    b"/static/..%2fmanage%2epy",
    b"/static/%00",
    b"/static/" + b"a/" * 3_000,
    b"/assets/../.env",
    b"/admin/%ff/",
    b"/admin/r/1/" + b"9" * 400 + b"/",
    b"/api/external/%2e%2e/me",
    b"/api/widgets/%00/config",
    b"/api/widgets/%ff/config",
    b"/api/widgets/" + b"x" * 20_000 + b"/config",
    b"/api/me?format=xml",
    b"/.git/config",
    b"/.env",
]
STRANGE_QUERIES = {
    b"/api/me?%00=%00": 200,
    b"/api/me?a=%ed%a0%80": 200,
    b"/api/me?a=\xff": 400,
    b"/api/me?" + b"a" * 50_000: 200,
    b"/api/me?" + b"a=b&" * 5_000: 400,
    b"/api/conversations?limit=" + b"9" * 5_000: 400,
    b"/api/conversations?limit=%D9%A1": 200,
    b"/api/conversations?cursor=%00": 400,
    b"/api/conversations?assignee=%00": 400,
    b"/api/conversations?status=%00": 400,
    b"/api/schema?version=%00": 200,
    b"/api/docs?script=%00": 200,
    b"/assets/chat-widget.js?v=%00": 200,
    b"/healthz?%00": 200,
}


def test_other_spellings_of_addresses_lead_nowhere(front):
    """Not to a member either, who has an address spelled so."""
    member = b"Authorization: Bearer " + front.jwt.encode()

    found = {path: statuses(asked(front, get(path, member))) for path in NOWHERE}

    assert {path: codes for path, codes in found.items() if codes not in ([404], [302])} == {}


def test_strange_queries_are_read_or_refused(front):
    member = b"Authorization: Bearer " + front.jwt.encode()

    found = {path: statuses(asked(front, get(path, member))) for path in STRANGE_QUERIES}

    assert found == {path: [code] for path, code in STRANGE_QUERIES.items()}


HEADERS = [
    b"Authorization: Bearer \xff\xfe",
    b"Authorization: Basic " + b"a" * 30_000,
    b"Authorization: Bearer " + b"a." * 10_000,
    b"Cookie: sessionid=\xff; csrftoken=\xff; messages=\xff",
    b"Cookie: sessionid=" + b"x" * 20_000,
    b"Cookie: " + b"a=b; " * 5_000,
    b"Origin: \xff",
    b"Origin: http://[",
    b"Origin: http://" + b"a" * 9_000,
    b"Origin: https://evil.example\r\nAccess-Control-Request-Method: \xff",
    b"Accept: */*;q=nan, a/b;c=" + b"d" * 5_000,
    b"Accept: " + b"a/b," * 5_000,
    b"Accept-Language: " + b"de-DE-" * 5_000,
    b"Accept-Encoding: " + b"gzip;q=1.0000001," * 1_000,
    b"Range: bytes=0-0,1-1," + b"2-2," * 1_000,
    b"If-None-Match: " + b'"a",' * 5_000,
    b"If-Modified-Since: Mon, 99 Foo 99999 99:99:99 GMT",
    b"User-Agent: " + b"\xf0\x9f\x98\x80" * 4_000,
    b"X_Forwarded_For: 10.0.0.1",
    b"X-Forwarded-For: " + b"1," * 5_000,
    b"X-Forwarded-For: ::ffff:1.2.3.4%eth0, [::1]:99999, \xff",
    b"X-Request-Id: " + b"a" * 5_000,
    b"X-Session-Secret: \xff",
    b"X-Session-Secret: " + b"a" * 20_000,
    b"Idempotency-Key: \xff",
    b"Content-Type: \xff",
    b"Content-Type: multipart/form-data; boundary=" + b"a" * 5_000,
    b"traceparent: \xff-\xff",
    b"Upgrade: websocket",
]
# A page, a plain view, hot views of two protocols, the admin, and a file.
PLACES = [
    b"/",
    b"/api/conversations",
    b"/api/widgets/x/config",
    b"/api/external/analyze-message",
    b"/admin/login/",
    b"/static/livechat/index.css",
]


@pytest.mark.parametrize("place", PLACES)
def test_no_header_makes_it_stumble(front, place):
    for header in HEADERS:
        statuses(asked(front, get(place, header)))
        lines = CLOSE + header + b"\r\n"
        statuses(asked(front, b"POST " + place + b" HTTP/1.1\r\n" + lines + BODY))


@pytest.mark.parametrize(
    "host", [b"", b"a b", b"[", b"a@b", b"evil.example:99999", b"\xff", b"a/.."]
)
def test_no_host_makes_it_stumble(front, host):
    for place in PLACES:
        data = b"GET " + place + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
        statuses(asked(front, data))


def test_who_sends_half_and_leaves_is_forgotten(front):
    for data in (POST + b"Content-Length: 100\r\n\r\n{", CHUNKS + b"5\r\n{", POST, POST[:9]):
        host, _, port = front.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(data)

    assert httpx.get(f"{front.url}/healthz", trust_env=False).status_code == 200
