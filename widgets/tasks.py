"""What the worker is told about visitors who wait for a person, or for whom one has replied."""

import logging
from uuid import UUID

from celery import shared_task

from conversations import queueing, routing, worker
from widgets import absence, reply_mail

logger = logging.getLogger(__name__)


@shared_task(name=queueing.NUDGE)
def route(tenant_id: str) -> None:
    _route(UUID(tenant_id))


def keep_queues() -> None:
    """Do what nobody was told to do, or what has become due."""
    for tenant_id in {*routing.due(), *absence.due()}:
        try:
            _route(tenant_id)
        except Exception:
            # The others are not to wait for this one, whatever it is that fails every time.
            logger.exception("The queues of %s could not be routed", tenant_id)
    reply_mail.send_due()


def _route(tenant_id: UUID) -> None:
    if routing.route(tenant_id):
        absence.tell_changes(tenant_id)
    absence.tell(tenant_id)


worker.do_regularly(keep_queues)
