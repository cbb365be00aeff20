"""Asks for a code of an authenticator app, or a recovery code for the day that it is gone.

The library's own tables hold keys and codes in the clear; here the key is sealed and the recovery
codes are hashes.
"""

import re
from base64 import b32decode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db.models import F, Func, Q, Value
from django_otp.oath import TOTP

from tenants import limits
from tenants.errors import Unauthorized
from tenants.models import Membership, SecondFactor, User
from tenants.sealing import unseal
from tenants.tokens import invalid_credentials

# Steps of 30 seconds that a phone's clock may be off.
TOLERANCE = 1
CODE = re.compile(r"\d{6}", re.ASCII)


class SpentCode(Unauthorized):
    """A right code that was used before; programs hear of it as of any that is not right."""

    code = "invalid_credentials"


@dataclass(frozen=True)
class Match:
    """What a code was right for; nothing is spent yet."""

    factor: SecondFactor
    step: int = 0
    digest: str = ""


def of(user: User) -> SecondFactor | None:
    factor: SecondFactor | None = getattr(user, "second_factor", None)
    return factor if factor and factor.confirmed_at else None


def demand(user: User, code: str | None) -> Match | None:
    """Find what the code is right for; None where there is no second factor.

    Raises Unauthorized: ``otp_required`` without a code, ``invalid_credentials`` for a wrong one,
    and SpentCode for one that was used; TooManyRequests for too many.
    """
    factor = of(user)
    if factor is None:
        return None
    if not code:
        raise Unauthorized("A code of the authenticator app is needed.", code="otp_required")
    return matched(factor, code)


def spend(match: Match | None) -> None:
    """Use a code up; raises Unauthorized where somebody else has."""
    if match is None:
        return
    rows = SecondFactor.objects.filter(pk=match.factor.pk)
    if match.digest:
        rest = Func(F("recovery"), Value(match.digest), function="array_remove")
        spent = rows.filter(recovery__contains=[match.digest]).update(recovery=rest)
    else:
        spent = rows.filter(last_step__lt=match.step).update(last_step=match.step)
    if not spent:
        raise invalid_credentials()


def must_enrol(user: Any) -> bool:
    """Whether a tenant of this person's wants two factors, and there is one."""
    if not user.is_authenticated or of(user):
        return False
    wanted = Q(tenant__two_factor_required=True, tenant__suspended_at=None, is_active=True)
    return Membership.objects.filter(wanted, user=user).exists()


def matched(factor: SecondFactor, code: str) -> Match:
    limits.hit(limits.SECOND_FACTOR, "people", factor.pk)
    plain = re.sub(r"[\s-]", "", code).upper()
    if CODE.fullmatch(plain):
        totp = TOTP(b32decode(unseal(factor.sealed)))
        if totp.verify(int(plain), tolerance=TOLERANCE, min_t=factor.last_step + 1):
            return Match(factor, step=totp.t())
        if totp.verify(int(plain), tolerance=TOLERANCE):
            raise SpentCode("This code was used already. Wait for the next one.")
    elif (digest := digest_of(factor.pk, plain)) in factor.recovery:
        return Match(factor, digest=digest)
    raise invalid_credentials()


def digest_of(user_id: object, code: str) -> str:
    return sha256(f"{user_id}\0{code}".encode()).hexdigest()
