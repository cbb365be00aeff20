"""No secret is where it should not be, whatever is done with it: logs, tables, Redis, pages."""

import asyncio
import json
from contextlib import suppress

import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.factories import PASSWORD

NAMED = ("authorization", "api_key", "apiKey", "secret", "password", "sessionSecret", "token")
SOCKETS = (
    "/api/ws/tenant",
    "/api/ws/chat",
    "/ws/chat",
    "/ws",
    "/",
    "/api/v1/ws/webCall",
    "/api/v1/ws/dev",
    "/nowhere",
)


def secrets_of(house):
    """Each secret that belongs to a tenant, by what it is."""
    return {
        "widget token": house.token,
        "bubble token": house.bubble_token,
        "API token": house.api_token,
        "API key": house.key,
        "web-integration token": house.integration_token,
        "session secret": house.secret,
        "access token": house.jwt,
        "refresh token": house.refresh,
        "provider's key": house.provider_key,
        "tool's header": house.tool_secret,
    }


def told(secrets, text):
    """Which of the secrets stand in a text."""
    return {name for name, secret in secrets.items() if secret in text}


@pytest.fixture(scope="module")
def secrets(house, neighbours):
    found = {
        f"{who.tenant.name}'s {name}": secret
        for who in (house, neighbours)
        for name, secret in secrets_of(who).items()
    }
    return found | {"SECRET_KEY": settings.SECRET_KEY, "password": PASSWORD}


def misuse(house, secret):
    """Bring a secret to every door but its own, in every place where one might put it."""
    is_known_by_its_look = secret.startswith(("wt_", "sk_", "wi_", "ss_", "eyJ"))
    with house.client() as client:
        for name in NAMED:
            client.get("/api/nowhere", params={name: secret})
        for path in ("/nowhere", f"{house.widget}/config", "/admin/login/", "/api/v1/ws/webCall"):
            client.get(path, params={name: f"Bearer {secret}"})
        if is_known_by_its_look:
            client.get(f"/api/{secret}")
            client.get("/nowhere", params={"x": secret})
            client.get(f"/api/widgets/{secret}/config")
        header = {"Authorization": f"Bearer {secret}"}
        for path in ("/api/me", f"{house.widget}/conversations", "/api/external/settings/x"):
            client.get(path, headers=header)
            client.get(path, headers={"Authorization": f"Basic {secret}"})
            client.get(
                path, headers={"X-Session-Secret": secret, "Referer": f"https://x/?{secret}"}
            )
            client.get(path, headers={"User-Agent": secret, "Cookie": f"__Host-session={secret}"})
        said = {"email": f"{secret[:40]}@x.example", "password": secret, "refresh": secret}
        for path in ("/api/auth/token", "/api/auth/refresh", "/api/auth/logout"):
            client.post(path, json=said)
            client.post(path, content=f'{{"password": "{secret}"', headers=JSON)
        client.post("/admin/login/", data={"username": secret[:40], "password": secret})
        client.post(f"{house.widget}/chat", json={"sessionId": secret, "message": [secret]})
        client.post("/api/external/initialize", json={"authToken": secret, "sessionSecret": secret})


JSON = {"Content-Type": "application/json"}


async def misuse_sockets(house, secrets):
    async def once(path, secret):
        url = (
            house.production.url.replace("http", "ws")
            + f"{path}?token={secret}&authorization={secret}"
        )
        frames = [
            {"type": "auth", "token": secret, "sessionId": "label", "sessionSecret": secret},
            {"type": "init", "api_key": secret, "session_token": secret},
            {"command": "initialize", "authToken": secret, "requestId": "1"},
            {"type": "initialize", "request": {"callType": "chat"}, "secret": secret},
        ]
        forwarded = {"X-Forwarded-Proto": "https"}
        with suppress(WebSocketException, OSError, TimeoutError):
            async with connect(url, proxy=None, additional_headers=forwarded) as ws:
                for frame in frames:
                    await ws.send(json.dumps(frame))
                await ws.send(f"no JSON {secret}")
                await ws.send(f"bytes {secret}".encode())
                async with asyncio.timeout(0.3):
                    async for _ in ws:
                        pass

    await asyncio.gather(*(once(path, secret) for path in SOCKETS for secret in secrets))


