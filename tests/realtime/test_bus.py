import uuid

import pytest
from celery import current_app
from django.conf import settings
from kombu import Connection

from realtime import bus
from tenants import context


@pytest.fixture
def queue():
    """A queue of the broker that gets this test's nudges and no other's."""
    name = f"test-{uuid.uuid4().hex}"
    current_app.conf.task_routes = {f"{name}.task": {"queue": name}}
    with Connection(settings.CELERY_BROKER_URL) as connection:
        queue = connection.SimpleQueue(name)
        yield queue
        queue.queue.delete()
        queue.close()
    current_app.conf.task_routes = None


def test_a_job_knows_the_request_that_it_goes_back_to_and_no_earlier_one(queue):
    @current_app.task(name=f"{queue.queue.name}.task")
    def tell(number):
        return number, context.request_id.get()

    for number, request_id in enumerate(["request-one", ""]):
        token = context.request_id.set(request_id)
        bus.nudge(tell.name, number=number)
        context.request_id.set("another request of this thread")
        message = queue.get(timeout=10)
        message.ack()

        arguments = message.payload[1]
        tell.push_request(headers=message.headers)
        tell.before_start(message.headers["id"], (), arguments)

        assert tell(**arguments) == (number, request_id)
        tell.pop_request()
        context.request_id.reset(token)
