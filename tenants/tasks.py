"""The base of every Celery task, and who does which."""

from typing import Any

from celery import shared_task
from celery.contrib.django.task import DjangoTask

from tenants import context, tracing


def consumes(worker: Any, queue: str) -> bool:
    """Whether a Celery worker, as it stands in the signal of its start, takes this queue's jobs."""
    return queue in worker.app.amqp.queues.consume_from


class Task(DjangoTask):
    """Nudges only: early acknowledgement, no stored result, no check of argument names."""

    abstract = True
    typing = False
    ignore_result = True

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Let the job's log lines and spans belong to the request that it goes back to."""
        headers = self.request.headers or {}
        context.request_id.set(headers.get("request_id", ""))
        tracing.go_on_from(headers.get("traceparent", ""))


@shared_task
def send_mail() -> None:
    from tenants import mail_delivery  # noqa: PLC0415 -- app ready

    mail_delivery.begin()
