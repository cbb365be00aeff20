"""Sends the mail that waits, again and again with growing pauses, and forgets it in the end.

A mail is claimed by moving its next attempt on, so that of several workers one sends it; who dies
in between leaves it to that attempt.
"""

import logging
import smtplib
from collections.abc import Iterator
from contextvars import copy_context
from datetime import timedelta
from email.utils import formataddr, parseaddr
from threading import Event, Lock, Thread
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connections
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from tenants import metrics
from tenants.models import AccountMail, Mail
from tenants.outages import FAILURES
from tenants.scope import platform_scope

logger = logging.getLogger(__name__)
Outgoing = Mail | AccountMail
State = Mail.State
MODELS: tuple[Any, ...] = (AccountMail, Mail)
BATCH = 100
KEPT = timedelta(days=30)
# From one attempt to the next; after the last one it has failed.
PAUSES = tuple(timedelta(minutes=pause) for pause in (1, 2, 5, 15, 60, 240, 720))
_sending = Lock()
_ending = Event()


def begin() -> None:
    """Have what is due sent by a thread that does nothing else, and wait for none of it."""
    if not _sending.locked():
        Thread(target=copy_context().run, args=[_send_apart], name="mail", daemon=True).start()


def end(*, seconds: float) -> None:
    """Begin no other mail, and wait this long for the one that is being sent."""
    _ending.set()
    if _sending.acquire(timeout=seconds):
        _sending.release()


def send_waiting() -> None:
    """Send what is due. A server that does not answer is left alone until the next time.

    One thread of a process does, or a slow server would hold them all.
    """
    if not _sending.acquire(blocking=False):
        return
    try:
        with platform_scope("send mail"):
            # Again, for what came while others were told that somebody is at it.
            while _send_due():
                pass
    finally:
        _sending.release()


def send_again(mail: Outgoing) -> None:
    """Begin anew with one that failed."""
    rows = _row(mail).filter(state=State.FAILED)
    rows.update(state=State.WAITING, attempts=0, due_at=Now(), ended_at=None)


def forget_old() -> None:
    """Delete mails after thirty days, sent or not."""
    with platform_scope("forget old mail"):
        for model in MODELS:
            old = model.objects.filter(created_at__lt=Now() - KEPT).order_by("created_at")
            model.objects.filter(pk__in=old.values("pk")[:1_000]).delete()


def _send_apart() -> None:
    try:
        send_waiting()
    except FAILURES as error:
        logger.warning("Could not look for mail to send: %s", error)
    except Exception:
        # Nobody waits for this thread, so nobody else would hear of it.
        logger.exception("Could not send mail")
    finally:
        connections.close_all()


def _send_due() -> bool:
    """Whether there was some mail, and the server is well."""
    connection = get_connection()
    has_tried = False
    for mail in _due():
        if _ending.is_set():
            return False
        if _claim(mail):
            has_tried = True
            if not _attempt(mail, connection):
                return False
    return has_tried


def _due() -> Iterator[Outgoing]:
    for model in MODELS:
        waiting = model.objects.filter(state=State.WAITING, due_at__lte=Now())
        yield from waiting.order_by("due_at")[:BATCH]


def _claim(mail: Outgoing) -> bool:
    pause = PAUSES[min(mail.attempts, len(PAUSES) - 1)]
    rows = _row(mail).filter(state=State.WAITING, attempts=mail.attempts, due_at__lte=Now())
    mail.attempts += 1
    return bool(rows.update(attempts=F("attempts") + 1, due_at=Now() + pause))


def _attempt(mail: Outgoing, connection: Any) -> bool:
    """Whether it is worth while to send the server another one now."""
    try:
        connection.send_messages([_message(mail)])
    except smtplib.SMTPException as error:
        _note(mail, error, is_final=_is_final(error))
        # Anything else concerns the server, or our log-in there, and not this mail.
        return isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    except OSError as error:
        _note(mail, error, is_final=False)
        return False
    except ValueError as error:
        # An address or a header that cannot be written down, which no server ever sees.
        _note(mail, error, is_final=True)
        return True
    _end(mail, State.SENT, problem="", text="", html="")
    return True


def _message(mail: Outgoing) -> EmailMultiAlternatives:
    address = parseaddr(settings.MAIL_FROM)[1]
    message = EmailMultiAlternatives(
        mail.subject,
        mail.text,
        formataddr((mail.sender, address)),
        [mail.to],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={
            # The same at each attempt, so that programs may tell a second copy.
            "Message-ID": f"<{mail.pk}@{address.rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(mail.html, "text/html")
    return message


def _is_final(error: smtplib.SMTPException) -> bool:
    """Whether the server will never take this mail."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def _note(mail: Outgoing, error: Exception, *, is_final: bool) -> None:
    problem = f"{type(error).__name__}: {error}".replace("\0", "")[:300]
    if is_final or mail.attempts > len(PAUSES):
        _end(mail, State.FAILED, problem=problem)
    else:
        metrics.MAILS.labels("put_off").inc()
        _row(mail).update(problem=problem)


def _end(mail: Outgoing, state: Mail.State, **fields: str) -> None:
    metrics.MAILS.labels(state.value).inc()
    _row(mail).update(state=state, ended_at=Now(), **fields)


def _row(mail: Outgoing) -> QuerySet[Any]:
    model: Any = type(mail)
    rows: QuerySet[Any] = model.objects.filter(pk=mail.pk)
    return rows
