"""The garbage collector in processes that stay."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

WORKER = """
from celery import signals
import livechat.celery
signals.worker_ready.send(sender=None)
"""
WEB = """
import contextlib, uvicorn
from livechat import server
uvicorn.Server.run = lambda server: None
with contextlib.suppress(SystemExit):
    server.main()
"""
TELL = """
import gc
print(gc.get_freeze_count() > 10_000, gc.get_threshold()[0] > 10_000)
"""


@pytest.mark.parametrize("process", [WORKER, WEB])
def test_what_is_loaded_at_the_start_is_never_looked_at_again(process):
    told = subprocess.run(
        [sys.executable, "-c", process + TELL],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "livechat.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["True", "True"], told.stderr
