"""The recorder: OpenTelemetry's SDK, kept to ourselves.

It is not made the process's own, or libraries that look for one would record what they please.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tenants.errors import LiveChatError
from tenants.tracing import Facts

EXPECTED = (LiveChatError, asyncio.CancelledError, GeneratorExit)
# A collector that does not answer holds up no end for longer.
PARTING_SECONDS = 3.0
_propagator = TraceContextTextMapPropagator()


class Span:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, facts: Facts) -> None:
        self._span.set_attributes(facts)

    def rename(self, name: str) -> None:
        self._span.update_name(name)


class Recorder:
    def __init__(self, process: str) -> None:
        self._provider = TracerProvider(resource=_resource(process), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("livechat")

    @contextmanager
    def span(self, name: str, facts: Facts, parent: str) -> Iterator[Span]:
        with self.aside(name, facts, parent=parent) as made:
            token = context.attach(trace.set_span_in_context(made._span))
            try:
                yield made
            finally:
                context.detach(token)

    @contextmanager
    def aside(self, name: str, facts: Facts, *, parent: str = "") -> Iterator[Span]:
        around = _context_of(parent) if parent else None
        span = self._tracer.start_span(name, context=around, attributes=facts)
        try:
            yield Span(span)
        except BaseException as error:
            # Its kind and nothing more: what it says may quote a visitor.
            span.set_attribute("error.type", type(error).__name__)
            if not isinstance(error, EXPECTED):
                span.set_status(trace.StatusCode.ERROR)
            raise
        finally:
            span.end()

    def note(self, facts: Facts) -> None:
        trace.get_current_span().set_attributes(facts)

    def traceparent(self) -> str:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get("traceparent", "")

    def go_on_from(self, traceparent: str) -> None:
        context.attach(_context_of(traceparent))

    def end(self) -> None:
        parting = threading.Thread(target=self._provider.shutdown, daemon=True)
        parting.start()
        parting.join(PARTING_SECONDS)


def _context_of(traceparent: str) -> context.Context:
    return _propagator.extract({"traceparent": traceparent}, context=context.Context())


def _resource(process: str) -> Resource:
    resource = Resource.create({"livechat.process": process})
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: "livechat"}))
    return resource
