import json

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator

from livechat.asgi import application
from tenants.drain import draining
from tests.livechat.asgi_client import Client


async def test_the_application_starts_and_ends():
    lifespan = ApplicationCommunicator(application, {"type": "lifespan"})

    await lifespan.send_input({"type": "lifespan.startup"})
    assert await lifespan.receive_output(10) == {"type": "lifespan.startup.complete"}
    await lifespan.send_input({"type": "lifespan.shutdown"})
    assert await lifespan.receive_output() == {"type": "lifespan.shutdown.complete"}
    await lifespan.wait()


@pytest.mark.parametrize("path", ["/api/ws", "/api/ws/tenant/", "/api/ws/tenantx"])
async def test_an_unknown_socket_is_told_so(path):
    client = WebsocketCommunicator(application, path)

    assert (await client.connect())[0]
    assert json.loads(await client.receive_from())["code"] == "not_found"
    assert (await client.receive_output())["code"] == 4404
    await client.wait()


async def test_a_process_that_drains_is_not_ready():
    client = Client(application)
    before = await client.get("/readyz")
    draining.set()
    try:
        meanwhile = await client.get("/readyz")
        alive = await client.get("/healthz")
    finally:
        draining.clear()

    assert (before.status, before.json()["failing"]) == (200, [])
    assert (meanwhile.status, meanwhile.json()["failing"]) == (503, ["draining"])
    assert alive.status == 200


async def test_health_is_told_to_who_asks_by_address(settings):
    settings.ALLOWED_HOSTS = ["chat.example.com"]
    client = Client(application)

    answers = [
        await client.get(path, headers={"host": "10.0.0.7:8000"})
        for path in ("/healthz", "/readyz", "/api/docs")
    ]

    assert [answer.status for answer in answers] == [200, 200, 400]


async def test_the_pages_and_the_api_are_reachable():
    client = Client(application)

    assert (await client.get("/api/nothing")).json()["code"] == "not_found"
    assert (await client.get("/api/docs")).status == 200
    assert (await client.get("/admin/login/")).status == 200
    assert (await client.get("/static/rest_framework/css/default.css")).status == 200
    mark = await client.get("/favicon.ico")
    assert (mark.status, mark.headers["content-type"]) == (200, "image/svg+xml")
