"""What the worker is told to look at."""

import logging
from uuid import UUID

from celery import shared_task
from django.db import Error

from assistants import analyses
from conversations import (
    attachments,
    counts,
    drafts,
    housekeeping,
    labels,
    notices,
    search_filling,
    worker,
)
from realtime.pulses import beat
from tenants import invitations, mail_delivery

logger = logging.getLogger(__name__)

HOUSEKEEPING = (
    housekeeping.wake_snoozed,
    housekeeping.give_back_reservations,
    housekeeping.forget_old_events,
    housekeeping.forget_unused,
    housekeeping.forget_silent,
    housekeeping.finish_erasing,
    counts.fold,
    labels.carry_out_all,
    drafts.forget_old,
    search_filling.fill_search,
    notices.tell_of_replies,
    analyses.forget_old,
    attachments.forget_unsent,
    mail_delivery.forget_old,
    invitations.forget_old,
)


@shared_task
def answer(tenant_id: str, turn_id: str) -> None:
    worker.current().submit(UUID(tenant_id), UUID(turn_id))


@shared_task
def analyze(tenant_id: str, analysis_id: str) -> None:
    worker.current().submit_analysis(UUID(tenant_id), UUID(analysis_id))


@shared_task
def keep_house() -> None:
    beat("beat")
    for work in HOUSEKEEPING:
        try:
            work()
        except Error:
            # The rest is not to wait for this: what fails may fail every time.
            logger.exception("Housekeeping could not %s", work.__name__.replace("_", " "))
