"""A place in a tenant that waits for somebody to take it."""

from django.db import models
from django.utils import timezone

from tenants.models.people import Membership
from tenants.scope import TenantModel


class Invitation(TenantModel):
    email = models.EmailField()
    name = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="As whoever invites knows."
    )
    role = models.CharField(
        max_length=10, choices=Membership.Role.choices, default=Membership.Role.AGENT
    )
    invited_by = models.CharField(max_length=254, blank=True)
    generation = models.PositiveIntegerField(
        default=0, help_text="Of its link: the one that was sent last works."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        indexes = (models.Index(fields=("tenant", "email"), name="invitation_email"),)

    def __str__(self) -> str:
        return self.email

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None

    @property
    def state(self) -> str:
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        return "pending" if self.expires_at > timezone.now() else "expired"
