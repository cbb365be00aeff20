"""Files that people send: taken by what their content shows, whatever they are called."""

import logging
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import IO
from uuid import UUID

import puremagic
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import router, transaction
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Now

from conversations.models import Attachment, VisitorSession
from conversations.thumbnails import thumbnail_of
from tenants.errors import BadRequest, TooLarge, UnsupportedMediaType
from tenants.ids import parse_uuid, uuid7
from tenants.scope import current_scope, platform_scope

logger = logging.getLogger(__name__)

FILE_LIMIT = 10 * 1024 * 1024
SESSION_LIMIT = 10 * FILE_LIMIT
FILES_PER_MESSAGE = 10
UNSENT_LIFETIME = timedelta(hours=24)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
HEAD_LENGTH = 8192
STEM_LENGTH = 100
# The kinds that we take, each with the endings that a name of it may have; the first is the usual.
KINDS = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".md", ".log"),
}
MARKUP = re.compile(r"<\s*(!doctype|!--|\?xml|html|head|body|svg|script|iframe|x:|xsl:)", re.I)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
RESERVED = re.compile(r'[/\\:*?"<>|]')


@dataclass(frozen=True)
class StoredFile:
    """A file in the storage that no row knows yet."""

    path: str
    name: str
    content_type: str
    size: int
    thumbnail: str = ""

    @property
    def paths(self) -> list[str]:
        return [path for path in (self.path, self.thumbnail) if path]


def require_room(session: VisitorSession, *, size: int) -> None:
    """Raises TooLarge for a file beyond the limits, its own or the session's."""
    if size > FILE_LIMIT:
        raise TooLarge("A file has at most 10 MiB.", code="file_too_large")
    sent = Attachment.objects.filter(session=session).aggregate(sum=Sum("size"))["sum"] or 0
    if sent + size > SESSION_LIMIT:
        raise TooLarge("There is no room for more files.", code="too_many_files")


def store(file: File, *, tenant_id: UUID) -> StoredFile:
    """Put a file into the storage; outside any transaction, as storages are slow.

    Raises BadRequest for an empty file, UnsupportedMediaType for a kind that we do not take.
    """
    if not file.size:
        raise BadRequest("The file is empty.", code="file_empty")
    content_type = content_type_of(file)
    small = thumbnail_of(file, content_type)
    file.seek(0)
    name = clean_name(file.name or "", content_type)
    path = default_storage.save(f"attachments/{tenant_id}/{uuid7()}", file)
    stored = StoredFile(path, name, content_type, file.size)
    return stored if small is None else _with_thumbnail(stored, small)


def attach_later(stored: StoredFile, *, session: VisitorSession | None = None) -> Attachment:
    """Note a stored file, to be sent with a message."""
    attachment: Attachment = Attachment.objects.create(
        tenant_id=current_scope().tenant_id,
        session=session,
        file=stored.path,
        name=stored.name,
        content_type=stored.content_type,
        size=stored.size,
        thumbnail=stored.thumbnail,
    )
    return attachment


def discard(stored: StoredFile) -> None:
    """Take a file out of the storage that could not be noted."""
    for path in stored.paths:
        default_storage.delete(path)


def files_of(session: VisitorSession | None, ids: Sequence[str]) -> list[Attachment]:
    """The session's own files with these ids, in that order; without a session the team's.

    Raises BadRequest for any other id.
    """
    if not ids:
        return []
    wanted = [parse_uuid(text) for text in ids]
    rows = Attachment.objects.filter(in_time(), session=session, pk__in=wanted)
    found = {file.id: file for file in rows}
    if len(found) != len(ids):
        raise BadRequest("There is no such attachment.", code="unknown_attachment")
    return [found[key] for key in wanted if key]


def require_unsent(files: Sequence[Attachment]) -> None:
    """Raises BadRequest when a file went with an earlier message."""
    if any(file.message_id for file in files):
        raise BadRequest("This file was sent already.", code="attachment_sent")


def let_go(files: "QuerySet[Attachment]") -> None:
    """Delete files that were sent: after the commit or, if the storage fails, with the unsent ones.

    Until then they are nobody's, and over their time.
    """
    paths = [path for pair in files.values_list("file", "thumbnail") for path in pair if path]
    files.update(message=None, conversation=None, session=None, name="", created_at=LONG_AGO)

    def delete() -> None:
        for path in paths:
            try:
                default_storage.delete(path)
            except Exception:
                # Whatever a storage may raise: the others are not to wait for this one.
                logger.exception("A file could not be deleted")

    if paths:
        transaction.on_commit(delete, using=router.db_for_write(Attachment), robust=True)


def in_time() -> Q:
    """The files that were sent, or may still be."""
    return Q(message__isnull=False) | Q(created_at__gt=Now() - UNSENT_LIFETIME)


def forget_unsent() -> None:
    """Delete the files that nobody sent within a day."""
    with platform_scope("forget unsent files"):
        unsent = Attachment.objects.filter(message=None, created_at__lt=Now() - UNSENT_LIFETIME)
        for attachment in unsent.order_by("created_at")[:500]:
            try:
                attachment.file.delete(save=False)
                if attachment.thumbnail:
                    attachment.thumbnail.delete(save=False)
            except Exception:
                # Whatever a storage may raise: the others are not to wait for this one.
                logger.exception("A file could not be deleted")
            else:
                attachment.delete()


def content_type_of(file: IO[bytes] | File) -> str:
    """Which of our kinds the content is."""
    head = file.read(HEAD_LENGTH)
    kind = _sniffed(head)
    if kind in KINDS and kind != "text/plain":
        return kind
    if kind not in {"text/html", "image/svg+xml", "application/xml", "text/xml"}:
        file.seek(0)
        if _is_plain_text(file.read()):
            return "text/plain"
    raise UnsupportedMediaType("This kind of file is not taken.", code="unsupported_file")


def clean_name(name: str, content_type: str) -> str:
    """A name that says what the file is, and nothing else: no path, no controls, no tricks."""
    visible = "".join(
        " " if letter.isspace() else letter
        for letter in unicodedata.normalize("NFC", name)
        if letter.isspace() or unicodedata.category(letter)[0] != "C"
    )
    plain = RESERVED.sub("_", visible.replace("\\", "/").rpartition("/")[2]).strip(". ")
    endings = KINDS[content_type]
    ending = PurePosixPath(plain).suffix.lower()
    if ending in endings:
        plain = plain[: -len(ending)]
    else:
        ending = endings[0]
    return (plain[:STEM_LENGTH].strip(". ") or "file") + ending


def _with_thumbnail(stored: StoredFile, small: bytes) -> StoredFile:
    try:
        thumbnail = default_storage.save(f"{stored.path}.webp", ContentFile(small))
    except Exception:
        # Whatever a storage may raise: no row will know the file that is there already.
        discard(stored)
        raise
    return replace(stored, thumbnail=thumbnail)


def _sniffed(head: bytes) -> str:
    try:
        return str(puremagic.magic_string(head)[0].mime_type)
    except puremagic.PureError:
        return ""


def _is_plain_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not CONTROLS.search(text) and not MARKUP.search(text[:HEAD_LENGTH])
