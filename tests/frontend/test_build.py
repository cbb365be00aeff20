"""The committed build is that of the committed sources, and small. None of it needs Node."""

import gzip
import hashlib
import json
import re

import pytest
from django.conf import settings

FRONTEND = settings.BASE_DIR / "frontend"
DIST = settings.BASE_DIR / "static" / "dist"
SHARED = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"]
WIDGET_BUDGET = 12 * 1024
BUILT = {"chat-widget.js": "widget"}


def digest(folder):
    """As ``digest`` in frontend/build.mjs."""
    files = [path for path in (FRONTEND / folder).rglob("*") if path.is_file()]
    paths = [path.relative_to(FRONTEND).as_posix() for path in files]
    sha = hashlib.sha256()
    for path in sorted([*paths, *SHARED]):
        sha.update(f"{path}\0".encode() + (FRONTEND / path).read_bytes() + b"\0")
    return sha.hexdigest()


@pytest.mark.parametrize(("built", "folder"), BUILT.items())
def test_the_build_is_that_of_the_sources(built, folder):
    first_line = (DIST / built).read_text().partition("\n")[0]

    stated = re.search(r"sources ([0-9a-f]{64})", first_line)[1]

    assert stated == digest(folder), "Run `make frontend` and commit static/dist."


def test_the_widget_keeps_to_its_budget():
    assert len(gzip.compress((DIST / "chat-widget.js").read_bytes(), 9)) <= WIDGET_BUDGET


def test_the_widget_makes_no_markup_from_text():
    source = (DIST / "chat-widget.js").read_text()

    for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]:
        assert forbidden not in source


def test_the_lock_names_no_registry():
    lock = json.loads((FRONTEND / "package-lock.json").read_text())

    assert not any("resolved" in package for package in lock["packages"].values())
