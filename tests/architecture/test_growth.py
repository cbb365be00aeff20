"""Whatever a process keeps is bounded: each thing that can grow is here, with what bounds it."""

import ast

import pytest

from tests.architecture.test_rules import ROOT, SOURCES

GROWING = {
    "BoundedSemaphore", "Counter", "OrderedDict", "PerLoop", "Queue", "Semaphore", "SimpleQueue",
    "Slots", "ThreadPoolExecutor", "WeakKeyDictionary", "WeakValueDictionary", "defaultdict",
    "deque", "dict", "list", "set",
}  # fmt: skip
CACHES = {"cache", "lru_cache"}
# What lives for one request, one document or one command, whose size is bounded itself.
SHORT_LIVED = (
    "assistants/engines/model_work.py",
    "assistants/knowledge/html_blocks.py",
    "assistants/knowledge/web/crawl.py",
    "assistants/knowledge/web/frontier.py",
    "assistants/providers/server_sent_events.py",
    "livechat/edge.py",
)
BOUNDS = {
    "assistants/handover.py: _topic": "1,000 topics",
    "assistants/knowledge/embedding.py: Together._thread": "one thread",
    "assistants/knowledge/embedding.py: Together._served": "who was served within GATHER_SECONDS",
    "assistants/knowledge/embedding.py: Together._waiting": "the turns and threads that ask",
    "assistants/knowledge/embedding.py: _load": "one model",
    "assistants/knowledge/index.py: Indexes._kept": "256 MiB, the oldest dropped",
    "assistants/knowledge/pdf_blocks.py: _readers": "two readers",
    "assistants/knowledge/web/crawling.py: _hosts": "the crawls under way",
    "assistants/knowledge/wordpiece.py: WordPieces._word": "20,000 words",
    "assistants/knowledge/wordpiece.py: _spaced": "4,096 letters",
    "assistants/language.py: _identifier": "64 sets of languages",
    "assistants/language.py: _load": "one model",
    "assistants/nlu/intents.py: _stems": "10,000 texts",
    "assistants/nlu/intents.py: _vectors": "256 sets of phrasings",
    "assistants/providers/candidates.py: Models.of": "as many models as MODELS says",
    "assistants/providers/candidates.py: _models": "one for each loop",
    "assistants/tools/http.py: _clients": "one for each loop",
    "assistants/versions.py: _kept": "as many versions as VERSIONS says",
    "conversations/attendance.py: Attendance._came": "the sockets, until they are noted",
    "conversations/attendance.py: Attendance._here": "the sockets",
    "conversations/attendance.py: Attendance._went": "the sockets that closed within a second",
    "conversations/attendance.py: _attendances": "one for each loop",
    "conversations/engine.py: _counter": "the channels",
    "conversations/toolbox.py: _in_flight": "20 calls of each answer under way",
    "conversations/worker.py: Worker._chores": "what modules register",
    "conversations/worker.py: _chores": "what modules register",
    "conversations/worker.py: Worker._running": "JOBS_HELD, and what one sweep finds",
    "conversations/worker.py: Worker._slots": "CONCURRENT_TURNS",
    "conversations/worker.py: Worker._wanted_again": "the jobs that run",
    "dashboard/description.py: _description": "one description",
    "gateways/blits/socket.py: BlitsSocket._proved": "one id for each session that was proved",
    "gateways/blits/socket.py: BlitsSocket._readable": "the same",
    "gateways/blits/socket.py: BlitsSocket._told": "conversations_at_once",
    "gateways/socket.py: GatewaySocket._followed": "conversations_at_once",
    "gateways/socket.py: GatewaySocket._heard": "held_limit",
    "gateways/socket.py: GatewaySocket._requests": "requests_at_once",
    "livechat/handlers.py: PlainHandler._slots": "its size; who waits has a connection",
    "livechat/health.py: _known_migrations": "the migrations",
    "livechat/protocols.py: SocketProtocol.frames": "the frame limit, and the budget of large ones",
    "livechat/protocols.py: _text_frame": "one frame",
    "realtime/bus.py: Incoming._received": "the whispers of one message",
    "realtime/bus.py: Outgoing._queue": "QUEUE_LIMIT, the oldest dropped",
    "realtime/consumer.py: SocketConsumer._tasks": "the frames a socket may send, and their time",
    "realtime/feeds.py: Feed._ahead": "AHEAD_LIMIT; the log has the rest",
    "realtime/feeds.py: Feed.listeners": "the sockets",
    "realtime/feeds.py: Feed.recent": "REMEMBERED_EVENTS",
    "realtime/feeds.py: Hub._feeds": "those of sockets, and for IDLE_SECONDS after them",
    "realtime/feeds.py: Hub._joined": "the tenants of feeds and watches",
    "realtime/feeds.py: Hub._tasks": "two tasks",
    "realtime/feeds.py: Hub._tenants": "the same, and for IDLE_SECONDS after them",
    "realtime/feeds.py: Hub._watches": "the requests that wait for an answer",
    "realtime/feeds.py: _hubs": "one for each loop",
    "realtime/guard.py: Guard.watched": "the sockets",
    "realtime/guard.py: _guards": "one for each loop",
    "realtime/notes.py: _notes_at": "four addresses",
    "realtime/lobby.py: Lobby._rooms": "the sockets that wait or have not authenticated",
    "realtime/lobby.py: _Room.places": "UNAUTHENTICATED_SOCKETS_PER_IP",
    "tenants/access.py: _checks": "the kinds of grants",
    "tenants/accounts.py: _hashing": "four at once",
    "tenants/executor.py: FairThreads._pool": "DATABASE_THREADS; who waits has a connection",
    "tenants/executor.py: FairThreads._running": "the threads",
    "tenants/executor.py: FairThreads._waiting": "the jobs of requests and sockets",
    "tenants/keys.py: _derive": "64 keys",
    "tenants/last_use.py: _noted": "REMEMBERED, then begun anew",
    "tenants/last_use.py: _writer": "one job a minute for each credential in use",
    "tenants/limits.py: LocalWindows._held": "WINDOWS_HELD, the oldest dropped",
    "tenants/limits.py: _limiter_for": "four addresses",
    "tenants/outbound/transport.py: _lookups": "16 threads; the jobs of answers and crawls",
    "tenants/outbound/transport.py: _ssl_context": "one context",
    "tenants/per_loop.py: PerLoop._made": "the loops that live",
    "tenants/sealing.py: _box": "four boxes",
    "tenants/sharers.py: _first_from": "REMEMBERED, then begun anew",
    "tenants/sharers.py: _tenants": "REMEMBERED, then begun anew",
    "tenants/slots.py: Slots._held": "the slots",
    "tenants/slots.py: Slots._waiting": "whoever waits, each a job or a request",
    "tenants/tokens.py: _backends": "32 kinds and keys",
    "tenants/tracing/__init__.py: NO_FACTS": "never written",
    "widgets/cors.py: _remembered": "REMEMBERED_WIDGETS, the oldest dropped",
    "widgets/presence.py: Announcer._telling": "the tenants whose boards changed, for seconds",
    "widgets/presence.py: _announcers": "one for each loop",
    "widgets/refusals.py: _refused": "REMEMBERED, then begun anew",
    "widgets/sightings.py: _seen": "REMEMBERED_BUBBLES, the oldest dropped, of 20 origins each",
    "widgets/socket.py: VisitorSocket._held": "held_limit",
}


