"""Everything but a person's password that proves who is calling."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from tenants.ids import uuid7
from tenants.models.tenant import Tenant


class Credential(models.Model):
    """One key, found before its tenant is known: by the hash of its text, or by its id in a JWT."""

    class Kind(models.TextChoices):
        WIDGET_TOKEN = "widget_token", "widget token"
        BUBBLE_TOKEN = "bubble_token", "bubble token"
        API_TOKEN = "api_token", "API token"
        API_KEY = "api_key", "API key"
        WEB_INTEGRATION_TOKEN = "web_integration_token", "web-integration token"
        IDENTITY_SECRET = "identity_secret", "identity secret"

    id = models.UUIDField("ID", primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    name = models.CharField(max_length=100, blank=True)
    subject_id = models.UUIDField(
        "subject ID",
        null=True,
        blank=True,
        help_text="The bubble, assistant or web integration it speaks for.",
    )
    digest = models.CharField(max_length=64, null=True, unique=True, editable=False)
    sealed = models.TextField(blank=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    origins = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    replaces = models.OneToOneField(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="replacement",
        help_text="Its predecessor, which keeps working for a grace period.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=("tenant", "kind", "subject_id")),)

    def __str__(self) -> str:
        return self.name or f"{self.get_kind_display()} {self.id}"
