"""Users, their place in a tenant, and the sessions they are logged in with."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from tenants.ids import uuid7
from tenants.models.tenant import Tenant


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in by e-mail, as a member of tenants or as an operator."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(
        max_length=16, blank=True, default="", db_default="", help_text="Of mails to them."
    )
    email_verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("operator", default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_once"),)

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """What the admin's pages show above the address."""
        return self.name or self.email.partition("@")[0]

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Another one with each second factor: who logged in without it in a browser is out."""
        factor = getattr(self, "second_factor", None)
        since = factor.confirmed_at if factor else None
        known: str = super()._get_session_auth_hash(secret)  # type: ignore[misc] # Django's own
        return f"{known}{since.isoformat()}" if since else known


class Membership(models.Model):
    """One user's place in one tenant."""

    class Role(models.TextChoices):
        OWNER = "owner"
        ADMIN = "admin"
        AGENT = "agent"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.AGENT)
    is_active = models.BooleanField(default=True)
    preferences = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        editable=False,
        help_text="What was chosen; everything else is as usual.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant", "user"), name="membership_once"),
            # Tenant tables refer to members by (tenant_id, id).
            models.UniqueConstraint(fields=("tenant", "id"), name="membership_tenant_key"),
        )

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class LoginSession(models.Model):
    """One log-in of one member: the family of refresh tokens that descend from it.

    Only the newest refresh token is valid; its parent answers with the same child for a moment, so
    that two tabs refreshing at once both go on. Any older one ends the family.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="sessions")
    generation = models.PositiveIntegerField(default=0)
    rotated_at = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    ip = models.GenericIPAddressField(null=True)

    def __str__(self) -> str:
        return f"{self.membership} since {self.created_at:%Y-%m-%d}"
