"""Faults of all kinds, in an order that a seed gives, under clients who note what they were told.

``FAULT_SEED=7 pytest tests/faults/test_machine.py`` runs another order, or one that failed again.
"""

import logging
import os
import random

import pytest

from tests.faults.crowd import Crowd
from tests.faults.nemesis import Nemesis
from tests.faults.stage import Stage

logger = logging.getLogger(__name__)

SEED = int(os.environ.get("FAULT_SEED", "1"))
FAULTS = [
    "clients_cut",
    "clients_cut",
    "responses_dropped",
    "responses_dropped",
    "clients_reset",
    "web_killed",
    "worker_killed",
    "database_cut",
    "backends_terminated",
    "postgres_restarted",
    "redis_flushed",
    "redis_clients_killed",
    "redis_killed",
]


async def test_faults_lose_double_and_disorder_nothing(product, web, worker, tenants):
    chosen = random.Random(SEED)
    order = chosen.sample(FAULTS, len(FAULTS))
    stage = Stage(product)
    nemesis, crowd = Nemesis(stage, chosen), Crowd(stage, tenants)
    try:
        await stage.start(web=web, worker=worker)
        async with crowd.busy():
            for fault in order:
                await getattr(nemesis, fault)()
                logger.info("%s: recovered in %.1f s", fault, await crowd.recovered(fault))
    finally:
        await stage.stop()

    checker = crowd.check()
    confirmed = sum(len(history.confirmed) for history in crowd.histories.values())
    logger.info("%d messages, %s", confirmed, crowd.histories[tenants[0]].losses)
    if checker.violations:
        pytest.fail("\n".join([f"FAULT_SEED={SEED}", *order, *checker.violations[:30]]))
