"""When each credential was last used, to the minute, written aside from the requests."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, close_old_connections
from django.db.models import Q

from tenants.models import Credential

logger = logging.getLogger(__name__)

PRECISION = timedelta(minutes=1)
REMEMBERED = 10_000

_writer = ThreadPoolExecutor(1, thread_name_prefix="last-use")
_noted: dict[UUID, datetime] = {}


def note(credential_id: UUID, last_used_at: datetime | None, now: datetime) -> None:
    """Have the use written down soon, unless somebody wrote one within the last minute."""
    known = max(filter(None, (last_used_at, _noted.get(credential_id))), default=None)
    if known is not None and now - known < PRECISION:
        return
    if len(_noted) >= REMEMBERED:
        _noted.clear()
    _noted[credential_id] = now
    _writer.submit(_write, credential_id, now)


def written() -> None:
    """Wait until everything noted so far is in the database."""
    _writer.submit(lambda: None).result()


def _write(credential_id: UUID, now: datetime) -> None:
    close_old_connections()
    try:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - PRECISION)
        Credential.objects.filter(stale, pk=credential_id).update(last_used_at=now)
    except DatabaseError as error:
        # Whatever stands in the column stays true: it was used then, too.
        logger.warning("A credential's last use was not written: %s", type(error).__name__)
    finally:
        close_old_connections()
