"""Queues of the broker that a test has to itself."""

import uuid
from contextlib import contextmanager

from celery import current_app
from django.conf import settings
from kombu import Connection


@contextmanager
def own_queue(task=""):
    """One that gets all nudges of this task, or of one that is named after it."""
    name = f"test-{uuid.uuid4().hex}"
    _route({task or f"{name}.task": {"queue": name}})
    try:
        with Connection(settings.CELERY_BROKER_URL) as connection:
            queue = connection.SimpleQueue(name)
            yield queue
            queue.queue.delete()
            queue.close()
    finally:
        _route(None)


def _route(routes):
    """Celery remembers its routes from the first task that anybody sent."""
    current_app.conf.task_routes = routes
    current_app.amqp.flush_routes()
    vars(current_app.amqp).pop("router", None)
