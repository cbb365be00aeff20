"""A pool's connections: found dead in time, and otherwise not asked."""

from contextlib import closing
from copy import deepcopy

import psycopg
import pytest
from django.db import connections

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
