"""Where a tenant's language models are served, and the key that opens it."""

from django.db import models

from tenants.scope import TenantModel
from tenants.sealing import seal, unseal


class Provider(TenantModel):
    """One account or server. Versions refer to it, so that a new key needs no new version."""

    class Kind(models.TextChoices):
        OPENAI = "openai", "OpenAI"
        ANTHROPIC = "anthropic", "Anthropic"
        COMPATIBLE = "openai_compatible", "compatible with OpenAI"

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.OPENAI)
    base_url = models.URLField(
        "base URL",
        max_length=500,
        blank=True,
        help_text="Empty means the vendor's own address. Of a compatible server it is the one that "
        "ends in /v1, such as http://localhost:11434/v1 for Ollama.",
    )
    sealed_key = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        verbose_name = "model provider"

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """The key in clear; an empty one is right for servers that ask for none."""
        return unseal(self.sealed_key) if self.sealed_key else ""

    @key.setter
    def key(self, value: str) -> None:
        self.sealed_key = seal(value) if value else ""
