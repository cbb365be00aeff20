"""What a process tells of itself while it runs: figures on a port of its own, and traces."""

import logging

from django.conf import settings
from prometheus_client import start_http_server

from tenants import tracing

logger = logging.getLogger(__name__)


def start(process: str) -> None:
    """Begin, as far as the settings ask for it; ``process`` is web, worker, ingestion or beat."""
    if settings.METRICS_PORT:
        _serve_metrics()
    if settings.TRACES_ENDPOINT:
        tracing.start(process)


def stop() -> None:
    """Send what is left, for three seconds at most."""
    tracing.stop()


def _serve_metrics() -> None:
    try:
        start_http_server(settings.METRICS_PORT, settings.METRICS_HOST)
    except OSError as error:
        # Nobody is to be without answers for want of figures about them.
        logger.error(
            "There are no metrics at port %s of %s: %s",
            settings.METRICS_PORT,
            settings.METRICS_HOST,
            error.strerror,
        )
