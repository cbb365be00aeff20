"""The web server: uvicorn with bounds on every connection, and an end that loses nothing.

``python -m livechat.server`` serves at HOST:PORT. On SIGTERM or SIGINT it stops accepting, tells
its sockets to come back elsewhere, spread over DRAIN_SECONDS, finishes the requests under way, and
ends; a second signal ends it at once.
"""

import asyncio
import gc
import logging
import os
import random
import resource
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import FrameType

from uvicorn import Config, Server
from uvicorn._types import ASGI3Application

from livechat import collector, telemetry
from livechat.env import env_int, env_text
from livechat.protocols import MAX_FRAME_BYTES, HttpProtocol, SocketProtocol
from tenants.drain import draining

logger = logging.getLogger("livechat.server")

# The longest that requests under way may take to finish, as a multiple of the drain.
PATIENCE = 3
REAP_SECONDS = 5.0
PING_SECONDS = 20.0
# Longer than proxies keep theirs (60 s), so that they never reuse one that we just closed.
IDLE_SECONDS = 75


def make_server(
    app: ASGI3Application | str, *, host: str, port: int, drain_seconds: float
) -> "DrainingServer":
    config = Config(
        app,
        host,
        port,
        loop="uvloop",
        http=HttpProtocol,
        ws=SocketProtocol,
        ws_max_size=MAX_FRAME_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        # Requests of one connection must not inherit each other's tenant or request id.
        reset_contextvars=True,
    )
    return DrainingServer(config, drain_seconds=drain_seconds)


class DrainingServer(Server):
    def __init__(self, config: Config, *, drain_seconds: float) -> None:
        super().__init__(config)
        self.drain_seconds = drain_seconds
        self._reaper: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        draining.set()
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._reaper = asyncio.create_task(self._reap())
        # What exists now stays: later collections need not look at it again.
        gc.collect()
        gc.freeze()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        draining.set()
        started = loop.time()
        await self._stop_accepting()
        await self._drain_sockets(started)
        patience = started + PATIENCE * self.drain_seconds - loop.time()
        self.config.timeout_graceful_shutdown = max(1, int(patience))
        await super().shutdown(sockets)
        if self._reaper is not None:
            self._reaper.cancel()

    def _log_started_message(self, listeners: Sequence[socket.SocketType]) -> None:
        host, port = listeners[0].getsockname()[:2]
        logger.info("Serving at http://%s:%s", f"[{host}]" if ":" in host else host, port)

    def _sockets(self) -> list[SocketProtocol]:
        connections = self.server_state.connections
        return [each for each in connections if isinstance(each, SocketProtocol)]

    async def _stop_accepting(self) -> None:
        """Close the listeners, and serve who has connected already.

        A proxy that has begun to send a POST may not send it to another process.
        """
        loop = asyncio.get_running_loop()
        # The kernel resets what still waits to be accepted when the last reference is closed, as
        # it must where no more files may be open.
        listeners: list[socket.socket] = []
        with suppress(OSError):
            listeners += (each.dup() for server in self.servers for each in server.sockets)
        for server in self.servers:
            server.close()
        waiting = [connection for each in listeners for connection in _accept_all(each)]
        for listener in listeners:
            listener.close()
        for connection in waiting:
            await loop.connect_accepted_socket(self._make_protocol, connection)

    def _make_protocol(self) -> asyncio.Protocol:
        return HttpProtocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def _drain_sockets(self, started: float) -> None:
        """Tell all sockets, evenly spread, so that they do not come back as one herd."""
        loop = asyncio.get_running_loop()
        sockets = self._sockets()
        random.shuffle(sockets)
        for index, each in enumerate(sockets):
            due = started + index * self.drain_seconds / len(sockets)
            # Looks again and again, as signal handlers may not set asyncio's events.
            while (pause := due - loop.time()) > 0 and not self.force_exit:  # noqa: ASYNC110
                await asyncio.sleep(min(pause, 0.1))
            each.drain()
        await self._until_told(sockets)

    async def _until_told(self, sockets: list[SocketProtocol]) -> None:
        """Wait a moment for the last ones' consumers to have had their say."""
        for _ in range(20):
            if self.force_exit or all(each.close_sent or each.disconnected for each in sockets):
                return
            await asyncio.sleep(0.05)

    async def _reap(self) -> None:
        """Abort connections whose peers do not read what is left for them: answers, goodbyes."""
        closing: set[SocketProtocol] = set()
        while True:
            await asyncio.sleep(REAP_SECONDS)
            try:
                closing = self._reap_once(closing)
            except Exception:
                logger.exception("Could not look for stalled connections")

    def _reap_once(self, closing: set[SocketProtocol]) -> set[SocketProtocol]:
        """End what was closing before and still is; what is closing now."""
        still = {each for each in self._sockets() if each.transport.is_closing()}
        for each in still & closing:
            each.abort()
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, HttpProtocol) and connection.is_stalled():
                logger.info("A reader of an answer stalls; cutting it off")
                connection.abort()
        return still


def permit_sockets() -> None:
    """Let this process have as many sockets as the system permits; most begin with a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # What the system calls infinite it may still refuse.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _accept_all(listener: socket.socket) -> Iterator[socket.socket]:
    listener.setblocking(False)
    # Also for want of files: who is not here yet cannot be served then.
    with suppress(OSError):
        while True:
            yield listener.accept()[0]


def main() -> None:
    permit_sockets()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
    server = make_server(
        "livechat.asgi:application",
        host=env_text("HOST", "127.0.0.1"),
        port=env_int("PORT", 8000, at_least=1, at_most=65535),
        drain_seconds=env_int("DRAIN_SECONDS", 10, at_most=60),
    )
    server.config.load()
    collector.spare_what_stays()
    telemetry.start("web")
    server.run()
    telemetry.stop()
    if not server.started:
        raise SystemExit(3)


if __name__ == "__main__":
    main()
