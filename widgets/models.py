"""Bubbles: where visitors come in, and what their pages report."""

import secrets

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from assistants.models import Assistant
from conversations.models import Team
from tenants.models import Tenant
from tenants.network import normal_host, normal_origin
from tenants.scope import TenantModel
from widgets.config import cleaned_settings

# Without letters and digits that look alike; twelve of them are 59 bits.
CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LENGTH = 12


def new_code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def validate_origin(value: str) -> None:
    if value != "null" and normal_origin(value.strip()) is None:
        raise ValidationError("Write an origin such as https://www.example.com.")


def validate_domain(value: str) -> None:
    host = normal_host(value.strip())
    if host is None or host.startswith("*."):
        raise ValidationError("Write a host name such as example.com.")


class Bubble(TenantModel):
    """One chat widget: who answers in it, which pages may show it, and how it looks."""

    name = models.CharField(max_length=100)
    assistant = models.ForeignKey(
        Assistant,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_constraint=False,
        help_text="Empty means the default assistant.",
    )
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_constraint=False,
        help_text="Who answers where a person is asked for. Empty means everybody.",
    )
    is_default = models.BooleanField(
        default=False, help_text="Meant where the tenant's id names no bubble."
    )
    origins = ArrayField(
        models.CharField(max_length=300, validators=[validate_origin]),
        default=list,
        blank=True,
        help_text="Pages that may show it, exactly. No origins and no domains means all pages.",
    )
    domains = ArrayField(
        models.CharField(max_length=253, validators=[validate_domain]),
        default=list,
        blank=True,
        help_text="Hosts whose pages may show it, each with its subdomains.",
    )
    greets = models.BooleanField(
        default=True, help_text="Shows the assistant's greeting before the visitor writes."
    )
    voice_enabled = models.BooleanField(default=False, help_text="Calls from the browser.")
    file_upload = models.BooleanField(default=True)
    staging_allowed = models.BooleanField(
        default=False, help_text="Pages may ask for the assistant's staging version."
    )
    identity_required = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Only people for whom your site vouches may chat.",
    )
    presence_ping = models.BooleanField(
        default=False, help_text="Pages report their visitors to the live board."
    )
    settings = models.JSONField(default=dict, blank=True, help_text="How it looks and speaks.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("tenant",),
                condition=models.Q(is_default=True),
                name="bubble_one_default",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def code(self) -> str:
        return self.public_code.code

    def clean(self) -> None:
        try:
            self.settings = cleaned_settings(self.settings)
        except ValidationError as error:
            raise ValidationError({"settings": error.messages}) from None


class BubbleCode(models.Model):
    """A bubble's public name in snippets; read before its tenant is known, hence no policy."""

    code = models.CharField(max_length=20, primary_key=True, default=new_code, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    bubble = models.OneToOneField(
        Bubble, on_delete=models.CASCADE, related_name="public_code", db_constraint=False
    )

    def __str__(self) -> str:
        return self.code


class Sighting(TenantModel):
    """A site whose pages have shown a bubble, and when one last did."""

    bubble = models.ForeignKey(
        Bubble, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    origin = models.CharField(max_length=300)
    seen_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("bubble", "origin"), name="sighting_once"),)

    def __str__(self) -> str:
        return self.origin


class TrackEvent(TenantModel):
    """Something that a page reports about its visitor. Nobody vouches for any of it."""

    bubble = models.ForeignKey(
        Bubble, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    session_label = models.CharField(max_length=128)
    event = models.CharField(max_length=100)
    at = models.DateTimeField(help_text="By the visitor's clock.")
    metadata = models.JSONField(default=dict)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        indexes = (models.Index(fields=("tenant", "-received_at")),)

    def __str__(self) -> str:
        return self.event
