"""What the vendors' protocols need that nobody else has."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models

from assistants.models import Assistant
from assistants.models.tool import NAME
from tenants.scope import TenantModel
from widgets.models import validate_origin


class WebIntegration(TenantModel):
    """A place on the web from which BlackBox clients come in; its tokens are public by nature."""

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
    allow_web_chat = models.BooleanField(default=True, help_text="Clients may chat.")
    allow_web_call = models.BooleanField(
        default=False, help_text="Clients may call from the browser."
    )
    origins = ArrayField(
        models.CharField(max_length=300, validators=[validate_origin]),
        default=list,
        blank=True,
        help_text="Pages that may use it, exactly. None means all pages.",
    )
    browser_tools = ArrayField(
        models.CharField(
            max_length=64,
            validators=[RegexValidator(NAME, "Letters, digits and underscores; no digit first.")],
        ),
        default=list,
        blank=True,
        help_text="Names of the tools that its pages run. Others are never asked of them.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name
