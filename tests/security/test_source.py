"""What the source, its dependencies and its settings promise, read off them."""

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from packaging.version import Version

from dashboard.tables import lines
from tests.architecture.test_rules import ROOT, SOURCES, modules_using
from tests.livechat.environment import GOOD

# Below these the libraries have holes that are known, or lose what they are given.
FLOORS = {
    "django": ("5.2.15", "CVE-2026-33034, CVE-2026-5766: bodies beyond their limit"),
    "daphne": ("4.2.2", "CVE-2026-44545, CVE-2026-44546: frames without a bound, smuggled headers"),
    "redis": ("4.5.4", "CVE-2023-28858: somebody else's reply after a cancelled command"),
    "celery": ("5.6.2", "the broker's password in logs, a leak with each exception"),
    "djangorestframework": ("3.15.2", "CVE-2024-21520: scripts in the pages that it draws"),
    "djangorestframework-simplejwt": ("5.5.1", "CVE-2024-22513: tokens of deactivated users"),
    "pyjwt": ("2.12", "CVE-2026-32597: critical extensions that are not understood"),
    "cryptography": ("44.0.1", "CVE-2024-12797: peers that are not who they say"),
    "h11": ("0.16", "CVE-2025-43859: smuggled requests"),
    "requests": ("2.32.4", "CVE-2024-47081: log-ins sent to other hosts"),
    "urllib3": ("2.6.3", "CVE-2026-21441: answers that unpack without a bound"),
    "twisted": ("24.7", "CVE-2024-41671: answers in a wrong order"),
    "idna": ("3.7", "CVE-2024-3651: names that take for ever"),
    "pypdf": ("6.1.3", "CVE-2025-62707, CVE-2025-62708: documents that take for ever"),
    "protobuf": ("6.31.1", "CVE-2025-4565: messages nested without a bound"),
}
# Who builds SQL by hand, and why no word of a client's gets into it but as a parameter.
OWN_SQL = {
    "assistants/counters.py": "counts and looks in one statement",
    "assistants/knowledge/search.py": "calls the function that searches",
    "assistants/usage.py": "notes an answer once, in one statement",
    "conversations/availability.py": "tells in one statement what visitors may expect",
    "conversations/counts.py": "folds tallies in one statement",
    "conversations/queueing.py": "counts places, and tells who has come nearer",
    "conversations/search.py": "calls the function that searches",
    "conversations/search_filling.py": "sets a column to what it is",
    "conversations/teams.py": "locks a team's row in one statement",
    "conversations/turns.py": "ends turns and returns what they were",
    "livechat/demo.py": "takes an advisory lock",
    "livechat/embedded/postgres.py": "makes roles and the database",
    "livechat/health.py": "reads the catalogue",
    "livechat/management/commands/restored.py": "begins the event log anew after a restore",
    "livechat/management/commands/up.py": "reads which migrations there are",
    "realtime/events.py": "numbers events in one statement",
    "tenants/postgresql/advisory.py": "takes an advisory lock",
    "tenants/postgresql/operations.py": "drops an index that is broken",
    "tenants/postgresql/patience.py": "lifts the limits of time",
    "tenants/scope.py": "names the tenant",
}
CALLERS = {"httpx", "httpx2", "urllib", "requests", "aiohttp", "http", "socket", "urllib3"}
# What speaks to addresses: the guarded way out, and what calls nobody but ourselves.
OUTBOUND = {
    "tenants/outbound/addresses.py": "checks them",
    "tenants/outbound/sockets.py": "goes out, guarded",
    "tenants/outbound/fetching.py": "goes out, guarded",
    "tenants/outbound/transport.py": "goes out, guarded",
    "assistants/knowledge/web/addresses.py": "parses them",
    "assistants/knowledge/web/fetching.py": "names errors",
    "assistants/providers/anthropic.py": "is given the guarded client",
    "assistants/providers/candidates.py": "makes the guarded client",
    "assistants/providers/errors.py": "names errors",
    "assistants/providers/openai.py": "is given the guarded client",
    "assistants/tools/http.py": "makes the guarded client",
    "assistants/knowledge/web/robots.py": "reads rules that were fetched",
    "tenants/mail_smtp.py": "speaks to EMAIL_URL, an operator's",
    "livechat/health.py": "calls PUBLIC_URL",
    "livechat/management/commands/up.py": "waits for the server that it started",
}
EMBEDDED = "livechat/embedded/"


