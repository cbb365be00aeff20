"""The worker's and the scheduler's application."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
app = Celery("livechat", task_cls="tenants.tasks:Task")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {
    "keep house": {"task": "conversations.tasks.keep_house", "schedule": 10.0},
    "read knowledge": {"task": "assistants.tasks.ingest_waiting", "schedule": 30.0},
}
app.autodiscover_tasks()
