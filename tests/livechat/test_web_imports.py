"""What web processes never load: they store messages, and workers understand them."""

import json
import os
import subprocess
import sys

from django.conf import settings

HEAVY = {"py3langid", "pydantic_ai", "anthropic", "daphne", "twisted"}
SCRIPT = """
import json, sys
import livechat.asgi, livechat.server
from django.urls import get_resolver
from livechat.routing import websocket_urlpatterns
get_resolver().url_patterns
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
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


def test_web_processes_load_no_library_of_models():
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "livechat.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(json.loads(ran.stdout.splitlines()[-1]))
    assert {"livechat", "widgets", "dashboard"} <= loaded
    assert loaded & HEAVY == set()
