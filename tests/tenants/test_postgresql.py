"""A pool's connections: found dead in time, and otherwise not asked."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from copy import deepcopy

import psycopg
import pytest
from django.db import OperationalError, connections

from tenants.postgresql import base
from tenants.postgresql.base import DatabaseWrapper


@pytest.fixture
def pooled():
    """The only connection of a pool."""
    settings = deepcopy(connections["default"].settings_dict)
    settings["OPTIONS"]["pool"] |= {"min_size": 1, "max_size": 1}
    database = DatabaseWrapper(settings, alias="pooled")
    yield database
    database.close()
    database.close_pool()


@pytest.fixture
def other(pooled):
    """A connection beside it, of the user that logs in."""
    with closing(psycopg.connect(**pooled.get_connection_params(), autocommit=True)) as other:
        other.execute("SET ROLE NONE")
        yield other


def pid_of(database):
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_a_connection_that_the_server_has_ended_is_replaced(pooled, other):
    ended = pid_of(pooled)
    pooled.close()

    other.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])

    assert pid_of(pooled) != ended


def test_news_from_the_server_do_no_harm(pooled, other):
    told = pid_of(pooled)
    with pooled.cursor() as cursor:
        cursor.execute("LISTEN news")
    pooled.close()

    other.execute("NOTIFY news")

    assert pid_of(pooled) == told


def test_a_connection_is_not_asked_whether_it_lives(pooled, monkeypatch):
    known = pid_of(pooled)
    asked = []
    monkeypatch.setattr("psycopg_pool.ConnectionPool.check_connection", asked.append)

    pooled.close()

    assert (pid_of(pooled), asked) == (known, [])


@pytest.fixture
def waits(pooled, monkeypatch):
    """Asks for a connection, and returns for how long that waited in vain; None if it came."""
    monkeypatch.setattr(base, "PAUSE_SECONDS", 0.3)
    pooled.pool.timeout = 0.2

    def wait(_=None):
        begun, another = time.monotonic(), pooled.copy()
        try:
            another.ensure_connection()
        except OperationalError:
            return time.monotonic() - begun
        another.close()
        return None

    return wait


def test_while_one_waits_in_vain_nobody_else_waits(pooled, waits):
    pooled.ensure_connection()

    first, second = waits(), waits()
    time.sleep(0.35)
    with ThreadPoolExecutor(5) as threads:
        *others, one = sorted(threads.map(waits, range(5)))

    assert min(first, one) > 0.15
    assert max(second, *others) < 0.1


def test_a_connection_that_is_there_again_is_everybodys_at_once(pooled, waits):
    pooled.ensure_connection()
    assert waits() is not None

    pooled.close()

    assert [waits(), waits()] == [None, None]
    pooled.ensure_connection()
    # They wait again, all of them.
    with ThreadPoolExecutor(2) as threads:
        assert min(threads.map(waits, range(2))) > 0.15
