"""Whatever comes on a socket is answered in the protocol's own words, or closed with its code."""

from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from conversations.models import Message
from tests.bad_input import corpus
from tests.bad_input.doors import DOORS, SAYING, Patient
from tests.bad_input.fronts import rows


@pytest.fixture(params=DOORS)
def door(front, request):
    return DOORS[request.param](front)


# Both of BlackBox's read with one codec.
one_of_each = pytest.mark.parametrize(
    "door", [name for name in DOORS if name != "BlackBox for servers"], indirect=True
)


# Outside a sample is enough: it is read by the same reader.
@one_of_each
@pytest.mark.parametrize(("inside", "step"), [(True, 1), (False, 6)])
def test_what_is_no_object_is_refused(front, door, inside, step):
    before = rows(front.shop)["conversations_message"]
    for body in corpus.MALFORMED[::step]:
        with door.socket(inside=inside) as end:
            # A large one may be refused while it is still sent.
            with suppress(ConnectionClosed):
                end.ws.send(body, text=True)
            door.check([frame := end.next()], None)
            assert door.is_error(frame), frame

    assert rows(front.shop)["conversations_message"] == before


@pytest.mark.parametrize("name", SAYING)
def test_odd_texts_are_kept_as_they_are(front, name):
    door = DOORS[name](front)
    with front.shop.scope():
        before = set(Message.objects.values_list("id", flat=True))

    door.play(
        {**door.good[0], SAYING[name]: text, "messageId": str(uuid4())} for text in corpus.TEXTS
    )

    with front.shop.scope():
        new = Message.objects.exclude(id__in=before).order_by("id")
        assert list(new.values_list("text", flat=True)) == corpus.TEXTS


QUERIES = [
    "token=%00",
    "token=%ff&token=",
    "token=" + "x" * 5_000,
    "authorization=%00",
    "authorization=Bearer%20%F0%9F%98%80",
    "tenant=%00",
    "tenant=%ff",
    "tenant=' or 1=1 --",
    "&".join(f"a{number}=b" for number in range(900)),
    "%",
    "token[]=x",
]
HEADERS = [
    {"Origin": "http://["},
    {"Origin": "null"},
    {"Origin": "\xff"},
    {"User-Agent": "\xf0\x9f" * 3_000},
    {"X-Forwarded-For": "1," * 3_000},
    {"Cookie": "sessionid=\xff"},
    {"Sec-WebSocket-Protocol": "a" * 5_000},
]


def test_no_handshake_makes_it_stumble(front, door):
    address = door.url.partition("?")[0]
    for query, headers in [*((q, {}) for q in QUERIES), *(("token=x", h) for h in HEADERS)]:
        with (
            # The server's library takes no line beyond 8 KiB.
            suppress(InvalidStatus),
            connect(f"{address}?{query}", additional_headers=headers, proxy=None) as ws,
        ):
            # BlackBox's have closed by now.
            with suppress(ConnectionClosed):
                ws.send("{")
            door.check([Patient(ws).next()], None)


@one_of_each
def test_every_field_takes_every_type(front, door):
    """Or refuses it; a message that is refused is not stored, and one that is not is whole."""
    frames = [
        {**frame, name: value}
        for frame in door.good
        for name in frame
        for value in corpus.TYPES
        if (name, value) not in (("type", "x"), ("command", "x"))
    ]
    door.play(frames)


def test_no_frame_makes_it_stumble(front, door):
    @settings(
        max_examples=max(2, corpus.EXAMPLES // 10),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(corpus.frames(*door.good), min_size=20, max_size=25))
    def run(script):
        door.play(script)

    run()
