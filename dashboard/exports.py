"""Taking contacts and conversations along, as files that begin while they are still read."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from conversations import exports
from conversations.exports import Batch
from dashboard.callers import TeamView
from dashboard.inbox import Chosen, filters_of
from dashboard.tables import BYTE_ORDER_MARK, lines
from tenants import limits
from tenants.callers import at_work, grant_of
from tenants.executor import run_in_db_thread
from tenants.scope import tenant_scope
from tenants.sessions import MemberGrant
from widgets.inputs import checked

FILE = {(200, "text/csv"): OpenApiTypes.BINARY}
Read = Callable[[UUID | None], Batch]


class AnyKind(BaseContentNegotiation):
    """Whoever asks for text/csv gets it, and errors as JSON all the same."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class FileView(TeamView):
    """A table with one row for each, the newest first."""

    content_negotiation_class = AnyKind

    def file(
        self, request: Request, name: str, head: tuple[str, ...], read: Read
    ) -> StreamingHttpResponse:
        """What fails before the first rows are there is an error; later, the file breaks off."""
        grant = grant_of(request)
        who = grant.membership_id if isinstance(grant, MemberGrant) else grant.credential_id
        limits.hit(limits.EXPORTS, grant.tenant_id, who, exempt=grant.tenant_is_demo)
        with at_work(request):
            first = read(None)
        return StreamingHttpResponse(
            _lines(grant.tenant_id, head, first, read),
            headers={
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": f'attachment; filename="{name}"',
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "X-Content-Type-Options": "nosniff",
            },
        )


class ContactsFileView(FileView):
    @extend_schema(operation_id="exportContacts", responses=FILE)
    def get(self, request: Request) -> StreamingHttpResponse:
        """All contacts as a CSV file; an apostrophe stands before what looks like a formula."""
        return self.file(request, "contacts.csv", exports.CONTACT_NAMES, exports.contacts)


class ConversationsFileView(FileView):
    class Query(Chosen):
        pass

    @extend_schema(operation_id="exportConversations", parameters=[Query], responses=FILE)
    def get(self, request: Request) -> StreamingHttpResponse:
        """The conversations as a CSV file, with the filters of their list; without messages."""
        filters = filters_of(request, checked(self.Query, request.query_params.dict()))

        def read(before: UUID | None) -> Batch:
            return exports.conversations(before, filters)

        return self.file(request, "conversations.csv", exports.CONVERSATION_NAMES, read)


async def _lines(
    tenant_id: UUID, head: tuple[str, ...], first: Batch, read: Read
) -> AsyncIterator[str]:
    rows, last = first
    yield BYTE_ORDER_MARK + lines([head, *rows])
    while last is not None:
        rows, last = await run_in_db_thread(_next, tenant_id, read, last)
        yield lines(rows)


def _next(tenant_id: UUID, read: Read, before: UUID) -> Batch:
    with tenant_scope(tenant_id):
        return read(before)
