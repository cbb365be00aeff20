"""Migrations run as the database's owner; the role that serves requests may not."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections

from tenants.postgresql.patience import unhurried


class Command(Migrate):
    """A step may take its time, but may not wait for long: whoever comes later waits behind it."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        with unhurried(connections[options["database"]]):
            super().handle(*args, **options)
