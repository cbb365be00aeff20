"""The plain lists of a tenant's things: page by page, the oldest first."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.pages import by_id
from tenants import paging
from tenants.callers import at_work
from widgets.inputs import checked


def oldest_first(
    request: Request, rows: Callable[[], QuerySet[Any]], render: Callable[[Any], dict[str, Any]]
) -> Response:
    """The page of ``rows`` that the query asks for; they are those of the caller's tenant."""
    given = checked(paging.PageQuery, request.query_params.dict())
    with at_work(request):
        page = by_id(rows(), cursor=given.get("cursor"), size=given["limit"], render=render)
    return Response(page.data())
