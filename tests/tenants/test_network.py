import pytest
from django.test import RequestFactory

from tenants.network import client_ip, ip_bucket, normal_origin, origin_allowed, request_ip

PEER = "203.0.113.9"


def address(forwarded, *, trusted, settings, peer=PEER):
    """The caller's address, which must be the same from a scope and from a Django request."""
    settings.TRUSTED_PROXY_COUNT = trusted
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    found = client_ip({"headers": headers, "client": (peer, 4711) if peer else None})
    extra = {"HTTP_X_FORWARDED_FOR": ",".join(forwarded)} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=peer or "", **extra)
    assert request_ip(request) == found
    return found


@pytest.mark.parametrize(
    ("forwarded", "trusted", "expected"),
    [
        ([], 0, PEER),
        (["1.2.3.4"], 0, PEER),
        ([], 1, PEER),
        (["1.2.3.4"], 1, "1.2.3.4"),
        (["6.6.6.6, 1.2.3.4"], 1, "1.2.3.4"),
        (["6.6.6.6, 7.7.7.7, 1.2.3.4, 10.0.0.1"], 2, "1.2.3.4"),
        (["6.6.6.6", "1.2.3.4"], 1, "1.2.3.4"),
        (["6.6.6.6", "1.2.3.4, 10.0.0.1"], 2, "1.2.3.4"),
        # Fewer than our proxies append: it came past them, and proves nothing.
        (["6.6.6.6"], 2, PEER),
        (["6.6.6.6, unknown"], 1, PEER),
        (["6.6.6.6, "], 1, PEER),
        (["6.6.6.6,<script>"], 1, PEER),
        (["1.2.3.4:5678"], 1, "1.2.3.4"),
        (["[2001:db8::1]:5678"], 1, "2001:db8::1"),
        (["[2001:db8::1]"], 1, "2001:db8::1"),
        (["2001:DB8:0::1"], 1, "2001:db8::1"),
        (["fe80::1%eth0"], 1, "fe80::1"),
        (["::ffff:1.2.3.4"], 1, "1.2.3.4"),
        (["1.2.3.4.5"], 1, PEER),
        (["01.2.3.4"], 1, PEER),
        (["1.2.3.4" * 1000], 1, PEER),
    ],
)
def test_the_address_is_what_our_outermost_proxy_saw(forwarded, trusted, expected, settings):
    assert address(forwarded, trusted=trusted, settings=settings) == expected


@pytest.mark.parametrize("peer", ["", "testclient", "/run/web.sock"])
def test_a_peer_without_an_address_has_none(peer, settings):
    assert address([], trusted=0, settings=settings, peer=peer) is None


@pytest.mark.parametrize(
    ("ip", "bucket"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        (None, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_one_ipv6_customer_counts_as_one_caller(ip, bucket):
    assert ip_bucket(ip) == bucket


@pytest.mark.parametrize(
    ("origin", "pattern"),
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com", "HTTPS://Example.COM"),
        ("https://example.com", " https://example.com "),
        ("https://example.com:443", "https://example.com"),
        ("https://example.com", "https://example.com:443"),
        ("http://example.com:80", "http://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("https://a.example.com", "https://*.example.com"),
        ("https://a.b.example.com", "https://*.example.com"),
        ("https://a.example.com:8443", "https://*.example.com:8443"),
        ("https://xn--bcher-kva.example", "https://bücher.example"),
        ("https://xn--strae-oqa.de", "https://straße.de"),
        ("https://XN--BCHER-KVA.example", "https://BÜCHER.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[0:0::1]:3000"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("null", "null"),
    ],
)
def test_a_listed_origin_is_allowed(origin, pattern):
    assert origin_allowed(origin, ["https://other.example", pattern])


@pytest.mark.parametrize(
    ("origin", "pattern"),
    [
        ("http://example.com", "https://example.com"),
        ("https://example.com:8443", "https://example.com"),
        ("https://example.com", "https://example.com:8443"),
        ("https://a.example.com", "https://example.com"),
        ("https://example.com", "https://*.example.com"),
        ("https://badexample.com", "https://*.example.com"),
        ("https://bad-example.com", "https://*.example.com"),
        ("https://example.com.evil.org", "https://*.example.com"),
        ("https://example.com.evil.org", "https://example.com"),
        ("https://evil.org/.example.com", "https://*.example.com"),
        ("https://evil.org?.example.com", "https://*.example.com"),
        ("https://evil.org#.example.com", "https://*.example.com"),
        ("https://evil.org\\.example.com", "https://*.example.com"),
        ("https://evil.org%2f.example.com", "https://*.example.com"),
        ("https://example.com@evil.org", "https://example.com"),
        ("https://example.com:443@evil.org", "https://example.com"),
        ("https://user:pass@example.com", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com/path", "https://example.com"),
        ("https://example.com.", "https://example.com"),
        ("https://exam\tple.com", "https://example.com"),
        ("https://example.com\n", "https://example.com"),
        (" https://example.com", "https://example.com"),
        ("https://example.com\0", "https://example.com"),
        ("https://example.com, https://evil.org", "https://example.com"),
        ("https://ｅｘａｍｐｌｅ.com", "https://example.com"),
        ("https://еxample.com", "https://example.com"),
        ("https://example.com:0", "https://example.com"),
        ("https://example.com:99999", "https://example.com"),
        ("https://example.com:", "https://example.com"),
        ("https://", "https://example.com"),
        ("https:example.com", "https://example.com"),
        ("//example.com", "https://example.com"),
        ("example.com", "https://example.com"),
        ("javascript:alert(1)", "https://example.com"),
        ("https://*.example.com", "https://*.example.com"),
        ("*", "https://example.com"),
        ("", "https://example.com"),
        ("null", "https://example.com"),
        ("NULL", "null"),
        ("https://null", "null"),
        ("https://example.com", "example.com"),
        ("https://example.com", "https://example.com/path"),
        ("https://a.evil.com", "https://*.com.evil"),
    ],
)
def test_any_other_origin_is_refused(origin, pattern):
    assert not origin_allowed(origin, [pattern])


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://example.com", True),
        ("http://example.com:8080", True),
        ("https://a.b.example.com", True),
        ("https://badexample.com", False),
        ("https://example.com.evil.org", False),
        ("https://xn--bcher-kva.example", True),
        ("https://www.xn--bcher-kva.example", True),
        ("null", False),
    ],
)
def test_a_domain_stands_for_itself_and_its_subdomains(origin, allowed):
    assert origin_allowed(origin, [], ["Example.com", "bücher.example"]) is allowed


def test_empty_lists_guard_nothing_and_no_origin_is_no_browser():
    assert origin_allowed("https://anything.example", [], [])
    assert origin_allowed("null", [], [])
    assert origin_allowed(None, ["https://example.com"], [])


@pytest.mark.parametrize(
    "text", ["https://..", "https://-a", "https://a..b", "https://" + "a" * 254]
)
def test_what_is_no_host_has_no_spelling(text):
    assert normal_origin(text) is None
