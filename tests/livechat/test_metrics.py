"""The figures of real processes, on ports of their own."""

import json

import httpx
from websockets.sync.client import connect

from tests.figures import Scraped
from tests.waiting import until
from tests.widgets.shops import make_shop, teach

CHAT = "api/widgets/<str:widget_id>/chat"


def test_web_server_and_worker_tell_what_they_did_and_for_nobody_in_particular(
    live_server_url, live_worker, metrics_ports, acme, globex
):
    shops = [make_shop(tenant, live_server_url) for tenant in (acme, globex)]
    teach(shops[0])
    web, worker = (Scraped(metrics_ports[name]) for name in ("web", "worker"))

    with shops[0].client() as visitor:
        asked = {"sessionId": "metrics-session", "message": "Do you ship to Norway?"}
        assert visitor.post("chat", json=asked).status_code == 200
    with connect(live_server_url.replace("http", "ws") + "/api/ws/tenant") as socket:
        until(lambda: Scraped(metrics_ports["web"]).figure("livechat_sockets", protocol="tenant"))
        socket.send('{"type":"auth","token":"bad"}')
        assert json.loads(socket.recv())["type"] == "error"

    def now(name, **labels):
        return Scraped(metrics_ports["web"]).figure(name, **labels) - web.figure(name, **labels)

    until(lambda: now("livechat_socket_closes_total", protocol="tenant", code="4401") == 1)
    assert now("livechat_http_request_seconds_count", route=CHAT, status="2xx") == 1
    assert now("livechat_messages_received_total", channel="chat") == 1
    assert now("livechat_hints_total", to="worker", outcome="sent") == 1
    assert now("livechat_sockets", protocol="tenant") == 0
    until(lambda: Scraped(metrics_ports["worker"]).figure("livechat_turns_running") == 0)
    after = Scraped(metrics_ports["worker"])
    for name, labels in [
        ("livechat_turn_seconds_count", {"outcome": "answered"}),
        ("livechat_turn_wait_seconds_count", {}),
    ]:
        assert after.figure(name, **labels) - worker.figure(name, **labels) == 1
    assert after.figure("livechat_database_connections", database="default") >= 1
    text = Scraped(metrics_ports["web"]).text + after.text
    assert "process_resident_memory_bytes" in text
    for secret in (str(acme.id), str(globex.id), shops[0].bubble.code, "metrics-session", "Norway"):
        assert secret not in text


def test_figures_are_not_on_the_public_port(live_server_url):
    assert httpx.get(f"{live_server_url}/metrics", trust_env=False).status_code == 404
