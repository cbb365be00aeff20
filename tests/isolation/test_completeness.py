"""Nothing is left out of the matrix, and the documents tell its size."""

import ast
import re
from pathlib import Path

from gateways.blits.socket import COMMANDS
from livechat.routing import UnknownSocket, websocket_urlpatterns
from tests.gateways.zeebee.test_documents import OF_THE_CLIENT
from tests.isolation import counting, routes
from tests.isolation.frames import SOCKETS

ROOT = Path(__file__).resolve().parents[2]
SECURITY = ROOT / "docs" / "security.md"
# Headers that are read, and that are no id of anybody's.
PLAIN_HEADERS = {
    "Accept-Language", "Content-Type", "Host", "If-None-Match", "Origin", "User-Agent",
    "Authorization", "text-response", "accept-ranges", "content-encoding", "content-length",
    "content-type", "location", "retry-after", "Location",
}  # fmt: skip
FRAMES_OF = {
    "visitor": ("widgets/socket.py", "on_frame"),
    "tenant": ("dashboard/socket.py", "on_frame"),
    "webCall": ("gateways/blackbox/codec.py", "parse"),
    "dev": ("gateways/blackbox/codec.py", "parse"),
    "zeebee": ("gateways/zeebee/socket.py", "_take"),
}
DOORS = ("tenants", "widgets", "dashboard", "gateways")


def test_every_route_is_in_the_table():
    assert set(routes.routes_that_exist()) == set(routes.ROUTES)


def test_every_parameter_is_an_id_of_some_kind_or_known_to_be_none():
    described = {
        (one.where, one.name) for parameters in routes.description().values() for one in parameters
    }

    assert described - set(routes.IDS) - routes.PLAIN == set()
    assert set(routes.IDS) & routes.PLAIN == set()


def test_every_socket_is_in_the_table():
    paths = {
        re.sub(r"[$^]|\(api/\)\?", "", str(one.pattern))
        for one in websocket_urlpatterns
        if one.callback.consumer_class is not UnknownSocket
    }

    tables = {
        one.path.partition("?")[0].lstrip("/").removeprefix("api/ws/c") for one in SOCKETS.values()
    }
    assert {path.removeprefix("ws/c") for path in paths} == tables


def test_every_frame_is_in_the_table():
    for name, (path, function) in FRAMES_OF.items():
        found = set(_cases(ROOT / path, function))
        assert found - {SOCKETS[name].first} == set(SOCKETS[name].frames) - {SOCKETS[name].first}
    assert set(SOCKETS["blits"].frames) == set(COMMANDS)
    assert set(SOCKETS["zeebee"].frames) == OF_THE_CLIENT


def test_no_other_header_or_query_parameter_is_read():
    headers, query = set(), set()
    for room in DOORS:
        for path in (ROOT / room).rglob("*.py"):
            is_of_the_admin = "admin" in path.stem or path.stem == "operators"
            if not is_of_the_admin and "outbound" not in path.parts:
                headers |= set(_looked_up(path, "headers"))
                query |= set(_looked_up(path, "GET", "query_params"))

    ids = {name for place, name in routes.IDS if place == "header"}
    assert headers - PLAIN_HEADERS == ids
    assert {("query", name) for name in query} <= routes.PLAIN | set(routes.IDS)


def test_the_documents_tell_how_many_cells_there_are():
    text = " ".join(SECURITY.read_text().split())
    said = {
        f"{counting.routes_all():,} cells over HTTP",
        f"{counting.sockets_all():,} cells on sockets",
        f"{counting.routes_walked():,} of those over HTTP",
        f"{counting.sockets_walked():,} of those on sockets",
    }

    assert {one for one in said if one not in text} == set()


def _cases(path, function):
    """The texts that a function's first ``match`` tells apart."""
    (found,) = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
    ]
    (match,) = [node for node in ast.walk(found) if isinstance(node, ast.Match)]
    for case in match.cases:
        for node in ast.walk(case.pattern):
            if isinstance(node, ast.MatchValue):
                yield ast.literal_eval(node.value)


def _looked_up(path, *names):
    """The texts that are looked up in what has one of these names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            whose, key = node.func.value, node.args[:1]
            is_read = node.func.attr == "get"
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            whose, key, is_read = node.value, [node.slice], True
        else:
            continue
        is_theirs = isinstance(whose, ast.Attribute) and whose.attr in names
        if is_read and is_theirs and key and isinstance(key[0], ast.Constant):
            yield key[0].value
