"""What is too large is refused while it comes, and leaves nothing behind in the process."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.bad_input.doors import DOORS

MIB = 2**20


def post(front, size):
    with httpx.Client(base_url=f"{front.url}/api/", trust_env=False, timeout=60) as http:
        headers = {"Authorization": f"Bearer {front.api_token}", "Content-Type": "application/json"}
        return http.post("external/initialize", content=b"x" * size, headers=headers).status_code


def send(door, size, *, inside):
    with door.socket(inside=inside) as end:
        with suppress(ConnectionClosed):
            end.ws.send("x" * size)
        frames, code = end.end()
        assert door.is_error(frames[-1]), frames
        return code


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_crowd_of_large_ones_is_refused_and_leaves_the_memory_as_it_was(front):
    doors = [DOORS[name](front) for name in ("visitor", "Blits", "BlackBox")]
    before = front.memory
    with ThreadPoolExecutor(4) as pool:
        bodies = [pool.submit(post, front, size * MIB) for size in (1, 12, 40) for _ in range(2)]
        frames = [
            pool.submit(send, door, 17 * MIB, inside=inside)
            for door in doors
            for inside in (True, False)
        ]

    assert {body.result() for body in bodies} == {413}
    assert {frame.result() for frame in frames} == {4413}
    deadline = time.monotonic() + 20
    while front.memory > before + 64:
        assert time.monotonic() < deadline, (before, front.memory)
        time.sleep(0.1)
