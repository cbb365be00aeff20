import json
import os
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from gateways.blackbox.integrations import integration_by_id
from tenants import credentials, sessions
from tenants.models import Credential, Tenant
from tenants.scope import tenant_scope

ROOT = Path(__file__).resolve().parents[2]
# Reads one guide instead of all, which would take half a minute for two tenants; that all of them
# are read is seen where the whole product is started.
BRIEFLY = """
import sys, django
django.setup()
from django.core.management import execute_from_command_line
from livechat import demo
demo.GUIDES = ["docs/getting-started.md"]
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""
FIELDS = [
    "baseUrl",
    "tenantId",
    "assistantId",
    "bubbleCode",
    "widgetToken",
    "bubbleToken",
    "apiToken",
    "webIntegrationToken",
    "apiKey",
    "email",
    "password",
]


def demo(name, **changes):
    return subprocess.run(
        [sys.executable, "-c", BRIEFLY, "demo", "--json", "--tenant", name],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "livechat.settings", **changes},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def shown():
    """Two demo tenants; the first is asked for by two commands at once."""
    names = [f"Shop {uuid.uuid4().hex[:8]}" for _ in range(2)]
    with ThreadPoolExecutor(3) as threads:
        first, same, other = threads.map(demo, [names[0], names[0], names[1]])
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == same.stdout
    return names[0], json.loads(first.stdout), json.loads(other.stdout)


def test_a_demo_tenant_has_all_that_a_client_needs(shown):
    _, first, other = shown

    assert sorted(first) == sorted(FIELDS)
    assert all(first.values())
    assert not {v for k, v in first.items() if k != "baseUrl"} & set(other.values())


def test_asking_again_shows_the_same(shown):
    name, first, _ = shown

    assert json.loads(demo(name).stdout) == first


def test_every_credential_of_a_demo_tenant_works(shown):
    _, first, _ = shown
    kinds = Credential.Kind
    for field, kind in {
        "widgetToken": kinds.WIDGET_TOKEN,
        "bubbleToken": kinds.BUBBLE_TOKEN,
        "apiToken": kinds.API_TOKEN,
        "apiKey": kinds.API_KEY,
        "webIntegrationToken": kinds.WEB_INTEGRATION_TOKEN,
    }.items():
        grant = credentials.verify(first[field], kinds=[kind])
        assert (str(grant.tenant_id), grant.tenant_is_demo) == (first["tenantId"], True)
        assert kind != kinds.WEB_INTEGRATION_TOKEN or _is_integration(grant)
    pair = sessions.log_in(email=first["email"], password=first["password"])
    assert str(sessions.verify_access(pair.access).tenant_id) == first["tenantId"]


def _is_integration(grant):
    with tenant_scope(grant.tenant_id):
        return integration_by_id(grant.subject_id).allow_web_chat


def test_what_the_database_keeps_hashed_is_readable_by_the_owner_only(shown):
    _, first, _ = shown
    kept = settings.VAR_DIR / "demo" / f"{first['tenantId']}.json"

    assert set(json.loads(kept.read_text())) == {"apiKey", "email", "password"}
    assert kept.stat().st_mode & 0o077 == 0


def test_demo_tenants_have_no_rate_limit(shown, live_server_url):
    _, first, _ = shown
    url = f"{live_server_url}/api/widgets/{first['tenantId']}/track"
    headers = {"Authorization": f"Bearer {first['widgetToken']}"}
    chat = f"{live_server_url}/api/widgets/{first['tenantId']}/session"
    with httpx.Client(headers=headers) as client:
        assert {client.post(chat, json={}).status_code for _ in range(25)} == {200}
        body = {"sessionId": "s", "event": "opened"}
        assert client.post(url, json=body).status_code == 200


def test_without_a_database_one_line_says_what_to_do():
    result = demo("Demo", DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing")

    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "Start the product" in line


def test_the_demo_tenants_are_marked(shown, acme):
    _, first, _ = shown

    tenant = Tenant.objects.get(pk=first["tenantId"])
    assert (tenant.is_demo, tenant.guests_allowed) == (True, True)
    assert (acme.is_demo, acme.guests_allowed) == (False, False)


def test_a_customers_tenant_is_never_taken_for_a_demo(acme):
    refused = demo(acme.slug)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is no demo tenant" in refused.stderr
    assert not Credential.objects.filter(tenant=acme).exists()
