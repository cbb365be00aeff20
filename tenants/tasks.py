"""The base of every Celery task."""

from celery.contrib.django.task import DjangoTask


class Task(DjangoTask):
    """Nudges only: early acknowledgement, no stored result, no check of argument names."""

    abstract = True
    typing = False
    ignore_result = True
