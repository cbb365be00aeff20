"""Traces, for whoever switches them on; otherwise nothing of their library is even loaded.

A span tells what was done, for how long and how it ended: never a text, a token or an address.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import wraps
from types import TracebackType
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Facts = Mapping[str, str | int]


class Span(Protocol):
    """Something that is being done; to be left as it was entered."""

    def note(self, facts: Facts) -> None: ...
    def rename(self, name: str) -> None: ...


class Recorder(Protocol):
    """What ``recording`` offers."""

    def span(self, name: str, facts: Facts, parent: str) -> AbstractContextManager[Span]: ...
    def aside(self, name: str, facts: Facts) -> AbstractContextManager[Span]: ...
    def note(self, facts: Facts) -> None: ...
    def traceparent(self) -> str: ...
    def go_on_from(self, traceparent: str) -> None: ...
    def end(self) -> None: ...


class Nothing:
    """The span of whatever is not recorded."""

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def note(self, facts: Facts) -> None:
        pass

    def rename(self, name: str) -> None:
        pass


NO_FACTS: Facts = {}
NOTHING = Nothing()
_recorder: Recorder | None = None


def start(process: str) -> None:
    """Record from now on; OpenTelemetry's own variables say where to, and how much."""
    from tenants.tracing import recording  # noqa: PLC0415 -- optional

    global _recorder
    _recorder = recording.Recorder(process)


def stop() -> None:
    """Send what is left, and record nothing any more."""
    global _recorder
    recorder, _recorder = _recorder, None
    if recorder is not None:
        recorder.end()


def is_on() -> bool:
    """Whether anything is recorded; facts that cost something need not be found otherwise."""
    return _recorder is not None


def span(name: str, facts: Facts = NO_FACTS, *, parent: str = "") -> AbstractContextManager[Span]:
    """Record what is done inside, as a part of what it is done for.

    ``parent`` is the ``traceparent()`` of that, where another process asked for it.
    """
    return NOTHING if _recorder is None else _recorder.span(name, facts, parent)


def aside(name: str, facts: Facts = NO_FACTS) -> AbstractContextManager[Span]:
    """Record what is done inside, which has no parts; for generators, which may end elsewhere."""
    return NOTHING if _recorder is None else _recorder.aside(name, facts)


def traced(function: Callable[P, T]) -> Callable[P, T]:
    """Record each call under the function's name."""

    @wraps(function)
    def recorded(*args: P.args, **kwargs: P.kwargs) -> T:
        with span(function.__name__):
            return function(*args, **kwargs)

    return recorded


def note(facts: Facts) -> None:
    """Add to the span that is open."""
    if _recorder is not None:
        _recorder.note(facts)


def traceparent() -> str:
    """What is being done here, as other processes are told; empty when nothing is recorded."""
    return "" if _recorder is None else _recorder.traceparent()


def go_on_from(parent: str) -> None:
    """Let all that follows in this context be part of ``parent``, or of nothing if it is empty."""
    if _recorder is not None:
        _recorder.go_on_from(parent)
