"""How long language models take, and what becomes of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from assistants.events import Usage
from assistants.providers.errors import ProviderError
from tenants import metrics, tracing


@contextmanager
def measured(wire: str) -> Iterator[None]:
    """Count and trace one request to a model, by its wire and the word that says how it ended."""
    outcome, started = "broken_off", time.perf_counter()
    with tracing.aside("model", {"livechat.wire": wire}) as span:
        try:
            yield
            outcome = "answered"
        except ProviderError as error:
            outcome = error.code
            raise
        finally:
            span.note({"livechat.outcome": outcome})
            metrics.MODEL_CALLS.labels(wire, outcome).observe(time.perf_counter() - started)


def count_tokens(wire: str, usage: Usage) -> None:
    metrics.MODEL_TOKENS.labels(wire, "input").inc(usage.input_tokens)
    metrics.MODEL_TOKENS.labels(wire, "output").inc(usage.output_tokens)
