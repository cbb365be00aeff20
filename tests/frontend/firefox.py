"""Firefox, driven by WebDriver BiDi, as no driver of its own is needed for that."""

import asyncio
import itertools
import json
import re
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

LISTENING = re.compile(rb"WebDriver BiDi listening on (ws://[\d.:]+)")
# A first start otherwise asks its maker for much.
PREFERENCES = {
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
}
BINARIES = ("firefox", "firefox-esr")


class Page:
    """One page, and what its console complained about."""

    def __init__(self, line):
        self.complaints = []
        self._line = line
        self._numbers = itertools.count(1)

    async def begin(self):
        await self._call("session.new", capabilities={})
        await self._call("session.subscribe", events=["log.entryAdded"])
        tree = await self._call("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]

    async def visit(self, url):
        await self._call(
            "browsingContext.navigate", context=self._context, url=url, wait="complete"
        )

    async def evaluate(self, expression):
        """What the expression, or the promise that it is, comes to; a text, number or nothing."""
        answer = await self._call(
            "script.evaluate",
            expression=expression,
            target={"context": self._context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    async def _call(self, method, **params):
        number = next(self._numbers)
        await self._line.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            told = json.loads(await self._line.recv())
            if told.get("method") == "log.entryAdded" and told["params"]["level"] == "error":
                self.complaints.append(told["params"]["text"])
            if told.get("id") == number:
                assert told["type"] == "success", told
                return told["result"]


@asynccontextmanager
async def opened():
    """A page in a Firefox of its own. Skips where there is none."""
    binary = next(filter(None, map(shutil.which, BINARIES)), None)
    if binary is None:
        pytest.skip("There is no Firefox here; Debian's package is called firefox-esr.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        _quieten(Path(profile))
        process = await asyncio.create_subprocess_exec(
            *(binary, "--headless", "--no-remote", "--profile", profile),
            *("--remote-debugging-port", "0"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with connect(await _address(process), max_size=None) as line:
                page = Page(line)
                await page.begin()
                yield page
        finally:
            process.terminate()
            await process.communicate()


def _quieten(profile):
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))


async def _address(process):
    async for text in process.stderr:
        if found := LISTENING.search(text):
            return f"{found[1].decode()}/session"
    raise AssertionError("Firefox ended before it listened.")
