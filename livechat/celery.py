"""The worker's and the scheduler's application."""

import os
import warnings
from typing import Any

from celery import Celery, signals
from celery.platforms import SecurityWarning

from livechat import collector, telemetry
from tenants.tasks import consumes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
# It warns of root because of pickled messages; ours are JSON.
warnings.filterwarnings("ignore", category=SecurityWarning)
MAIL_END_SECONDS = 3.0
app = Celery("livechat", task_cls="tenants.tasks:Task")
app.config_from_object("django.conf:settings", namespace="CELERY")
# What no worker took within a minute is not made up for, or hours would be when one comes back.
app.conf.beat_schedule = {
    "keep house": {
        "task": "conversations.tasks.keep_house",
        "schedule": 10.0,
        "options": {"expires": 60},
    },
    "send mail": {
        "task": "tenants.tasks.send_mail",
        "schedule": 15.0,
        "options": {"expires": 60},
    },
    "read knowledge": {
        "task": "assistants.tasks.ingest_waiting",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "crawl web sites": {
        "task": "assistants.tasks.crawl_due",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
}
app.autodiscover_tasks()


@signals.worker_init.connect
def _worker_begins(sender: Any, **_: Any) -> None:
    is_worker = consumes(sender, app.conf.task_default_queue)
    telemetry.start("worker" if is_worker else "ingestion")


@signals.worker_ready.connect
def _worker_is_ready(**_: Any) -> None:
    collector.spare_what_stays()


@signals.worker_shutdown.connect
def _worker_ends(**_: Any) -> None:
    from tenants import mail_delivery  # noqa: PLC0415 -- app ready

    mail_delivery.end(seconds=MAIL_END_SECONDS)
    telemetry.stop()


@signals.beat_init.connect
def _beat_begins(**_: Any) -> None:
    telemetry.start("beat")
