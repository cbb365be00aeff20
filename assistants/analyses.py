"""Analyses as rows: wanted by whoever asks, made by the worker, and forgotten soon.

At least once: an analysis that is made twice comes out the same.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import router, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from assistants.models import Analysis, Assistant
from assistants.versions import VersionSnapshot, snapshot_of
from realtime import bus
from tenants.errors import NotFound, Unavailable
from tenants.executor import run_in_db_thread
from tenants.scope import platform_scope, tenant_scope

TEXT_LIMIT = 8_000
LEASE = timedelta(seconds=12)
ATTEMPTS = 2
WAIT_SECONDS = 10.0
# From one look at the row to the next: soon at first, as most take no longer.
PAUSES = (0.05, 0.1, 0.2)
# Nobody waits for one that is older.
WANTED = timedelta(seconds=30)
KEPT = timedelta(hours=1)
# Its worker's loop belongs to the room above.
NUDGE = "conversations.tasks.analyze"


@dataclass(frozen=True)
class Job:
    """An analysis that this worker holds."""

    tenant_id: UUID
    analysis_id: UUID
    attempt: int
    version: VersionSnapshot
    text: str
    language: str


def want(assistant: Assistant, text: str, *, language: str = "", staging: bool = False) -> UUID:
    """Have a message analysed, in the tenant's scope; ``wait_for`` its id afterwards.

    Raises NotFound for an assistant that has no such version.
    """
    version_id = (staging and assistant.staging_id) or assistant.production_id
    if version_id is None:
        raise NotFound("This assistant is not published.", code="assistant_not_found")
    analysis = Analysis.objects.create(
        tenant_id=assistant.tenant_id,
        version_id=version_id,
        text=text,
        language=language,
        created_at=Now(),
    )
    _nudge_after_commit(analysis)
    return analysis.id


async def wait_for(
    tenant_id: UUID, analysis_id: UUID, *, seconds: float = WAIT_SECONDS
) -> dict[str, Any]:
    """The result, outside any scope. Raises Unavailable when it does not come in time."""
    deadline = asyncio.get_running_loop().time() + seconds
    looks = 0
    while asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
        looks += 1
        if result := await run_in_db_thread(_result, tenant_id, analysis_id):
            return result
    raise Unavailable("The analysis took too long; try again.", code="analysis_timeout")


def claim(tenant_id: UUID, analysis_id: UUID) -> Job | None:
    """Take the lease; None when somebody else holds it, or when it is finished or given up."""
    with tenant_scope(tenant_id):
        rows = Analysis.objects.filter(pk=analysis_id)
        taken = rows.filter(_workless(), attempt__lt=ATTEMPTS).update(
            state=Analysis.State.RUNNING, attempt=F("attempt") + 1, lease_until=Now() + LEASE
        )
        if not taken:
            return None
        row = rows.select_related("version__assistant").get()
        return Job(tenant_id, row.id, row.attempt, snapshot_of(row.version), row.text, row.language)


def finish(job: Job, result: Mapping[str, object]) -> None:
    with tenant_scope(job.tenant_id):
        Analysis.objects.filter(pk=job.analysis_id, state=Analysis.State.RUNNING).update(
            state=Analysis.State.DONE, result=dict(result)
        )


def due(*, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """Analyses of all tenants that nobody makes and somebody waits for: (tenant, analysis)."""
    with platform_scope("find waiting analyses"):
        rows = Analysis.objects.filter(
            _workless(), attempt__lt=ATTEMPTS, created_at__gt=Now() - WANTED
        )
        return list(rows.order_by("created_at").values_list("tenant_id", "id")[:limit])


def forget_old() -> None:
    """Delete what was analysed an hour ago."""
    with platform_scope("forget analyses"):
        old = Analysis.objects.filter(created_at__lt=Now() - KEPT)
        Analysis.objects.filter(pk__in=old.values("pk")[:10_000]).delete()


def forget(texts: "QuerySet[Any] | Collection[str]") -> None:
    """Delete the analyses of these very texts, in the tenant's scope."""
    Analysis.objects.filter(text__in=texts).delete()


def _workless() -> Q:
    return Q(state=Analysis.State.QUEUED) | Q(state=Analysis.State.RUNNING, lease_until__lt=Now())


def _result(tenant_id: UUID, analysis_id: UUID) -> dict[str, Any] | None:
    with tenant_scope(tenant_id):
        found = Analysis.objects.filter(pk=analysis_id).values_list("result", flat=True)
        result: dict[str, Any] | None = found.first()
        return result


def _nudge_after_commit(analysis: Analysis) -> None:
    tenant_id, analysis_id = str(analysis.tenant_id), str(analysis.id)

    def nudge() -> None:
        bus.nudge(NUDGE, tenant_id=tenant_id, analysis_id=analysis_id)

    transaction.on_commit(nudge, using=router.db_for_write(Analysis), robust=True)
