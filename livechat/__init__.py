"""The composition root: settings, server, commands."""

from livechat.celery import app as celery_app

__all__ = ["celery_app"]
