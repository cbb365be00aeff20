"""Reading knowledge and answering questions are two processes, and neither does the other's."""

import os
import signal
import threading

import pytest

from assistants import ingestion_process
from assistants.knowledge.ingestion import add_source, ingest
from assistants.models import KnowledgeSource
from conversations.models import Turn, TurnState
from conversations.models.turn import OPEN_STATES
from realtime.models import Pulse
from tenants.scope import tenant_scope
from tests.assistants.knowing import needs_model, teach
from tests.factories import make_assistant, make_visitor, write
from tests.servers import wait_until, working


def status(source):
    with tenant_scope(source.tenant_id):
        return KnowledgeSource.objects.get(pk=source.pk).status


def turns(tenant):
    with tenant_scope(tenant.id):
        return set(Turn.objects.values_list("state", flat=True))


def niceness(pid):
    return os.getpriority(os.PRIO_PROCESS, pid)


@pytest.fixture
def assistant(acme, globex):
    make_assistant(globex)
    return make_assistant(acme)


def add(assistant):
    with tenant_scope(assistant.tenant_id):
        return add_source(assistant, kind="text", title="Help", content="We open at nine.")


def test_the_ingestion_process_reads_and_makes_no_answers(acme, assistant, processes_folder):
    write(acme, make_visitor(), "Is anybody there?")
    workers = list(Pulse.objects.filter(name="worker"))

    with working(processes_folder, queues="ingestion", pulse="ingestion") as process:
        source = add(assistant)
        wait_until(lambda: status(source) == "ready", process)
        assert niceness(process.pid) > niceness(0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    assert turns(acme) == {TurnState.QUEUED}
    assert list(Pulse.objects.filter(name="worker")) == workers


def test_the_worker_answers_and_reads_nothing(acme, assistant, processes_folder):
    write(acme, make_visitor(), "Is anybody there?")

    with working(processes_folder) as process:
        source = add(assistant)
        wait_until(lambda: not turns(acme) & set(OPEN_STATES), process)

        assert status(source) == "pending"


@needs_model
def test_a_process_that_ends_gives_back_what_it_was_reading(acme, assistant, monkeypatch):
    _, source = teach(acme, assistant=assistant, kind="text", content="Old.")
    other = add(assistant)
    stopping = threading.Event()
    stopping.set()
    monkeypatch.setattr(ingestion_process, "_stopping", stopping)

    assert ingest(other).status == "pending"
    stopping.clear()
    assert ingest(other).status == "ready"
    assert status(source) == "ready"
