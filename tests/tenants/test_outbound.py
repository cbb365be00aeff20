"""What tenants name is called only where it is public; nobody reaches our own network by us."""

import asyncio
import gzip
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from contextlib import suppress
from ipaddress import ip_address
from itertools import chain, repeat

import httpcore2
import httpx2
import pytest

from tenants.errors import LiveChatError
from tenants.outbound import GuardedTransport, check_url, fetch, get, guarded_client, is_public
from tenants.outbound.sockets import SocketNetwork
from tenants.outbound.transport import CheckedNetwork
from tests.web_site import open_web_site

PUBLIC, OTHER_PUBLIC = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"


@pytest.fixture
def site(settings):
    with open_web_site() as site:
        settings.INTERNAL_HOSTS = [site.host]
        yield site


class Resolver:
    """A name server that may answer differently each time."""

    def __init__(self, *answers):
        self.asked = []
        self._answers = chain(answers, repeat(answers[-1]))
        self._numeric = socket.getaddrinfo

    def __call__(self, host, port, *args, flags=0, **options):
        if flags & socket.AI_NUMERICHOST:
            return self._numeric(host, port, *args, flags=flags, **options)
        self.asked.append(host)
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, 1, 6, "", (address, port))
            for address in next(self._answers)
        ]


class Network(httpcore2.AsyncNetworkBackend):
    """The world outside: nothing answers there, and it notes who was called."""

    def __init__(self):
        self.called = []

    async def connect_tcp(self, host, port, *options):
        self.called.append((host, port))
        raise httpcore2.ConnectError("Nobody is there.")


@pytest.fixture
def resolve(monkeypatch):
    def resolve(*answers):
        resolver = Resolver(*answers)
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        return resolver

    return resolve


def refusal(call, *args, **options):
    with pytest.raises(LiveChatError) as caught:
        call(*args, **options)
    assert caught.value.message.endswith(".")
    return caught.value.code


PRIVATE = [
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "①27.0.0.1",
    "127.0.0.1",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "localhost",
    "db",
    "shop.local",
    "metadata.google.internal",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1%25eth0]",
    "169.254.169.254",
    "10.1.2.3",
    "0",
    "0x7f.1",
    "017700000001",
    "127.0.1",
    "127。0。0。1",
    "１２７.0.0.1",
    "LOCALHOST",
    "localhost.",
    "shop.localhost",
    "router.home.arpa",
    "[::]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_form_refuses_what_is_private_however_it_is_spelled(host):
    assert refusal(check_url, f"https://{host}/") == "url_not_allowed"
    assert refusal(fetch, f"https://{host}/") == "url_not_allowed"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "https:///path",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://example.com/",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:80/",
        "https://user:password@example.com/",
        "https://example.com\\@10.0.0.1/",
        "https://exa mple.com/",
        "https://a..b/",
        "https://example.com\t/",
        "https://localhost%00.example/",
        "https://" + "a" * 300 + ".example/",
        "https://example.com/" + "a" * 70_000,
        "https://example.com@127.0.0.1/",
        "https://127.0.0.1#@example.com/",
        "https://example.com:443:443/",
        "https://[example.com]/",
        "https://[127.0.0.1]/",
        "gopher://example.com/",
        "dict://example.com:11211/",
        "unix:///var/run/docker.sock",
        "data:text/plain,x",
        "HTTPS:example.com",
    ],
)
def test_a_form_refuses_what_is_no_public_address(url):
    assert refusal(check_url, url) == "url_not_allowed"


@pytest.mark.parametrize("url", ["https://example.com/", "https://münchen.example:8443/ü?q#f"])
def test_a_public_address_is_accepted_without_a_lookup(url, resolve):
    resolver = resolve([PUBLIC])

    check_url(url)

    assert resolver.asked == []


