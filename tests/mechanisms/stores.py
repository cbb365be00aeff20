"""PostgreSQL and Redis for many runs of tests, each on a fresh copy of a database once migrated."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from livechat.embedded import EmbeddedServices
from livechat.embedded.postgres import DATABASE, OWNER_ROLE, SUPERUSER

SECRET = "proofs-only-secret-key-of-a-decent-length"


class Stores:
    def __init__(self, folder: Path) -> None:
        self._services = EmbeddedServices(folder, throwaway=True)
        self._addresses = self._services.start()
        self._count = 0

    def stop(self) -> None:
        self._services.stop()

    def migrate(self, tree: Path) -> None:
        env = {**os.environ, **self._addresses, "SECRET_KEY": SECRET}
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(command, cwd=tree, env=env, check=True)

    @contextmanager
    def fresh(self) -> Iterator[dict[str, str]]:
        """The environment that has a run of tests use stores in which nothing happened yet."""
        self._count += 1
        name = f"proof_{self._count}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER_ROLE}")
        with redis.Redis.from_url(self._addresses["REDIS_URL"]) as client:
            client.flushall()
        try:
            yield {
                f"TEST_{variable}": address.replace(f"/{DATABASE}?", f"/{name}?")
                for variable, address in self._addresses.items()
            }
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        address = self._services.postgres.url(SUPERUSER).replace(f"/{DATABASE}?", "/postgres?")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)
