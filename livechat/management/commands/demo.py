"""Prints a demo tenant's addresses and credentials; makes the tenant when it is missing."""

import json
import logging
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from livechat.demo import demo_tenant
from tenants.errors import Conflict


class Command(BaseCommand):
    help = "Print a demo tenant, made when missing. It has no usage or rate limits."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument("--tenant", default="Demo", metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DATABASE_URL:
            raise CommandError("LiveChat does not run here. Start it, or set DATABASE_URL.")
        # Its threads tell of every attempt to connect, if need be after our one line.
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        try:
            demo = demo_tenant(options["tenant"])
        except OperationalError as error:
            raise CommandError(
                "The database does not answer. Start the product, or set DATABASE_URL."
            ) from error
        except Conflict as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(demo))
            return
        for name, value in demo.items():
            self.stdout.write(f"{name:20} {value}")