def test_plain_http_is_for_those_who_ask_for_it():
    check_url("http://example.com/", allow_http=True)

    assert refusal(check_url, "http://example.com/") == "url_not_allowed"
    assert refusal(check_url, "http://example.com:443/", allow_http=True) == "url_not_allowed"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (PUBLIC, True),
        (OTHER_PUBLIC, True),
        (f"::ffff:{PUBLIC}", True),
        ("64:ff9b::5db8:d822", True),
        ("2002:5db8:d822::", True),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("2001:0:7f00:1::", False),
        ("2001:0:5db8:d822:0:0:80ff:fffe", False),
        ("::7f00:1", False),
        ("fd00:ec2::254", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("0.0.0.1", False),
        ("100.64.0.1", False),
        ("168.63.129.16", False),
        ("169.254.169.254", False),
        ("172.16.0.1", False),
        ("192.0.0.192", False),
        ("192.168.1.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address, public):
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize("found", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::ffff:10.0.0.1"]])
def test_a_name_is_not_called_when_any_of_its_addresses_is_private(resolve, found):
    resolve(found)

    assert refusal(fetch, "https://shop.example/") == "url_not_allowed"


async def test_a_name_that_was_public_a_moment_ago_is_checked_when_it_is_called(resolve):
    resolver, network = resolve([PUBLIC], ["127.0.0.1"]), Network()
    async with httpx2.AsyncClient(transport=GuardedTransport(network=network)) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("https://shop.example/")
        with pytest.raises(LiveChatError, match="private network"):
            await client.get("https://shop.example/")

    assert resolver.asked == ["shop.example"] * 2
    assert network.called == [(PUBLIC, 443)]


async def test_each_checked_address_is_tried_and_no_name_is_passed_on(resolve):
    resolver, network = resolve([PUBLIC, OTHER_PUBLIC], ["127.0.0.1"]), Network()

    with pytest.raises(httpcore2.ConnectError):
        await CheckedNetwork(network).connect_tcp("shop.example", 443)

    assert network.called == [(PUBLIC, 443), (OTHER_PUBLIC, 443)]
    assert resolver.asked == ["shop.example"]


def test_the_operator_may_allow_a_host_of_the_own_network(site, settings):
    site.put("/", "<p>Hello")

    assert fetch(f"{site.url}/").content == b"<p>Hello"
    settings.INTERNAL_HOSTS = ["127.0.0.1", f"127.0.0.1:{site.port + 1}", "localhost"]
    assert refusal(fetch, f"{site.url}/") == "url_not_allowed"
    check_url("http://127.0.0.1/")
    check_url("https://localhost:8443/")


def test_a_redirect_is_followed_only_when_asked_and_to_where_one_may_go(site):
    site.redirect("/old", "/new")
    site.redirect("/evil", "https://169.254.169.254/latest/")
    site.redirect("/down", "http://shop.example/")
    site.redirect("/file", "file:///etc/passwd")
    site.redirect("/octal", "https://0177.0.0.1/")
    site.redirect("/round", "/round")
    site.put("/new", "<p>Moved")

    unfollowed = fetch(f"{site.url}/old")
    followed = fetch(f"{site.url}/old", redirects=1)

    assert (unfollowed.status, unfollowed.content) == (302, b"")
    assert (followed.url, followed.content) == (f"{site.url}/new", b"<p>Moved")
    for path, code in [
        ("evil", "url_not_allowed"),
        ("down", "url_not_allowed"),
        ("file", "url_not_allowed"),
        ("octal", "url_not_allowed"),
        ("round", "too_many_redirects"),
    ]:
        assert refusal(fetch, f"{site.url}/{path}", redirects=5) == code
    assert site.paths().count("/round") == 6


async def test_a_client_that_follows_by_itself_is_checked_all_the_same(site):
    site.redirect("/evil", "https://10.0.0.1/")
    transport = GuardedTransport()

    async with httpx2.AsyncClient(transport=transport, follow_redirects=True) as client:
        with pytest.raises(LiveChatError) as caught:
            await client.get(f"{site.url}/evil")

    assert caught.value.code == "url_not_allowed"


def test_no_proxy_is_taken_from_the_environment(site, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.put("/", "<p>Direct")

    assert fetch(f"{site.url}/").content == b"<p>Direct"


def test_an_answer_is_bounded_however_it_comes(site):
    site.put("/whole", b"x" * 2_000)
    site.put("/pieces", repeat(b"x" * 1_000))
    site.put("/packed", gzip.compress(b"x" * 2_000), Content_Encoding="gzip")

    for path in ("whole", "pieces", "packed"):
        assert refusal(fetch, f"{site.url}/{path}", max_bytes=1_999) == "answer_too_large"
    assert fetch(f"{site.url}/packed", max_bytes=2_000).content == b"x" * 2_000


def test_a_small_answer_that_unpacks_to_a_huge_one_takes_no_memory(site):
    site.put("/", gzip.compress(b"x" * 50_000_000), Content_Encoding="gzip")
    tracemalloc.start()

    refused = refusal(fetch, site.url, max_bytes=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert refused == "answer_too_large"
    assert peak < 10_000_000


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_nothing_packed_is_asked_for_and_it_is_unpacked_if_it_comes(site, pack):
    site.put("/", pack(b"<p>Hello"), Content_Encoding="deflate")

    assert fetch(f"{site.url}/").content == b"<p>Hello"
    assert site.asked[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", gzip.compress(b"<p>Hello", mtime=0)),
        ("gzip, gzip", gzip.compress(b"<p>Hello", mtime=0)),
        ("gzip", b"not packed at all"),
    ],
)
def test_what_cannot_be_unpacked_is_a_failure(site, encoding, body):
    site.put("/", body, Content_Encoding=encoding)

    assert refusal(fetch, f"{site.url}/") == "fetch_failed"


def test_an_answer_that_dribbles_ends_at_its_time(site):
    def dribble():
        while True:
            yield b"x"
            time.sleep(0.05)

    site.put("/", dribble())
    started = time.monotonic()

    assert refusal(fetch, f"{site.url}/", max_seconds=0.4) == "fetch_timeout"
    assert time.monotonic() - started < 5


def test_a_server_that_hesitates_ends_at_its_time(settings):
    """Each piece of its first lines comes in time; all of them would take for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        settings.INTERNAL_HOSTS = [host]
        hesitating = threading.Thread(target=_hesitate, args=(server,))
        hesitating.start()

        assert refusal(fetch, f"http://{host}/", max_seconds=0.4) == "fetch_timeout"

        hesitating.join(timeout=5)
        assert not hesitating.is_alive()


def _hesitate(server):
    line, _ = server.accept()
    with line, suppress(OSError):
        line.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            line.sendall(b"X-Wait: yes\r\n")
            time.sleep(0.05)


def test_who_does_not_answer_is_said(settings, resolve):
    settings.INTERNAL_HOSTS = ["127.0.0.1:9"]

    assert refusal(fetch, "http://127.0.0.1:9/") == "fetch_failed"
    resolve([])
    assert refusal(fetch, "https://nowhere.example/") == "fetch_failed"


async def test_what_is_not_wanted_is_not_read(site):
    site.put("/", repeat(b"x" * 1_000), kind="video/mp4")

    async with guarded_client() as client:
        answer = await get(client, f"{site.url}/", max_bytes=lambda head: 0)

    assert (answer.headers["content-type"], answer.content) == ("video/mp4", b"")


async def test_a_stream_arrives_as_it_comes(site):
    release = asyncio.Event()

    def pieces():
        yield b"first"
        while not release.is_set():
            time.sleep(0.01)
        yield b"second"

    site.put("/", pieces())
    async with guarded_client() as client, client.stream("GET", site.url) as answer:
        received = []
        async for chunk in answer.aiter_bytes():
            received.append(chunk)
            release.set()

    assert received == [b"first", b"second"]


@pytest.mark.parametrize("network", [None, SocketNetwork()])
async def test_the_certificate_and_the_host_header_are_those_of_the_name(
    certificate, settings, resolve, network
):
    seen = []
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    server.sni_callback = lambda connection, name, context: seen.append(name)
    resolve(["127.0.0.1"])
    trusting = ssl.create_default_context(cafile=certificate)
    with open_web_site(server) as site:
        settings.INTERNAL_HOSTS = [f"{name}.example:{site.port}" for name in ("shop", "other")]
        site.put("/", "<p>Hello")
        way = GuardedTransport(ssl_context=trusting, network=network)
        async with httpx2.AsyncClient(transport=way) as client:
            answer = await client.get(f"https://shop.example:{site.port}/")
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE"):
                await client.get(f"https://other.example:{site.port}/")
        async with guarded_client(network=network) as client:
            with pytest.raises(LiveChatError, match="certificate is not valid"):
                await get(client, f"https://shop.example:{site.port}/")

    assert answer.text == "<p>Hello"
    assert seen == ["shop.example", "other.example", "shop.example"]
    assert site.asked[0].headers["Host"] == f"shop.example:{site.port}"
