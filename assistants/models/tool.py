"""What an assistant may do beside talking: calls to the tenant's systems and pages."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from tenants.scope import TenantModel
from tenants.sealing import seal, unseal

NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"


def any_object() -> dict[str, Any]:
    return {"type": "object", "properties": {}}


class Tool(TenantModel):
    """One function that models may call. Versions keep a copy of all but its secrets."""

    class Place(models.TextChoices):
        SERVER = "server", "called by HTTP"
        CLIENT = "client", "runs on the visitor's page"

    class Risk(models.TextChoices):
        READ = "read", "reads: may be repeated"
        WRITE = "write", "writes: never repeated"
        APPROVAL = "approval", "writes, once a member approved it"

    class Method(models.TextChoices):
        GET = "GET"
        POST = "POST"
        PUT = "PUT"
        PATCH = "PATCH"
        DELETE = "DELETE"

    name = models.CharField(
        max_length=64,
        validators=[RegexValidator(NAME, "Letters, digits and underscores; no digit first.")],
        help_text="What the model and the page call it.",
    )
    description = models.TextField(help_text="When to use it; the model reads this.")
    parameters = models.JSONField(default=any_object, help_text="JSON Schema of its arguments.")
    place = models.CharField(max_length=10, choices=Place.choices, default=Place.SERVER)
    risk = models.CharField(max_length=10, choices=Risk.choices, default=Risk.READ)
    method = models.CharField(max_length=6, choices=Method.choices, default=Method.POST)
    url = models.URLField("URL", max_length=1000, blank=True, help_text="Of tools called by HTTP.")
    sealed_headers = models.TextField(blank=True, editable=False)
    timeout_seconds = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    retries = models.PositiveSmallIntegerField(
        default=1,
        validators=[MaxValueValidator(2)],
        help_text="Of reading calls that failed; writing calls are never repeated.",
    )
    fallback_result = models.TextField(
        blank=True, help_text="What the model is told when the call fails or nobody answers."
    )
    is_enabled = models.BooleanField(
        default=True, help_text="Off stops it at once, in published versions too."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("tenant", "name"), name="tool_name"),)

    def __str__(self) -> str:
        return self.name

    @property
    def headers(self) -> str:
        """The secret header lines of its calls, ``Name: value`` each."""
        return unseal(self.sealed_headers) if self.sealed_headers else ""

    @headers.setter
    def headers(self, value: str) -> None:
        self.sealed_headers = seal(value) if value else ""
