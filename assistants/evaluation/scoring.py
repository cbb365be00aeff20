"""Asks an assistant many questions and counts what came of them."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.db import router, transaction

from assistants.engines.knowledge import find
from assistants.knowledge.bands import Band, Hit
from assistants.models import Assistant
from assistants.versions import VersionSnapshot, create_assistant, snapshot
from tenants.ids import uuid7
from tenants.models import Tenant
from tenants.scope import TenantModel, tenant_scope


@dataclass(frozen=True)
class Case:
    """A question, and how to tell the entry that answers it; without that nothing does."""

    question: str
    is_right: Callable[[Hit], bool] | None = None


@dataclass
class Tally:
    """Counts of cases; those that nothing answers are ``foreign``."""

    asked: int = 0
    first: int = 0
    among_three: int = 0
    right: int = 0
    wrong: int = 0
    offered_right: int = 0
    offered_wrong: int = 0
    handed_over: int = 0
    foreign: int = 0
    foreign_answered: int = 0
    foreign_offered: int = 0
    milliseconds: list[float] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)


@contextmanager
def scratch_assistant() -> Iterator[Assistant]:
    """An assistant of a tenant that nobody will ever have seen: all of it is rolled back."""
    with transaction.atomic(using=router.db_for_write(TenantModel)):
        tenant = Tenant.objects.create(name="Evaluation", slug=f"evaluation-{uuid7()}")
        with tenant_scope(tenant.pk):
            yield create_assistant("Evaluation")
        transaction.set_rollback(True, using=router.db_for_write(TenantModel))


def score(assistant: Assistant, cases: Iterable[Case]) -> Tally:
    """Put each question to the assistant's search, as a visitor's question would be."""
    assistant.refresh_from_db()
    version = snapshot(assistant)
    assert version is not None
    tally = Tally()
    for case in cases:
        _count(tally, case, *_timed(tally, version, case.question))
    return tally


def _timed(tally: Tally, version: VersionSnapshot, question: str) -> tuple[Band, list[Hit]]:
    start = time.perf_counter()
    found = find(version, question)
    tally.milliseconds.append((time.perf_counter() - start) * 1000)
    return found


def _count(tally: Tally, case: Case, band: Band, hits: list[Hit]) -> None:
    if case.is_right is None:
        tally.foreign += 1
        tally.foreign_answered += band is Band.ANSWER
        tally.foreign_offered += band is Band.OFFER
        if band is Band.ANSWER:
            tally.misses.append(f"answered: {case.question} → {hits[0].citation}")
        return
    is_first = bool(hits) and case.is_right(hits[0])
    is_among = any(case.is_right(hit) for hit in hits[:3])
    tally.asked += 1
    tally.first += is_first
    tally.among_three += is_among
    tally.right += band is Band.ANSWER and is_first
    tally.wrong += band is Band.ANSWER and not is_first
    tally.offered_right += band is Band.OFFER and is_among
    tally.offered_wrong += band is Band.OFFER and not is_among
    tally.handed_over += band is Band.HAND_OVER
    if not is_first:
        found = f"{hits[0].citation} ({hits[0].score:.2f})" if hits else "nothing"
        tally.misses.append(f"{band}: {case.question} → {found}")


def row(name: str, tally: Tally) -> dict[str, Any]:
    """One line of the table; shares are of the questions that have an answer."""
    asked = tally.asked or 1
    return {
        "set": name,
        "questions": tally.asked,
        "recall@1": f"{tally.first / asked:.3f}",
        "recall@3": f"{tally.among_three / asked:.3f}",
        "right": f"{tally.right / asked:.3f}",
        "wrong": f"{tally.wrong / asked:.3f}",
        "offered": f"{(tally.offered_right + tally.offered_wrong) / asked:.3f}",
        "with hit": f"{tally.offered_right / asked:.3f}",
        "handed over": f"{tally.handed_over / asked:.3f}",
        "out of domain": tally.foreign,
        "answered": tally.foreign_answered,
        "titles": tally.foreign_offered,
        "ms p50": f"{median(tally.milliseconds or [0.0]):.1f}",
    }
