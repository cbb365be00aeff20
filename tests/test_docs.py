"""The documents say what the code does, neither more nor less."""

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import URLPattern, get_resolver
from prometheus_client.metrics import MetricWrapperBase

from assistants.admin.faq_text import read_faq
from assistants.knowledge import faq, pdf_blocks
from assistants.knowledge.web import problems
from conversations import live_visitors, worker
from gateways.blackbox import codec as blackbox
from gateways.blits import socket as blits
from gateways.socket import GatewaySocket
from livechat import edge, protocols
from livechat.health import CHECKS
from livechat.routing import UnknownSocket, websocket_urlpatterns
from realtime import bus, consumer, feeds
from realtime.consumer import CLOSE_CODES
from tenants import limits, metrics, strict_json
from tenants.errors import LiveChatError

ROOT = Path(__file__).resolve().parents[1]
README, API = ROOT / "README.md", ROOT / "docs" / "api.md"
KNOWLEDGE = ROOT / "docs" / "knowledge.md"
RELIABILITY = ROOT / "docs" / "reliability.md"
DOCUMENTS = [
    README,
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("benchmarks/*.md"),
    *ROOT.glob("gateways/*/README.md"),
]
ROOMS = (
    "tenants",
    "realtime",
    "assistants",
    "conversations",
    "widgets",
    "gateways",
    "dashboard",
    "livechat",
)
# Of what closes a socket, and with which code.
CLOSERS = {"fail", "_end", "_hang_up", "close"}
METHODS = ("get", "post", "put", "patch", "delete")
READERS = {
    "env_text", "env_bool", "env_int", "env_list", "env_hosts", "env_url", "env_mail_address",
}  # fmt: skip
TELLERS = {"emit", "whisper", "_whisper", "announce_conversation", "announce_message"}


def section(document, heading):
    parts = re.split(r"^## ", document.read_text(), flags=re.MULTILINE)
    (text,) = [part for part in parts if part.startswith(heading + "\n")]
    return text


def table(document, heading):
    """What the first column of the table under ``heading`` holds, without its code marks."""
    rows = re.findall(r"^\| `([^`]+)` \|", section(document, heading), flags=re.MULTILINE)
    assert len(rows) == len(set(rows))
    return set(rows)


def nodes(kind):
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, kind):
                    yield node


def name_of(function):
    return ast.unparse(function).rpartition(".")[2]


def texts(expressions):
    return {
        e.value for e in expressions if isinstance(e, ast.Constant) and isinstance(e.value, str)
    }


def settings_read():
    for call in nodes(ast.Call):
        is_environ = ast.unparse(call.func) == "os.environ.get"
        if call.args and (name_of(call.func) in READERS or is_environ):
            yield from texts(call.args[:1])
    for subscript in nodes(ast.Subscript):
        if ast.unparse(subscript.value) == "os.environ" and isinstance(subscript.ctx, ast.Load):
            yield from texts([subscript.slice])


def types_told():
    for call in nodes(ast.Call):
        if name_of(call.func) in TELLERS:
            yield from texts([*call.args, *(word.value for word in call.keywords)])
    for function in nodes(ast.FunctionDef):
        if function.name in TELLERS:
            yield from texts(filter(None, function.args.kw_defaults))


