"""Files on their way from and to a visitor, and to the team."""

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.core.exceptions import SuspiciousOperation
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import Error
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import attachments, thumbnails, visitor_queries
from conversations.announcements import attachment_data
from conversations.models import Attachment
from tenants import limits
from tenants.errors import BadRequest, NotFound
from tenants.scope import tenant_scope
from widgets import shapes
from widgets.description import described
from widgets.views import VisitorView, visiting

CHUNK_BYTES = 64 * 1024
# How a download is described.
FILE = {(200, kind): OpenApiTypes.BINARY for kind in attachments.KINDS}


class AttachmentsView(VisitorView):
    """Take a file, to be named in the next message."""

    parser_classes = [MultiPartParser]

    @described("uploadOwnFile", shapes.FileForm, {201: shapes.AttachmentAnswer})
    def post(self, request: Request, widget_id: str) -> Response:
        with visiting(request, widget_id) as (door, session):
            if not door.bubble.file_upload:
                raise BadRequest("Files are not taken here.", code="files_not_allowed")
            limits.hit(limits.UPLOAD_PER_SESSION, door.tenant_id, session.id, exempt=door.is_demo)
            file = uploaded(request)
            attachments.require_room(session, size=file.size or 0)
        stored = attachments.store(file, tenant_id=door.tenant_id)
        try:
            with tenant_scope(door.tenant_id):
                attachment = attachments.attach_later(stored, session=session)
        except Error:
            attachments.discard(stored)
            raise
        return Response({"success": True, **attachment_data(attachment)}, status=201)


class AttachmentView(VisitorView):
    """A file, such that no browser does anything with it but save it."""

    @described("downloadOwnFile", None, FILE, query=shapes.FileQuery)
    def get(self, request: Request, widget_id: str, attachment_id: str) -> HttpResponseBase:
        with visiting(request, widget_id) as (_, session):
            attachment = visitor_queries.attachment(session, attachment_id)
        return download(attachment, is_small=wants_thumbnail(request))


def wants_thumbnail(request: Request) -> bool:
    return request.query_params.get("thumbnail", "") in ("1", "true")


def uploaded(request: Request) -> UploadedFile:
    try:
        file = request.FILES.get("file")
    except SuspiciousOperation:
        raise BadRequest("The form is not valid.", code="malformed_form") from None
    if file is None:
        raise BadRequest("A file is required.", code="file_required")
    return file


def download(attachment: Attachment, *, is_small: bool = False) -> HttpResponseBase:
    """The file, or its thumbnail. Raises NotFound if there is none."""
    stored = attachment.thumbnail if is_small else attachment.file
    try:
        file = stored.open("rb")
        size = stored.size
    except (FileNotFoundError, ValueError):
        raise NotFound("Attachment not found.", code="attachment_not_found") from None
    kind = thumbnails.CONTENT_TYPE if is_small else attachment.content_type
    name = f"{attachment.name}.webp" if is_small else attachment.name
    return StreamingHttpResponse(
        _chunks(file),
        headers={
            "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            "Content-Length": str(size),
            "Content-Disposition": content_disposition_header(True, name) or "",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _chunks(file: File) -> AsyncIterator[bytes]:
    read = sync_to_async(file.read, thread_sensitive=False)
    with file:
        while chunk := await read(CHUNK_BYTES):
            yield chunk
