"""Pages of lists that never count: what follows a cursor, and whether there is more."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from tenants.errors import BadRequest

T = TypeVar("T")

PAGE_SIZE = 50
LARGEST_PAGE = 100
LONGEST_CURSOR = 200


@dataclass(frozen=True)
class Page:
    """One page, and the cursor of the next one if there is any."""

    results: list[dict[str, Any]]
    next_cursor: str | None

    def data(self) -> dict[str, Any]:
        return {
            "results": self.results,
            "nextCursor": self.next_cursor,
            "hasMore": self.next_cursor is not None,
        }


def page_of(
    rows: "QuerySet[Any]",
    *,
    size: int,
    render: Callable[[Any], dict[str, Any]],
    position: Callable[[Any], str],
) -> Page:
    """The first ``size`` rows; one more is read to know whether there is a next page."""
    found = list(rows[: size + 1])
    shown = found[:size]
    more = encode_cursor(position(shown[-1])) if len(found) > size else None
    return Page([render(row) for row in shown], more)


def by_id(
    rows: "QuerySet[Any]",
    *,
    cursor: str | None,
    size: int,
    render: Callable[[Any], dict[str, Any]],
) -> Page:
    """The rows that follow a cursor, the oldest first."""
    if cursor:
        rows = rows.filter(pk__gt=decode_cursor(cursor, UUID))
    return page_of(rows.order_by("pk"), size=size, render=render, position=lambda row: str(row.pk))


def encode_cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, read: Callable[[str], T]) -> T:
    """What ``read`` makes of a cursor that we gave out; raises BadRequest for anything else."""
    if len(cursor) <= LONGEST_CURSOR:
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            return read(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
        except (ValueError, OverflowError, binascii.Error):
            pass
    raise BadRequest("The cursor is not valid.", code="invalid_cursor")
