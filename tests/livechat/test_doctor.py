import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import InterfaceError, connections

from livechat import health
from realtime.models import Pulse
from realtime.pulses import beat

ROOT = Path(__file__).resolve().parents[2]


def doctor(**changes):
    """What ``manage.py doctor`` finds in a process of its own: code → finding."""
    result = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=ROOT,
        env={**os.environ, "PUBLIC_URL": "http://127.0.0.1:9", **changes},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in result.stderr
    return {finding["code"]: finding for finding in json.loads(result.stdout)}


def failing(findings):
    return {code for code, finding in findings.items() if finding["problem"]}


def test_the_doctor_names_what_is_missing_and_what_to_do():
    findings = doctor()

    assert {"websocket", "public_url"} <= failing(findings)
    assert not {"database", "migrations", "roles", "redis", "clock"} & failing(findings)
    assert all(findings[code]["remedy"] for code in failing(findings))


def test_the_doctor_survives_a_dead_database():
    findings = doctor(DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing")

    assert {"database", "migrations", "roles", "worker", "ingestion", "beat", "clock"} <= failing(
        findings
    )


def test_the_doctor_notices_a_dead_redis():
    assert "redis" in failing(doctor(REDIS_URL="redis://127.0.0.1:9/0"))


def test_even_the_owners_login_serves_requests_confined():
    findings = doctor(DATABASE_URL=os.environ["DATABASE_OWNER_URL"])

    assert "roles" not in failing(findings)


@pytest.mark.parametrize("name", ["worker", "ingestion", "beat"])
def test_a_process_that_fell_silent_is_noticed(name):
    beat(name)
    assert [f.is_well for f in health.examine(name)] == [True]

    Pulse.objects.filter(name=name).update(at=datetime.now(UTC) - timedelta(minutes=5))

    (finding,) = health.examine(name)
    assert "silent" in finding.problem
    beat(name)


@pytest.fixture
def unprotected_table():
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE tenants_auditentry DISABLE ROW LEVEL SECURITY")
        yield "tenants_auditentry"
        cursor.execute("ALTER TABLE tenants_auditentry ENABLE ROW LEVEL SECURITY")


def test_a_tenant_table_without_its_policy_is_noticed(unprotected_table):
    (finding,) = health.examine("roles")

    assert unprotected_table in finding.problem


def test_a_lost_connection_is_a_finding_too(monkeypatch):
    def lost():
        raise InterfaceError("the connection is closed")

    monkeypatch.setattr(health.connection, "cursor", lost)

    (finding,) = health.examine("database")

    assert "the connection is closed" in finding.problem


def test_without_the_product_the_doctor_says_so_at_once(tmp_path):
    nothing = {"DATABASE_URL": "", "DATABASE_OWNER_URL": "", "REDIS_URL": ""}

    findings = doctor(VAR_DIR=str(tmp_path), **nothing)

    for code in ("database", "redis"):
        assert "make run" in findings[code]["remedy"]
