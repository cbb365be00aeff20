"""The worker's and the scheduler's application."""

import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
# It warns of root because of pickled messages; ours are JSON.
warnings.filterwarnings("ignore", category=SecurityWarning)
app = Celery("livechat", task_cls="tenants.tasks:Task")
app.config_from_object("django.conf:settings", namespace="CELERY")
# What no worker took within a minute is not made up for, or hours would be when one comes back.
app.conf.beat_schedule = {
    "keep house": {
        "task": "conversations.tasks.keep_house",
        "schedule": 10.0,
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
