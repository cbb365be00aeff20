"""What web processes never load: they store messages, and workers understand them."""

import json
import os
import subprocess
import sys

from django.conf import settings

HEAVY = {"py3langid", "pydantic_ai", "anthropic", "daphne", "twisted"}
# What a recorder of traces needs; the library of Redis looks for another part of the same.
TRACES = {"opentelemetry.sdk.trace", "opentelemetry.exporter", "google.protobuf"}
SCRIPT = """
import json, sys
import livechat.asgi, livechat.server
from django.urls import get_resolver
from livechat.routing import websocket_urlpatterns
get_resolver().url_patterns
print(json.dumps(sorted(sys.modules)))
"""


def test_the_development_server_is_daphnes():
    ran = subprocess.run(
        [sys.executable, "manage.py", "runserver", "--help"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "--http_timeout" in ran.stdout


def test_web_processes_load_no_library_of_models_or_traces():
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "livechat.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    modules = set(json.loads(ran.stdout.splitlines()[-1]))
    loaded = {name.partition(".")[0] for name in modules}
    assert {"livechat", "widgets", "dashboard"} <= loaded
    assert loaded & HEAVY == set()
    assert modules & TRACES == set()
