"""The words of an answer on their way to whoever watches, a few times a second."""

import asyncio
from types import TracebackType
from typing import Any, Self

from assistants.events import Delta
from conversations.turns import Claim
from realtime.ephemeral import whisper

# Every frame costs a message through Redis and one for each socket; people read no faster.
PAUSE_SECONDS = 0.15


class Stream:
    """Joins the pieces that come within a moment; the first one goes out at once."""

    def __init__(self, held: Claim) -> None:
        self._held = held
        self._index = 0
        self._draft = 0
        self._pending = ""
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if kind is None:
            self._send()

    def add(self, delta: Delta) -> None:
        if delta.draft != self._draft:
            self._send()
            self._draft, self._index = delta.draft, 0
        self._pending += delta.text
        if self._timer is None:
            self._send()
            self._timer = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._pending:
            self._send()
            self._timer = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._wake)

    def _send(self) -> None:
        if self._pending:
            whisper(
                self._held.tenant_id,
                "message:delta",
                self._data(),
                to_team=True,
                visitor_of=self._held.conversation_id,
            )
            self._index += 1
            self._pending = ""

    def _data(self) -> dict[str, Any]:
        return {
            "conversationId": str(self._held.conversation_id),
            "turnId": str(self._held.turn_id),
            "attempt": self._held.attempt,
            "draft": self._draft,
            "index": self._index,
            "text": self._pending,
        }
