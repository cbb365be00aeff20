"""Whoever writes too often is refused again for a second, without a question to any store."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tenants import metrics
from tenants.errors import TooManyRequests
from widgets.callers import Caller

REMEMBERED = 10_000
SECONDS = 1


@dataclass(frozen=True)
class _Refused:
    """The session whose message was refused last, as the caller named it."""

    label: object
    refusal: TooManyRequests
    until: float


_refused: dict[Caller, _Refused] = {}


def require_none(caller: Caller, read: Callable[[], dict[str, Any]]) -> None:
    """Raises TooManyRequests again. ``read`` gives the body, of those alone whom we remember.

    A message with a key of its own may be the repeat of one that was taken, and is looked up.
    """
    known = _refused.get(caller)
    if known is None or known.until < time.monotonic():
        return
    body = read()
    if not body.get("messageId") and body.get("sessionId") == known.label:
        metrics.REFUSALS.labels("remembered").inc()
        raise TooManyRequests(retry_after=known.refusal.retry_after)


@contextmanager
def remembered(caller: Caller, body: dict[str, Any]) -> Iterator[None]:
    """Keep in mind whom the limits refuse inside, unless they may be kinder within the second."""
    try:
        yield
    except TooManyRequests as refusal:
        if (refusal.retry_after or 0) > SECONDS:
            if len(_refused) >= REMEMBERED:
                _refused.clear()
            until = time.monotonic() + SECONDS
            _refused[caller] = _Refused(body.get("sessionId"), refusal, until)
        raise
