"""Who did what, for the tenant's own eyes."""

from django.db import models

from tenants.scope import TenantModel


class AuditEntry(TenantModel):
    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=200, help_text="A member's e-mail, or what acted.")
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict, blank=True)
    ip = models.GenericIPAddressField("IP address", null=True, blank=True)
    request_id = models.CharField("request ID", max_length=64, blank=True)

    class Meta(TenantModel.Meta):
        indexes = (models.Index(fields=("tenant", "-at")),)
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"
