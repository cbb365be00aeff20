"""Analyses as rows: made once more when a worker dies, awaited, and forgotten."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from assistants import analyses
from assistants.models import Analysis
from assistants.versions import create_version, publish
from conversations import tasks
from tenants.errors import NotFound, Unavailable
from tenants.ids import uuid7
from tenants.scope import tenant_scope
from tests.factories import make_assistant

RESULT = {"topIntent": None}


@pytest.fixture
def assistant(acme, globex):
    make_assistant(globex)
    return make_assistant(acme)


def want(assistant, text="Hello?", **fields):
    with tenant_scope(assistant.tenant_id):
        return analyses.want(assistant, text, **fields)


def change(tenant, **fields):
    with tenant_scope(tenant.id):
        Analysis.objects.update(**fields)


def ago(**period):
    return datetime.now(UTC) - timedelta(**period)


async def test_a_result_reaches_who_waits_for_it(acme, globex, assistant):
    wanted = await asyncio.to_thread(want, assistant)
    waiting = asyncio.create_task(analyses.wait_for(acme.id, wanted))
    job = await asyncio.to_thread(analyses.claim, acme.id, wanted)
    await asyncio.to_thread(analyses.finish, job, RESULT)

    assert await waiting == RESULT
    with pytest.raises(Unavailable):
        await analyses.wait_for(globex.id, wanted, seconds=0.2)


async def test_who_waits_too_long_is_told_so(acme, assistant):
    wanted = await asyncio.to_thread(want, assistant)

    with pytest.raises(Unavailable) as refused:
        await analyses.wait_for(acme.id, wanted, seconds=0.2)

    assert (refused.value.status, refused.value.code) == (503, "analysis_timeout")


def test_a_job_holds_what_its_worker_needs(acme, assistant):
    wanted = want(assistant, "Hallo?", language="de")

    job = analyses.claim(acme.id, wanted)

    assert (job.text, job.language, job.version.name) == ("Hallo?", "de", "Ada")


def test_one_worker_makes_it_until_its_lease_lapses_and_nobody_for_ever(acme, globex, assistant):
    wanted = want(assistant)

    assert analyses.claim(globex.id, wanted) is None
    assert analyses.claim(acme.id, uuid7()) is None
    attempts = []
    for _ in range(analyses.ATTEMPTS):
        attempts.append(analyses.claim(acme.id, wanted).attempt)
        assert analyses.claim(acme.id, wanted) is None
        change(acme, lease_until=ago(seconds=1))

    assert attempts == [1, 2]
    assert analyses.claim(acme.id, wanted) is None


def test_the_sweep_finds_what_nobody_makes_and_somebody_waits_for(acme, assistant):
    wanted = want(assistant)
    assert (acme.id, wanted) in analyses.due(limit=10_000)

    job = analyses.claim(acme.id, wanted)
    assert (acme.id, wanted) not in analyses.due(limit=10_000)
    change(acme, lease_until=ago(seconds=1))
    assert (acme.id, wanted) in analyses.due(limit=10_000)

    change(acme, created_at=ago(seconds=31))
    assert (acme.id, wanted) not in analyses.due(limit=10_000)
    change(acme, created_at=datetime.now(UTC))
    analyses.finish(job, RESULT)
    assert (acme.id, wanted) not in analyses.due(limit=10_000)


def test_the_staged_version_is_used_where_it_is_wanted(acme, assistant):
    with tenant_scope(acme.id):
        staged = create_version(assistant, greeting="Staged.")

    public, staging = (
        analyses.claim(acme.id, want(assistant, staging=staging)).version
        for staging in (False, True)
    )

    assert staging.version_id == staged.id != public.version_id
    with tenant_scope(acme.id):
        publish(staged)
    assert analyses.claim(acme.id, want(assistant)).version.version_id == staged.id


def test_an_assistant_without_a_published_version_understands_nothing(acme, assistant):
    assistant.production = assistant.staging = None

    with pytest.raises(NotFound):
        want(assistant)


def test_what_visitors_wrote_is_forgotten_after_an_hour(acme, globex, assistant):
    want(assistant)
    change(acme, created_at=ago(minutes=61))
    kept = want(assistant)

    tasks.keep_house()

    with tenant_scope(acme.id):
        assert list(Analysis.objects.values_list("id", flat=True)) == [kept]
