"""What a database that fails is to whoever asked us something: a reason to try again."""

import logging

from django.db import InterfaceError, OperationalError

from tenants.errors import Unavailable

logger = logging.getLogger(__name__)

FAILURES = (OperationalError, InterfaceError)
RETRY_SECONDS = 2


def outage(error: Exception) -> Unavailable:
    """The error to tell; it is not known whether what was asked for has been done."""
    logger.error("The database did not do its part: %s", error)
    return Unavailable(retry_after=RETRY_SECONDS)
