"""PostgreSQL and Redis as child processes, for a start without any set-up and for the tests."""

import time
from pathlib import Path

from livechat.embedded.postgres import LOGIN_ROLE, OWNER_ROLE, EmbeddedPostgres
from livechat.embedded.processes import ServiceError
from livechat.embedded.redis import EmbeddedRedis

__all__ = ["EmbeddedServices", "ServiceError"]


class EmbeddedServices:
    """The stores that are asked for, with their data below ``var``.

    ``throwaway`` is for tests: quicker, and what a crash of the machine would lose is lost.
    """

    def __init__(
        self, var: Path, *, database: bool = True, redis: bool = True, throwaway: bool = False
    ) -> None:
        (var / "log").mkdir(parents=True, exist_ok=True)
        self.postgres = EmbeddedPostgres(var, throwaway=throwaway) if database else None
        self.redis = EmbeddedRedis(var, throwaway=throwaway) if redis else None

    def all(self) -> list[EmbeddedPostgres | EmbeddedRedis]:
        return [service for service in (self.postgres, self.redis) if service]

    def start(self) -> dict[str, str]:
        """Start the stores and return the environment with which the product finds them."""
        try:
            for service in self.all():
                service.start()
        except BaseException:
            self.stop()
            raise
        return self.environment()

    def environment(self) -> dict[str, str]:
        addresses = {}
        if self.postgres:
            addresses["DATABASE_URL"] = self.postgres.url(LOGIN_ROLE)
            addresses["DATABASE_OWNER_URL"] = self.postgres.url(OWNER_ROLE)
        if self.redis:
            addresses["REDIS_URL"] = self.redis.url()
        return addresses

    def stop(self, *, seconds: float = 8) -> None:
        """End the stores together, within ``seconds``."""
        by = time.monotonic() + seconds
        for service in self.all():
            service.ask_to_stop()
        for service in self.all():
            service.stop(by=by)
