"""One customer of the installation; everything else belongs to one."""

from django.core.validators import RegexValidator
from django.db import models

from tenants.ids import uuid7


class Tenant(models.Model):
    id = models.UUIDField("ID", primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    phone_number = models.CharField(max_length=20, blank=True, help_text="In E.164 form.")
    logo_url = models.URLField("logo URL", blank=True)
    brand_color = models.CharField(
        max_length=7,
        blank=True,
        default="",
        db_default="",
        validators=(RegexValidator(r"^#[0-9a-fA-F]{6}$", "Spell it as in #3056d3."),),
        help_text="Of buttons in its mails, as in #3056d3.",
    )
    is_demo = models.BooleanField(default=False, help_text="No usage or rate limits.")
    guests_allowed = models.BooleanField(
        default=False, help_text="Lets anybody chat on /ws who names no key but a user id."
    )
    two_factor_required = models.BooleanField(
        "members must use two factors",
        default=False,
        db_default=False,
        help_text="Whoever has no authenticator app is led to set one up at the next log-in.",
    )
    sees_typing = models.BooleanField(
        "the team reads along",
        default=False,
        db_default=False,
        help_text="Members see what visitors are writing before it is sent. Tell your visitors.",
    )
    suspended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None
