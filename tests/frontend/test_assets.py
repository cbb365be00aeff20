"""How the embed script is served: to any page, under one name, and only when it has changed."""

import gzip
import re

import httpx
import pytest
from django.conf import settings

BUILT = settings.BASE_DIR / "static" / "dist" / "chat-widget.js"


@pytest.fixture
def address(live_server_url):
    return f"{live_server_url}/assets/chat-widget.js"


def test_any_page_may_include_the_script(address):
    answer = httpx.get(address, headers={"Origin": "https://shop.example"})

    assert answer.content == BUILT.read_bytes()
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "public, max-age=300, stale-while-revalidate=86400"


def test_it_travels_compressed(address):
    with httpx.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        body = b"".join(answer.iter_raw())

    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]
    assert gzip.decompress(body) == BUILT.read_bytes()


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_whoever_has_it_is_told_so(address, encoding):
    headers = {"Accept-Encoding": encoding}
    etag = httpx.get(address, headers=headers).headers["etag"]

    answer = httpx.get(address, headers={**headers, "If-None-Match": etag})

    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["cache-control"].startswith("public")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_it_can_only_be_read(address):
    assert httpx.head(address).status_code == 200
    assert httpx.post(address).status_code in (403, 405)


def test_a_chunk_may_be_kept_for_ever_by_its_version_alone(live_server_url):
    built = (BUILT.parent / "chat-widget-tools.js").read_bytes()
    address = f"{live_server_url}/assets/chat-widget-tools.js"
    version = re.search(rb"sources (\w{8})", built)[1].decode()

    named = httpx.get(address, params={"v": version}, headers={"Origin": "https://shop.example"})
    others = [httpx.get(address, params={"v": v}) for v in ("", "00000000")]
    unknown = httpx.get(f"{live_server_url}/assets/chat-widget-nothing.js")

    assert f'"{version}"' in BUILT.read_text() or f"v={version}" in BUILT.read_text()
    assert named.content == built
    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert named.headers["access-control-allow-origin"] == "*"
    assert named.headers["content-type"] == "text/javascript; charset=utf-8"
    assert {one.headers["cache-control"] for one in others} == {
        "public, max-age=300, stale-while-revalidate=86400"
    }
    assert unknown.status_code == 404
