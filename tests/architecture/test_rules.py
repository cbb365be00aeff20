"""The rules that hold the house together, read off its source."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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
SOURCES = [
    path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts
]


def names_used(path):
    """Every name and attribute in a module, however it is reached."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from (alias.name for alias in node.names)


def modules_using(*names):
    return {
        path.relative_to(ROOT).as_posix() for path in SOURCES if set(names) & set(names_used(path))
    }


def test_imports_go_downwards_only():
    command = Path(sys.executable).with_name("lint-imports")

    result = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout


def test_only_the_bus_touches_the_channel_layer():
    assert modules_using("get_channel_layer", "group_send", "group_add") == {"realtime/bus.py"}


def test_only_the_bus_sends_tasks():
    assert modules_using("delay", "apply_async", "send_task", "delay_on_commit") == {
        "realtime/bus.py"
    }


def test_events_leave_from_one_place():
    assert modules_using("emit") == {"conversations/announcements.py"}


def test_only_the_engine_writes_conversations():
    """Who names the models may read them; rooms above the engine go through its verbs."""
    writes = {"create", "bulk_create", "update", "save", "delete", "update_or_create"}
    offenders = set()
    for path in SOURCES:
        room = path.relative_to(ROOT).parts[0]
        if room in ("widgets", "gateways", "dashboard", "livechat") and path.name != "admin.py":
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and node.attr in writes:
                    target = ast.unparse(node.value)
                    if target.startswith(("Conversation.", "Message.", "Contact.", "Turn.")):
                        offenders.add(f"{path.name}:{node.lineno}")
    assert offenders == set()


def test_every_use_of_the_owners_role_is_listed_with_its_reason():
    reasons = {
        ast.literal_eval(call.args[0])
        for path in SOURCES
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("platform_scope")
    }

    assert reasons == {
        "fill the search",
        "find ended sessions",
        "find unread knowledge",
        "find unread messages",
        "find unread replies",
        "finish erasing",
        "fold tallies",
        "find waiting analyses",
        "forget analyses",
        "forget old drafts",
        "forget silent visitors",
        "find web sites to crawl",
        "forget unsent files",
        "forget unused conversations",
        "forget old events",
        "forget old invitations",
        "forget old mail",
        "give reservations back",
        "operators' admin",
        "people's own accounts",
        "rename labels",
        "route conversations",
        "send mail",
        "sweep turns",
        "tell of a restored database",
        "tell of absence",
        "wake snoozed conversations",
    }


def test_no_module_outgrows_its_reader():
    long = {path.relative_to(ROOT) for path in SOURCES if path.read_text().count("\n") > 400}

    assert long == set()


def test_no_function_outgrows_a_glance():
    long = {
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno > 45
    }
    assert long == set()