def imported(path):
    """The outermost packages that a module imports, of those that call others."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            name = node.module
            if name not in ("urllib.parse", "http.cookies"):
                yield name.partition(".")[0]


def where(condition):
    return {path.relative_to(ROOT).as_posix() for path in SOURCES if condition(path)}


def calls(path, *names):
    return any(
        isinstance(node, ast.Attribute) and node.attr in names
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_queries_are_built_by_django_but_for_a_few_that_are_listed():
    assert where(lambda path: calls(path, "execute", "executemany")) == set(OWN_SQL)
    assert where(lambda path: calls(path, "raw", "RawSQL")) - {"tenants/outbound/transport.py"} == (
        set()
    )
    assert where(lambda path: re.search(r"\.extra\(", path.read_text())) == set()


def constants(tree):
    """The names that a module gives a value once, before anybody asks."""
    stored = Counter(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    targets = [node.targets[0] for node in tree.body if isinstance(node, ast.Assign)]
    return {one.id for one in targets if isinstance(one, ast.Name) and stored[one.id] == 1}


def builds_statements(source):
    """Whether anything is executed but a constant, or one that our own names were filled in."""
    tree = ast.parse(source)
    known = constants(tree)
    executed = [
        node.args[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("execute", "executemany")
        and node.args
    ]
    return any(
        not isinstance(one, ast.Constant) and not (isinstance(one, ast.Name) and one.id in known)
        for one in executed
    )


def test_no_statement_is_put_together_from_words():
    assert where(lambda path: builds_statements(path.read_text())) == {
        "conversations/search_filling.py",
        "livechat/embedded/postgres.py",
        "tenants/postgresql/operations.py",
        "tenants/postgresql/patience.py",
    }


@pytest.mark.parametrize(
    ("source", "is_built"),
    [
        ("c.execute('SELECT 1')", False),
        ("SQL = 'SELECT 1'\ndef f(): c.execute(SQL)", False),
        ("SQL = 'SELECT 1'\ndef f(x): SQL = x; c.execute(SQL)", True),
        ("def f(x): sql = f'SELECT {x}'; c.execute(sql)", True),
        ("def f(x): c.execute(f'SELECT {x}')", True),
        ("def f(x): c.executemany('SELECT ' + x, [])", True),
    ],
)
def test_statements_that_are_put_together_are_found(source, is_built):
    assert builds_statements(source) == is_built


def test_only_the_guarded_way_leads_out():
    found = where(lambda path: CALLERS & set(imported(path)))

    assert {name for name in found if not name.startswith(EMBEDDED)} - {
        "livechat/server.py",
        "livechat/supervisor.py",
        "livechat/protocols.py",
    } == set(OUTBOUND)
    assert where(lambda path: calls(path, "AsyncClient", "urlopen")) <= set(OUTBOUND)


def test_nothing_is_given_out_as_a_table_that_a_spreadsheet_would_run():
    writers = where(lambda path: "csv" in set(imported(path)))

    # One reads the questions of an evaluation, the other writes with an apostrophe before formulas.
    assert writers == {"assistants/evaluation/sets.py", "dashboard/tables.py"}
    assert "csv.writer" not in (ROOT / "assistants/evaluation/sets.py").read_text()
    assert lines([["=1", "-2"]]) == "'=1,'-2\r\n"


def test_mail_leaves_from_one_place():
    """Whoever has some written says to whom, and how strangers are kept from having it written."""
    senders = ("send_mass_mail", "EmailMessage", "EmailMultiAlternatives", "mail_admins")

    assert modules_using(*senders) == {"tenants/mail_delivery.py", "tenants/mail_folder.py"}


def test_nothing_is_unpacked_that_could_run_when_it_is():
    assert modules_using("pickle", "marshal", "yaml", "eval", "exec", "shelve") == set()


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_no_library_is_older_than_its_last_known_hole(name):
    locked = [
        match[1]
        for path in (ROOT / "requirements").glob("*.txt")
        for match in re.finditer(
            rf"^{re.escape(name)}==([^\s;\\]+)", path.read_text(), re.MULTILINE
        )
    ]

    assert locked
    assert min(map(Version, locked)) >= Version(FLOORS[name][0])


def test_djangos_own_check_of_a_deployment_finds_nothing(tmp_path):
    secret = "".join(chr(33 + number % 90) for number in range(7, 87, 1) if number % 90 != 6)
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **GOOD, "SECRET_KEY": secret}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]

    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


def test_the_documents_name_tests_that_exist():
    text = (ROOT / "docs" / "security.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)

    missing = [
        f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text()
    ]
    assert missing == []
    assert {f"S{number}" for number in range(1, 24)} <= set(
        re.findall(r"^\| (S\d+) \|", text, re.M)
    )
    assert Path(ROOT / "SECURITY.md").exists()