@pytest.fixture(scope="module")
def misused(house, neighbours, secrets, live_worker):
    """All secrets were brought to all doors; what the processes have written since then."""
    ours = [secret for name, secret in secrets.items() if not name.startswith("Neighbours")]
    for secret in ours:
        misuse(house, secret)
    asyncio.run(misuse_sockets(house, ours))
    call = {"sessionId": "label", "message": "Hello?"}
    with house.client(house.token, secret=house.secret) as client:
        client.post(f"{house.widget}/chat", json=call)


def test_no_process_logs_a_secret(misused, house, live_worker, secrets):
    written = house.production.log.read_text() + live_worker.log.read_text()

    assert told(secrets, written) == set()
    assert "/api/v1/ws/webCall?token=[redacted]" in written
    assert written.count("[redacted]") > 50


def test_each_line_of_a_log_is_one_json_object(misused, house):
    """Whatever stands in an address or a name, nobody forges a line or colours a terminal."""
    evil = "x%0A%7B%22level%22:%22forged%22%7D%0D%1B%5B31m%C2%85%E2%80%A8y"
    with house.client() as client:
        client.get(f"/api/{evil}?q={evil}")
        client.get("/nowhere", headers={"User-Agent": "x\t{forged}", "X-Request-ID": "a b"})
        client.post(
            "/api/auth/token", json={"email": "a\n{forged}\x1b[31m@x.example", "password": "x"}
        )
        client.post(f"{house.widget}/track", json={"sessionId": "\x1b[31m", "event": "e"})

    lines = house.production.log.read_text().split("\n")
    entries = [json.loads(line) for line in lines if line]

    assert all(entry.keys() >= {"level", "logger", "message", "timestamp"} for entry in entries)
    assert "forged" not in {entry["level"] for entry in entries}
    assert not [line for line in lines if any(ord(letter) < 32 for letter in line)]
    assert "\x85" not in "".join(lines)
    assert "\u2028" not in "".join(lines)


def test_a_dump_of_the_database_holds_no_secret_that_opens_anything(misused, house, secrets):
    """Neither as a column nor within an event, a message of the worker's or the audit log."""
    found = {}
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" t')
            if names := told(secrets, cursor.fetchone()[0] or ""):
                found[table] = names

    assert found == {}


def test_redis_holds_no_secret(misused, secrets):
    store = redis.Redis.from_url(settings.REDIS_URL)
    kept = []
    readers = {
        b"string": store.get,
        b"list": lambda key: store.lrange(key, 0, -1),
        b"hash": store.hgetall,
        b"set": store.smembers,
        b"zset": lambda key: store.zrange(key, 0, -1),
    }
    for key in store.scan_iter():
        kind = store.type(key)
        if kind in readers:
            kept.append(f"{key} {readers[kind](key)}")
    store.close()

    assert kept
    assert told(secrets, "\n".join(kept)) == set()


def test_no_answer_holds_a_secret_that_was_not_asked_for(looked, secrets):
    """Of all GETs of the product and of its admin, by somebody who may, only snippets do."""
    found = {name: told(secrets, look.text) for name, look in looked.items()}

    assert {name: names for name, names in found.items() if names} == {
        "GET admin/playground/<uuid:bubble_id>/": {"House's bubble token"},
        "GET admin/playground/<uuid:bubble_id>/page/": {"House's bubble token"},
        "GET admin/widgets/bubble/<path:object_id>/change/": {"House's bubble token"},
    }


def test_the_doctor_tells_no_secret(secrets, capsys):
    with suppress(CommandError):
        call_command("doctor")

    output = "".join(capsys.readouterr())
    assert "database" in output
    assert told(secrets, output) == set()
