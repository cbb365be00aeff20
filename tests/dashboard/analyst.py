"""A worker for analyses alone, so that whatever visitors ask stays unanswered."""

import asyncio
import threading

import pytest

from assistants import analyses
from assistants.nlu.analysis import analyze


class Analyst:
    """Makes every analysis that somebody waits for, until it is stopped."""

    def __init__(self):
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self._thread.join()

    def _work(self):
        while not self._stopping.wait(0.1):
            for tenant_id, analysis_id in analyses.due():
                if job := analyses.claim(tenant_id, analysis_id):
                    analyses.finish(job, asyncio.run(analyze(job.version, job.text)))


@pytest.fixture(scope="module")
def analyst(database):
    analyst = Analyst()
    yield analyst
    analyst.stop()
