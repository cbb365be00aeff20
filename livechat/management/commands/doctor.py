"""Looks at everything that the product needs, and says what to do where something is missing."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from livechat import health


class Command(BaseCommand):
    help = "Check the database, Redis, worker, scheduler, sockets and addresses."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print the findings as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(health.examine())
        if options["json"]:
            self.stdout.write(json.dumps([vars(finding) for finding in findings]))
        else:
            for finding in findings:
                self._report(finding)
        if not all(finding.is_well for finding in findings):
            raise CommandError("Something needs your attention.", returncode=1)

    def _report(self, finding: health.Finding) -> None:
        if finding.is_well:
            self.stdout.write(f"ok    {finding.code}")
            return
        self.stdout.write(f"FAIL  {finding.code}: {finding.problem}")
        self.stdout.write(f"      → {finding.remedy}")
