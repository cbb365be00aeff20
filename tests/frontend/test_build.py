"""The committed build is that of the committed sources, and small. None of it needs Node."""

import gzip
import hashlib
import json
import re

import pytest
from django.conf import settings

from widgets.assets import VERSION_LENGTH

FRONTEND = settings.BASE_DIR / "frontend"
DIST = settings.BASE_DIR / "static" / "dist"
SHARED = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"]
# Of what pages load, and of what is fetched when it is needed; compressed, in bytes.
BUDGETS = {
    "chat-widget.js": 11 * 1024 + 544,
    "chat-widget-alerts.js": 1024,
    "chat-widget-conversations.js": 3 * 1024,
    "chat-widget-countdown.js": 1024,
    "chat-widget-files.js": 4 * 1024,
    "chat-widget-forms.js": 8 * 1024,
    "chat-widget-identity.js": 2 * 1024,
    "chat-widget-narrow.js": 1024,
    "chat-widget-polling.js": 1024,
    "chat-widget-presence.js": 1024 + 256,
    "chat-widget-proactive.js": 3 * 1024,
    "chat-widget-problems.js": 1024,
    "chat-widget-speech.js": 2 * 1024 + 512,
    "chat-widget-talk.js": 6 * 1024 + 128,
    "chat-widget-tools.js": 1024,
    "dashboard.js": 40 * 1024,
    "dashboard-common.js": 40 * 1024,
    "dashboard-pages.js": 24 * 1024,
    "dashboard.css": 8 * 1024,
}
# Of all that a conversation takes in which an assistant's answer is streamed as text.
CONVERSATION = ["chat-widget.js", "chat-widget-talk.js"]
CONVERSATION_BUDGET = 17 * 1024 + 624
MARKUP = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
BUILT = sorted(path.name for path in DIST.iterdir())
WIDGET = [name for name in BUILT if name.startswith("chat-widget")]


def digest(folder):
    """As ``digest`` in frontend/build.mjs."""
    folders = (FRONTEND / folder, FRONTEND / "shared")
    files = [path for each in folders for path in each.rglob("*") if path.is_file()]
    paths = [path.relative_to(FRONTEND).as_posix() for path in files]
    sha = hashlib.sha256()
    for path in sorted([*paths, *SHARED]):
        sha.update(f"{path}\0".encode() + (FRONTEND / path).read_bytes() + b"\0")
    return sha.hexdigest()


def test_every_chunk_is_built():
    chunks = {path.parent.name for path in (FRONTEND / "widget").glob("*/index.ts")}

    assert set(WIDGET) == {"chat-widget.js", *(f"chat-widget-{name}.js" for name in chunks)}
    assert set(BUILT) == set(BUDGETS)


@pytest.mark.parametrize("built", BUILT)
def test_the_build_is_that_of_the_sources(built):
    first_line = (DIST / built).read_text().partition("\n")[0]

    stated = re.search(r"sources ([0-9a-f]{64})", first_line)[1]

    folder = "widget" if built in WIDGET else "dashboard"
    assert stated == digest(folder), "Run `make frontend` and commit static/dist."


def compressed(built):
    return len(gzip.compress((DIST / built).read_bytes(), 9))


@pytest.mark.parametrize("built", BUILT)
def test_what_pages_load_keeps_to_its_budget(built):
    assert compressed(built) <= BUDGETS[built]


def test_the_inbox_keeps_to_its_budget():
    assert sum(map(compressed, ["dashboard.js", "dashboard-common.js"])) <= 40 * 1024


def test_the_inboxs_files_ask_for_those_of_their_own_build():
    """Under the version that its page names, or a browser would run the common part twice."""
    asked = set()
    for built in ("dashboard.js", "dashboard-common.js", "dashboard-pages.js"):
        asked |= set(re.findall(r"dashboard-\w+\.js[^\"`]*", (DIST / built).read_text()))

    version = f"?v={digest('dashboard')[:VERSION_LENGTH]}"
    assert asked == {f"dashboard-common.js{version}", f"dashboard-pages.js{version}"}


def test_a_conversation_in_text_keeps_to_its_budget():
    assert sum(map(compressed, CONVERSATION)) <= CONVERSATION_BUDGET


@pytest.mark.parametrize("built", WIDGET)
def test_the_widget_makes_no_markup_from_text(built):
    source = (DIST / built).read_text()

    for forbidden in MARKUP:
        assert forbidden not in source


def test_the_inbox_makes_no_markup_from_text():
    """Its library could; the page's policy forbids that as well."""
    for path in (FRONTEND / "dashboard").rglob("*.ts*"):
        assert not [word for word in [*MARKUP, "InnerHTML"] if word in path.read_text()], path


@pytest.mark.parametrize("built", WIDGET)
def test_no_part_has_a_copy_of_the_scripts_errors(built):
    """Whose class would be another one."""
    assert ("extends Error" in (DIST / built).read_text()) == (built == "chat-widget.js")


def test_the_lock_names_no_registry():
    lock = json.loads((FRONTEND / "package-lock.json").read_text())

    assert not any("resolved" in package for package in lock["packages"].values())
