from datetime import UTC, datetime, timedelta

import pytest

from tests.widgets.test_chat import stored
from widgets.models import TrackEvent

EVENT = {
    "sessionId": "session_abc123",
    "event": "widget_opened",
    "timestamp": "2024-01-15T10:00:00Z",
    "metadata": {"source": "landing_page"},
}


def events(shop):
    with shop.scope():
        return list(TrackEvent.objects.order_by("id"))


def test_an_event_is_stored_as_it_was_told(shop, rival, client):
    answer = client.post("track", json=EVENT)

    (event,) = events(shop)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert event.bubble_id == shop.bubble.id
    assert (event.session_label, event.event) == ("session_abc123", "widget_opened")
    assert event.at == datetime(2024, 1, 15, 10, tzinfo=UTC)
    assert event.metadata == {"source": "landing_page"}
    assert events(rival) == []
    assert stored(shop)["VisitorSession"] == 0


def test_time_and_metadata_may_be_left_out(shop, client):
    client.post("track", json={"sessionId": "s", "event": "e"})

    (event,) = events(shop)
    assert datetime.now(UTC) - event.at < timedelta(seconds=10)
    assert event.metadata == {}


def test_tracking_is_not_limited(shop, client):
    assert {client.post("track", json=EVENT).status_code for _ in range(80)} == {200}
    assert len(events(shop)) == 80


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event", "e" * 100),
        ("sessionId", "s" * 128),
        ("timestamp", "2024-01-15T10:00:00.123456+14:00"),
        ("timestamp", "2024-01-15T10:00:00-12:00"),
        ("timestamp", "2024-01-15T10:00:00"),
        ("metadata", {"text": "x" * 8000}),
        ("metadata", {"deep": [[[[[{"a": None, "b": True, "c": 1.5}]]]]]}),
        ("event", "𝄞 {{7*7}} %s'; DROP TABLE"),
    ],
)
def test_what_is_just_within_the_limits_is_taken(shop, client, field, value):
    assert client.post("track", json={**EVENT, field: value}).status_code == 200
    assert len(events(shop)) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event", "e" * 101),
        ("event", ""),
        ("event", 5),
        ("sessionId", "s" * 129),
        ("sessionId", ""),
        ("timestamp", "yesterday"),
        ("timestamp", "0000-01-01T00:00:00Z"),
        ("timestamp", "0001-01-01T00:00:00+14:00"),
        ("timestamp", "9999-12-31T23:59:59-14:00"),
        ("timestamp", "2024-02-30T00:00:00Z"),
        ("timestamp", 1705312800),
        ("timestamp", {}),
        ("metadata", {"text": "x" * 8192}),
        ("metadata", {"text": "€" * 3000}),
        ("metadata", []),
        ("metadata", "x"),
        ("metadata", None),
    ],
)
def test_what_is_beyond_the_limits_is_refused_by_name(shop, client, field, value):
    answer = client.post("track", json={**EVENT, field: value})

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(field)
    assert events(shop) == []
