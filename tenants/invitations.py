"""Members come by invitation: a link to their address, which they open and choose a password."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from tenants import account_mail, accounts, audit, limits, links
from tenants.errors import Conflict, Forbidden, NotFound
from tenants.ids import parse_uuid
from tenants.models import Invitation, Membership, Tenant, User
from tenants.scope import platform_scope, tenant_scope

LIFETIME = timedelta(days=7)
KEPT = timedelta(days=90)
PAGE = "account-invitation"


def invite(tenant: Tenant, *, email: str, role: str, actor: str, name: str = "") -> Invitation:
    """Offer a place; one that the same address was offered before is taken back.

    Raises Conflict for a member, and TooManyRequests beyond a hundred a day.
    """
    email = email.strip().lower()
    limits.hit(limits.INVITATIONS, tenant.pk)
    with tenant_scope(tenant.pk):
        if Membership.objects.filter(tenant=tenant, user__email=email, is_active=True).exists():
            raise Conflict("This person is a member already.", code="already_member")
        _open().filter(email=email).update(revoked_at=Now())
        invitation = Invitation.objects.create(
            tenant=tenant,
            email=email,
            name=name,
            role=role,
            invited_by=actor,
            expires_at=timezone.now() + LIFETIME,
        )
        audit.record("member.invited", actor=actor, target=email, details={"role": role})
        _send(invitation)
    return invitation


def resend(invitation: Invitation, *, actor: str) -> None:
    """Send a new link, and let the one before it be worth nothing."""
    limits.hit(limits.INVITATIONS, invitation.tenant_id)
    with tenant_scope(invitation.tenant_id):
        invitation = _locked(invitation)
        invitation.generation += 1
        invitation.expires_at = timezone.now() + LIFETIME
        invitation.save(update_fields=["generation", "expires_at"])
        audit.record("invitation.resent", actor=actor, target=invitation.email)
        _send(invitation)


def revoke(invitation: Invitation, *, actor: str) -> None:
    with tenant_scope(invitation.tenant_id):
        invitation = _locked(invitation)
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        audit.record("invitation.revoked", actor=actor, target=invitation.email)


def open_ones() -> QuerySet[Any]:
    """The tenant's invitations that were neither accepted nor revoked; some have expired."""
    return _open()


def by_id(invitation_id: object) -> Invitation:
    """One of these. Raises NotFound for any other."""
    known = parse_uuid(invitation_id)
    found: Invitation | None = _open().filter(pk=known).first() if known else None
    if found is None:
        raise NotFound("Invitation not found.", code="invitation_not_found")
    return found


def link_of(invitation: Invitation) -> str:
    left = invitation.expires_at - timezone.now()
    claims = {
        "tid": str(invitation.tenant_id),
        "sub": str(invitation.pk),
        "gen": invitation.generation,
    }
    return links.address_of(PAGE, links.sign(links.INVITATION, left, **claims))


def find(text: str) -> Invitation:
    """The invitation of a link; raises NotFound for one that is none, or none any more."""
    claims = links.read(links.INVITATION, text)
    tenant = Tenant.objects.filter(pk=UUID(claims["tid"]), suspended_at=None).first()
    if tenant is None:
        raise links.gone()
    with tenant_scope(tenant.pk):
        rows = _open().filter(pk=UUID(claims["sub"]), generation=claims["gen"])
        invitation: Invitation | None = rows.filter(expires_at__gt=Now()).first()
    if invitation is None:
        raise links.gone()
    invitation.tenant = tenant
    return invitation


def accept(text: str, *, user: User | None = None, name: str = "", password: str = "") -> User:
    """Take the place, with the account of that address or, if there is none, with a new one.

    Raises NotFound for a link that is worth nothing, Forbidden for somebody else's account,
    Conflict where that address gets one at this moment, and Django's ValidationError for a weak
    password.
    """
    invitation = find(text)
    with tenant_scope(invitation.tenant_id):
        owner = User.objects.select_for_update().filter(email=invitation.email).first()
        if owner != user or (owner and not owner.is_active):
            raise Forbidden("This invitation is for somebody else.")
        if not _open().filter(pk=invitation.pk).update(accepted_at=Now()):
            raise links.gone()
        if owner is None:
            owner = accounts.make(invitation.email, name=name, password=password)
        if owner.email_verified_at is None:
            owner.email_verified_at = timezone.now()
            owner.save(update_fields=["email_verified_at"])
        place = {"role": invitation.role, "is_active": True}
        membership, is_new = Membership.objects.get_or_create(
            tenant=invitation.tenant, user=owner, defaults=place
        )
        if not (is_new or membership.is_active):
            # Who was a member before has the new place, and none of the old rights.
            Membership.objects.filter(pk=membership.pk).update(**place)
        details = {"role": invitation.role}
        audit.record("member.added", actor=owner.email, target=owner.email, details=details)
    return owner


def account_of(invitation: Invitation) -> User | None:
    return User.objects.filter(email=invitation.email).first()


def inviter_of(invitation: Invitation) -> str:
    """What the person who invites is called: by name, or by the address if there is none."""
    names = User.objects.filter(email=invitation.invited_by).values_list("name", flat=True)
    return names.first() or invitation.invited_by


def forget_old() -> None:
    """Delete invitations three months after they were made."""
    with platform_scope("forget old invitations"):
        old = Invitation.objects.filter(created_at__lt=Now() - KEPT).values("pk")[:1_000]
        Invitation.objects.filter(pk__in=old).delete()


def _open() -> QuerySet[Any]:
    return Invitation.objects.filter(accepted_at=None, revoked_at=None)


def _locked(invitation: Invitation) -> Invitation:
    row: Invitation | None = _open().select_for_update().filter(pk=invitation.pk).first()
    if row is None:
        raise NotFound("This invitation was accepted or revoked.")
    return row


def _send(invitation: Invitation) -> None:
    invited = account_of(invitation)
    language = invited.language if invited else ""
    language = language or account_mail.tenants_language(invitation.tenant_id)
    account_mail.send(
        "invitation",
        invitation.email,
        language=language,
        link=link_of(invitation),
        key=f"invitation {invitation.pk} {invitation.generation}",
        brand=invitation.tenant.name,
        inviter=inviter_of(invitation),
        role=account_mail.spelled(f"role.{invitation.role}", language, {}),
        days=LIFETIME.days,
    )
