"""What makes a Celery process the one that reads knowledge: its sign of life, and an orderly end.

Reading takes seconds to minutes of a processor, and a web site takes long; so it is done on a queue
of its own, away from the worker that makes answers.
"""

import logging
import os
import threading
from typing import Any

from celery import signals
from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from assistants.models import KnowledgeSource
from realtime.pulses import beat
from tenants import metrics
from tenants.scope import platform_scope
from tenants.tasks import consumes

logger = logging.getLogger(__name__)

QUEUE = "ingestion"
PULSE_SECONDS = 10.0
# On one machine with everything else, whoever waits for an answer comes first.
NICENESS = 10

_stopping = threading.Event()


class Interrupted(Exception):
    """This process is about to end; another one goes on."""


def go_on() -> None:
    """Raise Interrupted as soon as this process is about to end."""
    if _stopping.is_set():
        raise Interrupted


@signals.worker_init.connect
def _begin(sender: Any, **_: Any) -> None:
    if consumes(sender, QUEUE):
        if not consumes(sender, sender.app.conf.task_default_queue):
            os.nice(NICENESS)
        signals.worker_shutting_down.connect(_begin_to_end)
        threading.Thread(target=_live, name="pulse", daemon=True).start()


def _begin_to_end(**_: Any) -> None:
    _stopping.set()


def _live() -> None:
    while not _stopping.is_set():
        try:
            beat(QUEUE)
            metrics.SOURCES_WAITING.set(_waiting())
        except DatabaseFailure as error:
            logger.warning("Could not give a sign of life: %s", error)
        finally:
            close_old_connections()
        _stopping.wait(PULSE_SECONDS)


def _waiting() -> int:
    with platform_scope("find unread knowledge"):
        return KnowledgeSource.objects.filter(status=KnowledgeSource.Status.PENDING).count()
