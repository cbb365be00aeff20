"""Pages that work as the database's owner, for a whole request: the admin, and people's own."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from inspect import iscoroutinefunction

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from tenants.scope import platform_scope

ADMIN, ACCOUNTS = "/admin/", "/account/"


@sync_and_async_middleware
def operators_middleware(
    get_response: Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]],
) -> Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]:
    """Open the platform's scope around everything that a request of these pages does.

    That includes its session and its user: the confined role has no rights on Django's own tables.
    """
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponse:
            with _scope_of(request):
                return await get_response(request)

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        with _scope_of(request):
            return get_response(request)

    return synchronous


def _scope_of(request: HttpRequest) -> AbstractContextManager[None]:
    if request.path_info.startswith(ADMIN):
        return platform_scope("operators' admin")
    if request.path_info.startswith(ACCOUNTS):
        return platform_scope("people's own accounts")
    return nullcontext()
