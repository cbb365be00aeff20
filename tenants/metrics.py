"""Every figure that a process tells Prometheus; docs/operations.md says what each is good for.

Labels have few values, all of our own choosing: no tenant, no id, no address. What counts in a hot
loop has no labels, or holds its child.
"""

from collections.abc import Iterator

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from tenants.postgresql.base import pools

MOMENTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
ANSWERS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 90)

HTTP_REQUESTS = Histogram(
    "livechat_http_request_seconds",
    "Requests, from their head to the end of their answer.",
    ("route", "method", "status"),
    buckets=MOMENTS,
)
SOCKETS = Gauge("livechat_sockets", "Open sockets.", ("protocol", "authenticated"))
SOCKET_CLOSES = Counter("livechat_socket_closes", "Sockets that ended.", ("protocol", "code"))
GUARD_CLOSES = Counter(
    "livechat_guard_closes", "Sockets whose permission ended while they were open.", ("reason",)
)

EVENTS_DELIVERED = Counter("livechat_events_delivered", "Frames passed on to sockets.")
EVENT_LAG = Histogram(
    "livechat_event_lag_seconds",
    "From what happened to its frame on the way to this process's sockets.",
    buckets=MOMENTS,
)
GAPS_HEALED = Counter("livechat_feed_gaps_healed", "Gaps in hints that the event log filled.")
RESYNCS = Counter("livechat_feed_resyncs", "Clients and feeds told to load afresh.")
POLL_FINDS = Counter("livechat_feed_poll_finds", "Events that no hint had told of in time.")
HINTS = Counter("livechat_hints", "Hints towards Redis, by their end.", ("to", "outcome"))
HINT_QUEUE = Gauge("livechat_hint_queue", "Hints that wait to be sent.")

MESSAGES_RECEIVED = Counter(
    "livechat_messages_received", "Visitors' messages that were stored.", ("channel",)
)
TURN_SECONDS = Histogram(
    "livechat_turn_seconds",
    "Attempts at an answer, from the claim to the end.",
    ("outcome",),
    buckets=ANSWERS,
)
TURN_WAIT = Histogram(
    "livechat_turn_wait_seconds",
    "From a question to the first attempt at its answer.",
    buckets=ANSWERS,
)
TURN_TAKEOVERS = Counter(
    "livechat_turn_takeovers", "Attempts at answers that another attempt had left unfinished."
)
TURNS_RUNNING = Gauge("livechat_turns_running", "Work that holds a slot of this worker.")
TURNS_WAITING = Gauge("livechat_turns_waiting", "Work that waits for a slot of this worker.")
TURNS_LEFT = Gauge("livechat_turns_left", "Turns that nobody worked on at the last sweep.")
MODEL_CALLS = Histogram(
    "livechat_model_call_seconds",
    "Requests to language models.",
    ("wire", "outcome"),
    buckets=ANSWERS,
)
MODEL_TOKENS = Counter("livechat_model_tokens", "Tokens of language models.", ("wire", "direction"))
TOOL_CALLS = Counter("livechat_tool_calls", "Calls of tenants' servers.", ("outcome",))
SOURCES_WAITING = Gauge(
    "livechat_knowledge_sources_waiting", "Sources of knowledge that wait to be read."
)

MAILS = Counter("livechat_mails", "Attempts to send mail, by their end.", ("outcome",))
REFUSALS = Counter("livechat_rate_limit_refusals", "Refusals by a rate limit.", ("rule",))
DATABASE_JOBS = Gauge("livechat_database_jobs_waiting", "Jobs that wait for a database thread.")


class Pools:
    """The connections of this process, as their pools tell when somebody asks."""

    connections = "livechat_database_connections"
    waiting = "livechat_database_connection_waits"
    timeouts = "livechat_database_pool_timeouts"

    def collect(self) -> Iterator[Metric]:
        names = ["database"]
        connections = GaugeMetricFamily(
            self.connections, "Connections to PostgreSQL.", labels=[*names, "state"]
        )
        waiting = GaugeMetricFamily(self.waiting, "Who waits for a connection.", labels=names)
        timeouts = CounterMetricFamily(
            self.timeouts, "Who waited for a connection in vain.", labels=names
        )
        for alias, pool in pools().items():
            found = pool.get_stats()
            idle = found.get("pool_available", 0)
            connections.add_metric([alias, "idle"], idle)
            connections.add_metric([alias, "used"], found.get("pool_size", 0) - idle)
            waiting.add_metric([alias], found.get("requests_waiting", 0))
            timeouts.add_metric([alias], found.get("requests_errors", 0))
        yield from (connections, waiting, timeouts)


REGISTRY.register(Pools())
