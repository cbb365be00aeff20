"""The composition root: settings, server, commands."""

from livechat import collector

# Before all else is loaded: that, too, makes much that goes by itself.
collector.look_less_often()

from livechat.celery import app as celery_app  # noqa: E402 -- see above

__all__ = ["celery_app"]
