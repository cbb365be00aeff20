"""Plays recorded frames against the real server, as a client written for the vendor would.

A recording is a JSON file with a list of steps. On a socket: ``{"send": frame}``, ``{"receive":
frame}``, ``{"close": code}`` and ``{"silence": seconds}``. Over HTTP: ``{"request": {"method",
"path", "headers", "json"}}`` followed by ``{"response": {"status", "json"}}``.

What is received must equal what is recorded, key by key. A text ``$name`` stands for a value: the
first time it takes whatever is there (unless the test has given it one), later it must be the same.
``$any`` is anything, ``$text`` any text that is not empty, ``$time`` any ISO 8601 time, and
``$seconds`` any whole number of them that a test may take.
"""

import asyncio
import json
from datetime import datetime
from pathlib import Path

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.widgets.shops import PLAIN

HERE = Path(__file__).parent
SECONDS = 30


def recordings(vendor):
    """The vendor's recordings, for ``parametrize``."""
    return sorted(path.stem for path in (HERE / vendor / "frames").glob("*.json"))


def recording(vendor, name):
    return json.loads((HERE / vendor / "frames" / f"{name}.json").read_text())


async def play(url, steps, values, *, passing=lambda frame: False):
    """Play a socket's steps; ``values`` are the texts that ``$name`` stands for. Adds to them.

    ``passing`` frames, which may come at any time or not at all, are left out of recordings.
    """
    async with connect(url, proxy=None, open_timeout=SECONDS) as ws:
        for number, step in enumerate(steps):
            ((kind, content),) = step.items()
            match kind:
                case "send":
                    await ws.send(json.dumps(filled(content, values)))
                case "send_text":
                    await ws.send(content)
                case "receive":
                    got = json.loads(await _next(ws))
                    while passing(got):
                        got = json.loads(await _next(ws))
                    require(content, got, values, f"step {number}")
                case "close":
                    assert await _close_code(ws) == content
                case "silence":
                    assert await _is_silent(ws, content), f"step {number}: not silent"


def play_http(url, steps, values):
    """The same for requests and their responses."""
    response = None
    with httpx.Client(base_url=url, timeout=SECONDS, verify=PLAIN, trust_env=False) as client:
        for number, step in enumerate(steps):
            ((kind, content),) = filled(step, values).items() if "request" in step else step.items()
            if kind == "request":
                response = client.request(
                    content["method"],
                    content["path"],
                    headers=content.get("headers"),
                    json=content.get("json"),
                )
            else:
                assert response.status_code == content["status"], response.text
                require(content["json"], response.json(), values, f"step {number}")


def filled(value, values):
    """The value with every known ``$name`` replaced, also within texts."""
    if isinstance(value, dict):
        return {key: filled(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, values) for one in value]
    if isinstance(value, str):
        for name in sorted(values, key=len, reverse=True):
            value = value.replace(f"${name}", str(values[name]))
    return value


def require(expected, got, values, where):
    """Fail unless ``got`` is what was recorded."""
    if isinstance(expected, dict) and isinstance(got, dict):
        assert expected.keys() == got.keys(), f"{where}: {got}"
        for key, one in expected.items():
            require(one, got[key], values, f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(got, list):
        assert len(expected) == len(got), f"{where}: {got}"
        for index, one in enumerate(expected):
            require(one, got[index], values, f"{where}[{index}]")
    elif isinstance(expected, str) and expected.startswith("$"):
        _require_named(expected[1:], got, values, where)
    else:
        assert got == expected, where


def _require_named(name, got, values, where):
    match name:
        case "any":
            return
        case "text":
            assert isinstance(got, str), where
            assert got, where
        case "seconds":
            assert isinstance(got, int), where
            assert 0 <= got <= SECONDS, where
        case "time":
            assert datetime.fromisoformat(got).tzinfo is not None, where
        case _:
            assert got == values.setdefault(name, got), where


async def _next(ws):
    async with asyncio.timeout(SECONDS):
        return await ws.recv()


async def _close_code(ws):
    try:
        async with asyncio.timeout(SECONDS):
            frame = await ws.recv()
    except ConnectionClosed:
        return ws.close_code
    raise AssertionError(f"still open, and said {frame}")


async def _is_silent(ws, seconds):
    try:
        async with asyncio.timeout(seconds):
            await ws.recv()
    except TimeoutError:
        return True
    return False