def endpoints(patterns, prefix=""):
    """Each method and path below /api, as the documents spell them."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if not isinstance(pattern, URLPattern):
            yield from endpoints(pattern.url_patterns, path)
        elif path.startswith("api/") and "//" not in path:
            view = pattern.callback.view_class
            spelled = re.sub(r"<str:(\w+)>", lambda match: ":" + camel_case(match[1]), path)
            yield from (f"{m.upper()} /{spelled}" for m in METHODS if hasattr(view, m))


def camel_case(name):
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


def commands(pattern):
    return {found for path in DOCUMENTS for found in re.findall(pattern, path.read_text())}


def test_the_settings_table_lists_what_is_read_from_the_environment():
    assert table(README, "Settings") == set(settings_read())


def test_the_events_table_lists_the_types_that_are_told():
    assert table(README, "Events") == set(types_told())


def test_the_health_table_lists_the_checks():
    heading = "How to find out what is broken: manage.py doctor"

    assert table(ROOT / "docs" / "operations.md", heading) == set(CHECKS)


def test_the_metrics_table_lists_every_metric_with_its_labels():
    text = (ROOT / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| `(livechat_\w+)` \|([^|]*)\|", text, flags=re.MULTILINE)
    told = {name: re.findall(r"`(\w+)`", labels) for name, labels in rows}
    made = {
        each._name + ("_total" if each._type == "counter" else ""): list(each._labelnames)
        for each in vars(metrics).values()
        if isinstance(each, MetricWrapperBase)
    }
    pools = {f.name + ("_total" if f.type == "counter" else "") for f in metrics.Pools().collect()}

    assert len(told) == len(rows)
    assert set(told) == {*made, *pools}
    assert {name: told[name] for name in made} == made


def test_the_tables_of_knowledge_list_what_can_be_wrong():
    files = table(KNOWLEDGE, "Limits of knowledge files")
    sites = table(KNOWLEDGE, "Problems with web sites and their pages")

    assert files >= set(pdf_blocks.PROBLEMS) | {"file_not_pdf", "reading_failed"}
    assert sites == {*problems.PROBLEMS, *problems.FETCHING.values(), "page_failed"}


def test_every_endpoint_is_described():
    documents = [API, *ROOT.glob("docs/migrating-from-*.md")]
    text = "\n".join(document.read_text() for document in documents)
    described = re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /api/[^`?]*)[^`]*`", text)

    assert set(described) == set(endpoints(get_resolver().url_patterns))


def test_every_socket_is_described():
    described = set(re.findall(r"`/((?:api/)?ws(?:/\w+)?)`", API.read_text()))
    for document in ROOT.glob("docs/migrating-from-*.md"):
        described |= set(re.findall(r"`wss://chat\.example\.com/([^`?]*)", document.read_text()))
    sockets = [each for each in websocket_urlpatterns if each.callback is not unknown()]

    assert len(sockets) == len(websocket_urlpatterns) - 1
    for path in described:
        assert any(each.resolve(path) for each in sockets), path
    for each in sockets:
        assert any(each.resolve(path) for path in described), each


def unknown():
    (last,) = [each for each in websocket_urlpatterns if each.resolve("ws/unheard-of")]
    assert last.callback.consumer_class is UnknownSocket
    return last.callback


def test_the_table_of_close_codes_lists_those_that_are_used():
    text = section(RELIABILITY, "Why a socket was closed: close codes")
    listed = {int(code) for code in re.findall(r"^\| (4\d{3}) \|", text, flags=re.MULTILINE)}
    calls = [call for call in nodes(ast.Call) if name_of(call.func) in CLOSERS]
    used = {
        argument.value
        for call in calls
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, int)
    }
    used -= {1006}

    assert listed == used | set(CLOSE_CODES.values())


def test_the_table_of_statuses_lists_those_that_errors_have():
    text = section(API, "The form of an error answer")
    listed = {int(status) for status in re.findall(r"^\| (\d{3}) \|", text, flags=re.MULTILINE)}

    assert listed == {error.status for error in errors_of(LiveChatError)}


def errors_of(kind):
    return {kind}.union(*map(errors_of, kind.__subclasses__()))


def test_the_table_of_deadlines_says_how_long_each_socket_may_be_silent():
    heading = "How long a socket may be silent before it authenticates"
    text = section(RELIABILITY, heading)
    rows = re.findall(r"^\| `/([^`]*)` \| (\d+) \|", text, flags=re.MULTILINE)

    for path, seconds in rows:
        (route, *_) = [each for each in websocket_urlpatterns if each.resolve(path)]
        assert route.callback.consumer_class.auth_deadline == int(seconds), path
    kinds = {each.callback.consumer_class for each in websocket_urlpatterns} - {UnknownSocket}
    assert len(rows) == len(kinds)


def test_the_table_of_bounds_says_what_the_code_says():
    text = section(RELIABILITY, "One client cannot harm the others")
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", text, flags=re.MULTILINE))
    socket = consumer.SocketConsumer
    budget = f"{protocols.LARGE_FRAMES_BUDGET // 2**20} MiB"

    assert rows["what one socket has not read"] == f"{socket.buffer_limit // 1024} KiB"
    assert f"{socket.frame_limit_before_auth // 1024} KiB before" in rows["one frame"]
    assert f"{socket.frame_limit // 1024} KiB, or" in rows["one frame"]
    assert f"{blits.BlitsSocket.frame_limit // 2**20} MiB" in rows["one frame"]
    assert budget in rows["frames beyond 64 KiB, of all sockets together"]
    for name, figure in {
        "events held for one socket until something else is told": socket.held_limit,
        "messages of one socket that wait for an answer": GatewaySocket.requests_at_once,
        "events remembered per feed": feeds.REMEMBERED_EVENTS,
        "events of a feed that came too early": feeds.AHEAD_LIMIT,
        "feeds nobody listens to": round(feeds.IDLE_SECONDS),
        "hints on their way to Redis": bus.QUEUE_LIMIT,
        "rate limits counted without Redis": limits.WINDOWS_HELD,
        "visitors on a tenant's live board": live_visitors.VISITORS_LIMIT,
        "jobs waiting in one worker": worker.JOBS_HELD,
        "answers made at once in one worker": worker.CONCURRENT_TURNS,
        "an address in the access log": edge.LOGGED_PATH,
    }.items():
        assert rows[name].startswith(f"{figure:,}"), name


def test_blackbox_table_of_errors_lists_the_texts_of_its_codec():
    document = ROOT / "docs" / "migrating-from-dasha-blackbox.md"
    own = {value for name, value in vars(blackbox).items() if name.isupper()}

    assert table(document, "Which errors a client hears") == {
        value for value in own if isinstance(value, str) and " " in value
    }


def test_blits_table_of_commands_lists_what_is_obeyed():
    document = ROOT / "docs" / "migrating-from-blits.md"

    assert table(document, "Which commands the socket understands") == set(blits.COMMANDS)


def test_the_commands_that_are_named_exist():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)

    assert commands(r"(?:`|^|=\S+ )make (\w+)") <= set(targets)
    assert commands(r"manage\.py (\w+)") <= set(get_commands())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    for address in re.findall(r"\]\(([^)#]+)", document.read_text()):
        if not address.startswith(("http://", "https://")):
            assert (document.parent / address).exists(), address


def test_the_two_examples_of_an_faq_say_the_same():
    text = KNOWLEDGE.read_text()
    (written,) = re.findall(r"```\n(Q: .*?)```", text, flags=re.DOTALL)
    (uploaded,) = re.findall(r"```json\n(.*?)```", text, flags=re.DOTALL)

    (passage,) = faq.passages(strict_json.loads(uploaded))

    assert len(passage.variants) == 2
    assert [passage] == faq.passages(read_faq(written))
