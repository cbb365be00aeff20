"""People outside the team, and the browsers they write from."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from tenants.scope import TenantModel


class Contact(TenantModel):
    """One person, as well as the team knows them."""

    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(null=True, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(
        max_length=200, null=True, blank=True, help_text="The user id that the site vouched for."
    )
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                "tenant", Lower("email"), condition=Q(email__isnull=False), name="contact_email"
            ),
            models.UniqueConstraint(
                fields=("tenant", "external_id"),
                condition=Q(external_id__isnull=False),
                name="contact_external_id",
            ),
        )
        indexes = (
            models.Index(fields=("tenant", "name", "id"), name="contact_name"),
            # The unique one is of lower(), which row level security lets nobody search by.
            models.Index(fields=("tenant", "email"), name="contact_email_plain"),
        )

    def __str__(self) -> str:
        return self.name or self.email or str(self.id)


class VisitorSession(TenantModel):
    """One browser's conversations with one bubble (or another place that visitors come from).

    ``label`` is the ``sessionId`` that the client chose. It proves nothing, so several sessions may
    bear the same one; the secret tells them apart, and for clients that know no secret the
    fingerprint of their origin and user agent does, for a while.
    """

    source_id = models.UUIDField()
    label = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    is_current = models.BooleanField(default=True)
    secret_digest = models.CharField(max_length=64)
    secret_seen = models.BooleanField(default=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="sessions", db_constraint=False
    )
    user_id = models.CharField(
        max_length=200, blank=True, help_text="What the page says; vouched for by nobody."
    )
    origin = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()
    is_verified = models.BooleanField(
        default=False, db_default=False, help_text="The site vouched for its contact."
    )
    # Each version is another secret; the earlier ones are worth nothing.
    secret_version = models.PositiveIntegerField(default=0, db_default=0)
    secret_changed_at = models.DateTimeField(null=True)
    is_new = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Nobody has looked yet whether it came to anything.",
    )

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "source_id", "label", "fingerprint"),
                condition=Q(is_current=True),
                name="visitor_session_current",
            ),
        )
        indexes = (
            models.Index(fields=("tenant", "secret_digest")),
            models.Index(
                fields=("last_seen_at",), condition=Q(is_new=True), name="visitor_session_new"
            ),
            models.Index(
                fields=("secret_changed_at",),
                condition=Q(secret_changed_at__isnull=False),
                name="visitor_session_changed",
            ),
        )

    def __str__(self) -> str:
        return self.label
