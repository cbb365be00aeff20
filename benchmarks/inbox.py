"""Lists and searches in a database of its own with a million messages."""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.percentiles import Summary, summary
from benchmarks.processes import Product, run
from livechat.embedded import EmbeddedServices

MESSAGES = int(os.environ.get("INBOX_MESSAGES", 1_000_000))
MOST_MESSAGES = 5_000_000
MIGRATE = [sys.executable, "manage.py", "migrate", "--verbosity=0"]


@dataclass(frozen=True)
class Inbox:
    """By act, what it takes the small tenant and the large one; and how it is done."""

    messages: int
    times: dict[str, tuple[Summary, Summary]]
    plans: dict[str, list[str]]


def of_database(product: Product) -> Inbox:
    """Fill a database, measure, and take it away again; the product's own stays as it is."""
    if not 0 < MESSAGES <= MOST_MESSAGES:
        raise SystemExit(f"INBOX_MESSAGES is at most {MOST_MESSAGES:,}.")
    with tempfile.TemporaryDirectory(prefix="livechat-inbox-") as name:
        services = EmbeddedServices(Path(name), redis=False, throwaway=True)
        try:
            env = services.start()
            run(MIGRATE, env=product.env | env)
            found = product.inside("inbox", str(MESSAGES), **env)
        finally:
            services.stop()
    times = {
        act: (summary(taken["small"]), summary(taken["large"]))
        for act, taken in found["times"].items()
    }
    return Inbox(found["messages"], times, found["plans"])