def found():
    for path in SOURCES:
        module = path.relative_to(ROOT).as_posix()
        is_of_a_page = "admin" in module or "management" in path.parts
        if not (is_of_a_page or module.startswith(SHORT_LIVED) or module == "tenants/metrics.py"):
            tree = ast.parse(path.read_text())
            yield from (f"{module}: {name}" for name in growing_names(tree))


def growing_names(tree):
    yield from filter(None, map(assigned, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if CACHES & {last_name(each) for each in node.decorator_list}:
                yield node.name
        elif isinstance(node, ast.ClassDef):
            for statement in ast.walk(node):
                name = assigned(statement) or ""
                if name.startswith("self."):
                    yield f"{node.name}.{name.removeprefix('self.')}"


def assigned(statement):
    """The name of what a statement makes that can grow."""
    match statement:
        case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=value):
            return ast.unparse(target) if value is not None and grows(value) else None


def grows(value):
    match value:
        case ast.Call(func=ast.Call() as made):
            return grows(made) or last_name(made) in CACHES
        case ast.Call():
            return last_name(value) in GROWING
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
    return False


def last_name(node):
    function = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(function).rpartition(".")[2]


@pytest.fixture(scope="module")
def growing():
    return set(found())


def test_everything_that_can_grow_is_listed_with_its_bound(growing):
    assert growing == set(BOUNDS)
