"""Writes mail into a folder instead of sending it: one file each, for any mail program to open."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

KEPT = 500
STRANGE = re.compile(r"[^\w.@+-]+")


class FolderBackend(BaseEmailBackend):
    """The newest mails in EMAIL_FILE_PATH, each named by its time, address and subject."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            path = folder / f"{datetime.now(UTC):%Y-%m-%d %H%M%S.%f} {_name(message)}.eml"
            path.touch(mode=0o600)
            path.write_bytes(message.message().as_bytes())
        for old in sorted(folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return len(email_messages)


def _name(message: Any) -> str:
    return STRANGE.sub(" ", f"{message.to[0]} {message.subject}")[:120].strip(" .")
