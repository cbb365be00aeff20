"""Setting up and giving up a second factor; its owner hears of each by mail."""

import secrets
from base64 import b32encode
from urllib.parse import quote

from django.db.models import QuerySet
from django.utils import timezone

from tenants import account_mail, accounts, sessions
from tenants.errors import BadRequest, Conflict, Unauthorized
from tenants.models import SecondFactor, User
from tenants.sealing import seal, unseal
from tenants.second_factor import digest_of, matched

ISSUER = "LiveChat"
KEY_BYTES, RECOVERY_BYTES = 20, 10
RECOVERY_CODES = 10


def begin(user: User) -> None:
    """Make a key to put into an app; the one that was begun before stays, in case it is there."""
    key = b32encode(secrets.token_bytes(KEY_BYTES)).decode()
    SecondFactor.objects.get_or_create(user=user, defaults={"sealed": seal(key)})


def key_of(user: User) -> str:
    """In base 32, until an app has proved itself with it; raises Conflict afterwards."""
    factor = SecondFactor.objects.filter(user=user, confirmed_at=None).first()
    if factor is None:
        raise Conflict("There is a second factor already.")
    return unseal(factor.sealed)


def address_of(user: User, key: str) -> str:
    """What the QR code of an authenticator app says."""
    return f"otpauth://totp/{ISSUER}:{quote(user.email)}?secret={key}&issuer={ISSUER}"


def confirm(user: User, code: str) -> list[str]:
    """Let the app count from now on; the recovery codes. Other log-ins end.

    Raises BadRequest for a wrong code.
    """
    factor = SecondFactor.objects.filter(user=user, confirmed_at=None).first()
    if factor is None:
        raise Conflict("There is a second factor already.")
    try:
        match = matched(factor, code)
    except Unauthorized:
        raise BadRequest("This is not the code of this moment.") from None
    codes, digests = _recovery_codes(user)
    pending = SecondFactor.objects.filter(pk=factor.pk, confirmed_at=None)
    if not pending.update(confirmed_at=timezone.now(), last_step=match.step, recovery=digests):
        raise Conflict("There is a second factor already.")
    user.refresh_from_db()
    sessions.end_sessions(user=user)
    _tell(user, "second_factor.added", "factorAdded", actor=user.email)
    return codes


def renew_recovery_codes(user: User) -> list[str]:
    """Raises Conflict where there is no second factor."""
    codes, digests = _recovery_codes(user)
    if not _confirmed(user).update(recovery=digests):
        raise _none()
    _tell(user, "second_factor.recovery", "recoveryCodes", actor=user.email)
    return codes


def remove(user: User, *, actor: str) -> None:
    """Raises Conflict where there is none."""
    if not _confirmed(user).delete()[0]:
        raise _none()
    user.refresh_from_db()
    sessions.end_sessions(user=user)
    _tell(user, "second_factor.removed", "factorRemoved", actor=actor)


def _confirmed(user: User) -> QuerySet[SecondFactor]:
    return SecondFactor.objects.filter(user=user).exclude(confirmed_at=None)


def _none() -> Conflict:
    return Conflict("There is no second factor.")


def _recovery_codes(user: User) -> tuple[list[str], list[str]]:
    plain = [b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    shown = ["-".join(code[at : at + 4] for at in range(0, 16, 4)).lower() for code in plain]
    return shown, [digest_of(user.pk, code) for code in plain]


def _tell(user: User, action: str, what: str, *, actor: str) -> None:
    accounts.note(user, action, actor=actor)
    account_mail.notify(user, what)
