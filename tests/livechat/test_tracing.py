"""Where a question's time went, as a collector of traces hears it."""

import socket
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from celery import current_app
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from assistants.providers.errors import ProviderError
from assistants.providers.measuring import measured
from conversations import tasks, worker
from conversations.replies import outcome
from livechat import telemetry
from livechat.asgi import application
from realtime.feeds import hub
from tenants import tracing
from tenants.tracing import recording
from tests.conversations.turning import only_turn
from tests.factories import make_visitor, write
from tests.figures import figure
from tests.livechat.asgi_client import Client
from tests.realtime.queues import own_queue
from tests.waiting import until
from tests.widgets.shops import make_shop, teach

ROUTE = "POST api/widgets/<str:widget_id>/chat"
QUESTION = "Do you ship to Norway?"
ANSWER = "Norway included"


class Collector:
    """What a process of OpenTelemetry's would be: takes spans over HTTP."""

    def __init__(self):
        self.bodies = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler):
                size = int(handler.headers["Content-Length"])
                self.bodies.append(handler.rfile.read(size))
                handler.send_response(200)
                handler.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def spans(self):
        """All that came, once the recorder has sent everything."""
        tracing.stop()
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        resources = [spans for request in requests for spans in request.resource_spans]
        return [span for each in resources for some in each.scope_spans for span in some.spans]


@pytest.fixture
def token(acme, globex):
    """That of acme's bubble; its shop knows what it is asked, and so does the other one."""
    shops = [make_shop(tenant, "http://testserver") for tenant in (acme, globex)]
    for shop in shops:
        teach(shop)
    return shops[0].token


@pytest.fixture
def collector(monkeypatch, settings):
    collector = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    settings.TRACES_ENDPOINT = collector.url
    telemetry.start("test")
    yield collector
    tracing.stop()
    collector.server.shutdown()
    collector.server.server_close()


@pytest.fixture
def running(monkeypatch):
    running = worker.Worker()
    monkeypatch.setattr(worker, "current", lambda: running)
    yield running
    running.stop()


@pytest.fixture
def nudges():
    with own_queue("conversations.tasks.answer") as queue:
        yield queue
    assert current_app.conf.task_routes is None


def deliver(nudges, tenant):
    """Have the tenant's nudge done in a thread, as Celery's worker does it."""

    def do():
        while True:
            message = nudges.get(timeout=10)
            message.ack()
            # This process does other tests' work besides.
            if message.payload[1]["tenant_id"] == str(tenant.id):
                break
        tasks.answer.push_request(headers=message.headers)
        tasks.answer.before_start(message.headers["id"], (), message.payload[1])
        tasks.answer(**message.payload[1])
        tasks.answer.pop_request()

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    return thread


def facts(span):
    return {each.key: each.value.string_value for each in span.attributes}


async def test_one_trace_leads_from_the_request_to_the_delivery_and_quotes_nobody(
    token, collector, running, nudges, acme
):
    thread = deliver(nudges, acme)
    label = f"session-{uuid.uuid4().hex}"

    answer = await Client(application).post(
        f"/api/widgets/{acme.id}/chat",
        {"sessionId": label, "message": QUESTION, "email": "visitor@acme.example"},
        headers={"Authorization": f"Bearer {token}"},
    )
    thread.join()
    await hub().close()

    assert ANSWER in answer.json()["message"]
    everything = collector.spans()
    (request,) = [span for span in everything if span.name == ROUTE]
    assert not request.parent_span_id
    # This process does other tests' work besides.
    spans = [span for span in everything if span.trace_id == request.trace_id]
    names = {span.name for span in spans}
    assert {"transaction", "receive_message", "turn", "search", "commit", "deliver"} <= names
    by_id = {span.span_id: span for span in spans}
    for span in spans:
        assert span is request or span.parent_span_id in by_id
    (turn,) = [span for span in spans if span.name == "turn"]
    (stored,) = [span for span in spans if span.name == "receive_message"]
    assert facts(turn)["livechat.outcome"] == "answered"
    assert facts(turn)["livechat.turn_id"] == facts(stored)["livechat.turn_id"]
    written = b"".join(collector.bodies)
    for secret in (QUESTION, ANSWER, token, label, answer.json()["sessionSecret"], "acme.example"):
        assert secret.encode() not in written


def test_an_answer_found_by_the_sweep_begins_a_trace_of_its_own(acme, token, collector, running):
    received = write(acme, make_visitor(), "Is anybody there?")
    turn_id = only_turn(acme)
    running.submit(acme.id, turn_id)
    until(lambda: not outcome(acme.id, received.conversation_id, received.seq).is_pending)
    until(lambda: turn_id not in running._running)

    mine = [s for s in collector.spans() if facts(s).get("livechat.turn_id") == str(turn_id)]

    (turn,) = [span for span in mine if span.name == "turn"]
    (stored,) = [span for span in mine if span.name == "receive_message"]
    assert not turn.parent_span_id
    assert turn.trace_id != stored.trace_id


def test_a_request_to_a_model_is_told_by_its_wire_and_its_end(collector):
    labels = {"wire": "openai", "outcome": "rate_limited"}
    before = figure("livechat_model_call_seconds_count", **labels)

    with pytest.raises(ProviderError), measured("openai"):
        raise ProviderError("rate_limited")

    (span,) = [span for span in collector.spans() if span.name == "model"]
    assert facts(span)["livechat.outcome"] == "rate_limited"
    assert facts(span)["error.type"] == "ProviderError"
    assert figure("livechat_model_call_seconds_count", **labels) == before + 1


def test_a_collector_that_does_not_answer_holds_up_no_end(monkeypatch, settings):
    with socket.create_server(("127.0.0.1", 0)) as hole:
        url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "10")
        monkeypatch.setattr(recording, "PARTING_SECONDS", 0.2)
        settings.TRACES_ENDPOINT = url
        telemetry.start("test")
        with tracing.span("anything"):
            pass
        started = time.monotonic()

        telemetry.stop()

    assert time.monotonic() - started < 5


def test_nothing_is_recorded_unless_somebody_asks_for_it(settings):
    settings.TRACES_ENDPOINT, settings.METRICS_PORT = "", 0
    telemetry.start("test")

    with tracing.span("anything") as span:
        span.note({"a": "fact"})
        assert tracing.traceparent() == ""
    assert span is tracing.NOTHING
