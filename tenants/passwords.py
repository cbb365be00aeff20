"""Forgotten and changed passwords, and addresses that change; the owner hears of each by mail."""

from datetime import timedelta
from uuid import UUID, uuid4

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, router, transaction
from django.utils import timezone

from tenants import account_mail, accounts, limits, links, sessions
from tenants.errors import Conflict
from tenants.languages import MAIN_LANGUAGE
from tenants.models import AccountMail, User

RESET_LIFETIME = timedelta(hours=1)
EMAIL_LIFETIME = timedelta(hours=24)


def ask_for_reset(email: str, *, ip: str | None, language: str = "") -> None:
    """Mail a link to the owner of an account; as much work, and as silent, where there is none.

    ``language`` is what the browser asks for, as nobody else is known yet.

    Raises TooManyRequests, for any address alike.
    """
    email = email.strip().lower()
    limits.hit(limits.RESET_PER_IP, "people", ip)
    limits.hit(limits.RESET_PER_ADDRESS, "people", email)
    user = User.objects.filter(email=email, is_active=True).first()
    stamp = links.stamp_of(user or User(email=email))
    token = links.sign(
        links.RESET, RESET_LIFETIME, sub=str(user.pk if user else uuid4()), stamp=stamp
    )
    key = f"reset {uuid4()}"
    with _transaction():
        link = links.address_of("account-reset", token)
        spoken = language or MAIN_LANGUAGE
        account_mail.send("password_reset", email, language=spoken, link=link, key=key)
        state = AccountMail.State.WAITING if user else AccountMail.State.FAILED
        problem = "" if user else "There is no account of this address."
        AccountMail.objects.filter(key=key).update(state=state, problem=problem)


def owner_of(text: str) -> User:
    """Whose password a link may set; raises NotFound for one that is worth nothing any more."""
    return _owner(links.read(links.RESET, text))


def reset(text: str, password: str) -> User:
    """Raises NotFound as above, and Django's ValidationError for a weak password."""
    with _transaction():
        user = _owner(links.read(links.RESET, text), lock=True)
        validate_password(password, user)
        user.email_verified_at = user.email_verified_at or timezone.now()
        user.save(update_fields=["email_verified_at"])
        change(user, password)
    return user


def check(user: User, password: str) -> None:
    """Raises Django's ValidationError for a weak password."""
    validate_password(password, user)


def change(user: User, password: str) -> None:
    """Set a password that was found good, end all log-ins, and tell the owner."""
    with _transaction():
        user.set_password(password)
        user.save(update_fields=["password"])
        sessions.end_sessions(user=user)
        account_mail.notify(user, "passwordChanged")
    accounts.note(user, "user.password_changed", actor=user.email)


def ask_for_email(user: User, email: str) -> None:
    """Mail a link to the address that shall be the new one; as silent where it is taken."""
    email = email.strip().lower()
    limits.hit(limits.RESET_PER_ADDRESS, "people", email)
    token = links.sign(
        links.EMAIL, EMAIL_LIFETIME, sub=str(user.pk), email=email, stamp=links.stamp_of(user)
    )
    with _transaction():
        link = links.address_of("account-email", token)
        language = account_mail.language_of(user)
        account_mail.send("email_confirm", email, language=language, link=link)


def new_email_of(text: str) -> str:
    claims = links.read(links.EMAIL, text)
    _owner(claims)
    return str(claims["email"])


def confirm_email(text: str) -> User:
    """Raises NotFound for a link that is worth nothing, and Conflict for an address in use."""
    claims = links.read(links.EMAIL, text)
    try:
        with _transaction():
            user = _owner(claims, lock=True)
            before, email = user.email, claims["email"]
            user.email, user.email_verified_at = email, timezone.now()
            user.save(update_fields=["email", "email_verified_at"])
            if email != before:
                account_mail.notify(user, "emailChanged", to=before, email=email)
    except IntegrityError:
        raise Conflict("There is another account of this address.") from None
    action = "user.email_confirmed" if email == before else "user.email_changed"
    accounts.note(user, action, actor=before)
    return user


def _owner(claims: dict[str, str], *, lock: bool = False) -> User:
    rows = User.objects.select_for_update() if lock else User.objects.all()
    user = rows.filter(pk=UUID(claims["sub"]), is_active=True).first()
    if user is None or links.stamp_of(user) != claims["stamp"]:
        raise links.gone()
    return user


def _transaction() -> transaction.Atomic:
    return transaction.atomic(using=router.db_for_write(User))
