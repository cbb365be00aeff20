"""Who may log in, and to which tenant; nothing here tells whether an account exists."""

from dataclasses import dataclass
from threading import BoundedSemaphore
from uuid import UUID

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, router, transaction

from tenants import audit
from tenants.credentials import tenant_suspended
from tenants.errors import Conflict, Unauthorized
from tenants.ids import parse_uuid
from tenants.models import Membership, User
from tenants.scope import tenant_scope
from tenants.tokens import invalid_credentials

UNUSABLE_PASSWORD = "!"  # noqa: S105 -- Django's mark for none
# Checking one password takes 100 MB of memory.
_hashing = BoundedSemaphore(4)


@dataclass(frozen=True)
class Account:
    """An e-mail address and the active memberships behind it, if there are any."""

    email: str
    memberships: list[Membership]

    @property
    def is_demo(self) -> bool:
        """Whether it opens nothing but demo tenants."""
        demos = [membership.tenant.is_demo for membership in self.memberships]
        return bool(demos) and all(demos)


def note(user: User, action: str, *, actor: str) -> None:
    """An account concerns every tenant that its owner is a member of."""
    for tenant_id in list(user.memberships.values_list("tenant_id", flat=True)):
        with tenant_scope(tenant_id):
            audit.record(action, actor=actor, target=user, details={"id": str(user.pk)})


def make(email: str, *, name: str, password: str) -> User:
    """Raises Django's ValidationError for a weak password, and Conflict if there is one by now."""
    validate_password(password, User(email=email, name=name))
    try:
        with transaction.atomic(using=router.db_for_write(User)):
            return User.objects.create_user(email, password, name=name)
    except IntegrityError:
        raise Conflict("There is an account of this address already.") from None


def rename(user: User, name: str) -> None:
    user.name = name
    user.save(update_fields=["name"])
    note(user, "user.name_changed", actor=user.email)


def find(email: str) -> Account:
    email = email.strip().lower()
    if not email.isprintable():
        return Account(email, [])
    rows = Membership.objects.filter(user__email=email, user__is_active=True, is_active=True)
    rows = rows.select_related("tenant", "user__second_factor")
    memberships = list(rows.order_by("tenant__name", "id"))
    for membership in memberships:
        # One instance for all: checking a password may renew its hash.
        membership.user = memberships[0].user
    return Account(email, memberships)


def has_password(account: Account, password: str) -> bool:
    with _hashing:
        if account.memberships:
            return account.memberships[0].user.check_password(password)
        # As much work as for an account, so that time does not tell who has one.
        return check_password(password, UNUSABLE_PASSWORD)


def choose(account: Account, tenant_id: str | UUID | None) -> Membership:
    """The membership to log in to: the named tenant's, else the only one that is not suspended."""
    wanted = None if tenant_id is None else parse_uuid(tenant_id)
    named = [one for one in account.memberships if tenant_id is None or one.tenant_id == wanted]
    if not named:
        raise invalid_credentials()
    usable = [one for one in named if not one.tenant.is_suspended]
    if not usable:
        raise tenant_suspended()
    if len(usable) > 1:
        tenants = [{"id": str(one.tenant_id), "name": one.tenant.name} for one in usable]
        raise Unauthorized(
            "Name the tenant to log in to.", code="tenant_required", extra={"tenants": tenants}
        )
    return usable[0]
