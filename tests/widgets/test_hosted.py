"""The page of a bubble's own, and where bubbles were seen."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from tests.widgets.shops import make_bubble
from widgets import sightings
from widgets.hosted import ancestors
from widgets.models import Bubble, Sighting
from widgets.nowhere import WORDS
from widgets.wording import BUILT_IN


@pytest.fixture
def listed(shop):
    return make_bubble(
        shop,
        name="Listed",
        origins=["https://www.example.com", "https://*.shop.example:8443", "null", "http://[::1]"],
        domains=["example.org"],
        settings={"languages": ["ar", "en"], "widget": {"title": "A <b>bold</b> shop"}},
    )


def get(shop, path, **headers):
    return httpx.get(f"{shop.url}/chat/{path}", headers=headers, trust_env=False)


def test_a_bubble_has_a_page_in_its_language_that_its_own_sites_may_frame(shop, listed):
    page, framed = get(shop, listed.code), get(shop, shop.bubble.code)
    english = get(shop, listed.code, **{"Accept-Language": "en-GB,de;q=0.5"})
    policy = page.headers["content-security-policy"]

    assert '<html lang="ar" dir="rtl"' in page.text
    assert "<title>A &lt;b&gt;bold&lt;/b&gt; shop</title>" in page.text
    assert f'data-code="{listed.code}"' in page.text
    assert "<noscript" in page.text
    assert '<html lang="en" dir="ltr"' in english.text
    assert 'data-locale="en"' in get(shop, f"{listed.code}?locale=en-GB").text
    assert "<script>" not in get(shop, f'{listed.code}?locale=x"><script>').text
    assert policy.endswith(
        "frame-ancestors 'self' https://www.example.com https://*.shop.example:8443"
        " example.org:* *.example.org:*"
    )
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert framed.headers["content-security-policy"].endswith("frame-ancestors *")
    assert ancestors(Bubble(origins=["null"])) == "'self'"


def test_where_nobody_can_say_who_they_are_the_page_says_so(shop):
    bubble = make_bubble(
        shop, name="Members", identity_required=True, settings={"languages": ["de"]}
    )

    page = get(shop, bubble.code)

    assert page.status_code == 200
    assert BUILT_IN["de"]["identityRequired"] in page.text
    assert "<script" not in page.text


def test_what_is_no_bubble_has_no_page(shop, listed):
    with shop.scope():
        listed.public_code.delete()
    for path in ("nobody", listed.code, f"{listed.code}/qr.svg", "%00", "x" * 300):
        answer = get(shop, path)
        assert answer.status_code == 404, path
    for wanted, language, direction in (
        ("", "en", "ltr"),
        ("de-AT,en;q=0.5", "de", "ltr"),
        ("xx, fr;q=0, ar-EG;q=0.3", "ar", "rtl"),
        ('"><script>,*', "en", "ltr"),
    ):
        answer = get(shop, "nobody", **{"Accept-Language": wanted})
        assert f'<html lang="{language}" dir="{direction}">' in answer.text
        assert WORDS[language][1] in answer.text
        assert "Accept-Language" in answer.headers["vary"]
    assert WORDS.keys() == BUILT_IN.keys()
    shop.tenant.suspended_at = timezone.now()
    shop.tenant.save()
    assert get(shop, shop.bubble.code).status_code == 404


def test_the_address_comes_as_a_qr_code(shop):
    answer = get(shop, f"{shop.bubble.code}/qr.svg")

    assert answer.headers["content-type"] == "image/svg+xml"
    assert f"/chat/{shop.bubble.code}</title>" in answer.text
    assert "style=" not in answer.text


def test_our_own_page_may_show_a_bubble_that_lists_others(shop, listed):
    for origin, status in ((shop.url, 200), ("https://evil.example", 403)):
        with shop.client(token="", widget_id=listed.code, origin=origin) as client:
            assert client.post("session", json={}).status_code == status
    # A page elsewhere does not become ours by what it asks for.
    with shop.client(token="", widget_id=listed.code, origin="https://evil.example") as client:
        forged = client.get("config", headers={"Host": "evil.example"})
    assert forged.status_code == 403


def test_the_sites_that_show_a_bubble_are_noted(shop, listed, rival):
    def ask(origin, bubble=listed):
        with shop.client(token="", widget_id=bubble.code, origin=origin) as client:
            return client.get("config").status_code

    def seen(bubble=listed):
        with shop.scope():
            return [one.origin for one in sightings.of(bubble)]

    assert (ask("https://WWW.example.com"), ask("https://evil.example")) == (200, 403)
    assert seen() == ["https://www.example.com"]
    # The next are written together, a minute later.
    assert ask("https://a.example.org") == ask(shop.url, shop.bubble) == 200
    assert seen() == ["https://www.example.com"]
    assert seen(shop.bubble) == []
    with rival.scope():
        assert not Sighting.objects.exists()


def test_a_bubble_keeps_its_twenty_latest_sites_and_writes_once_a_minute(shop, monkeypatch):
    bubble = shop.bubble
    with shop.scope():
        sightings.note(bubble, "https://first.example")
        long_ago = timezone.now() - timedelta(days=1)
        Sighting.objects.update(seen_at=long_ago)
        for number in range(30):
            sightings.note(bubble, f"https://{number}.example")
        sightings.note(bubble, "null")
        sightings.note(bubble, None)
        assert [one.origin for one in sightings.of(bubble)] == ["https://first.example"]
        monkeypatch.setattr(sightings, "SECONDS_BETWEEN", 0.0)
        sightings._seen[bubble.pk].until = 0.0
        sightings.note(bubble, "https://0.example")
        sightings.note(bubble, "https://last.example")

        origins = {one.origin for one in sightings.of(bubble)}

        assert len(origins) == sightings.ORIGINS_PER_BUBBLE
        assert "https://last.example" in origins
        assert "https://first.example" not in origins
        assert sightings.latest(bubble).seen_at > long_ago
