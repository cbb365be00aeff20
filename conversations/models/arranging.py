"""What a team arranges its conversations with: labels, ready-made answers, lists of its own."""

from django.db import models
from django.db.models.functions import Lower

from conversations.models.team import Team
from tenants.models import Membership
from tenants.scope import TenantModel


class Label(TenantModel):
    """A name that conversations may bear; they keep the name itself."""

    name = models.CharField(max_length=60)
    color = models.CharField(max_length=7)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint("tenant", Lower("name"), name="label_name_once"),)

    def __str__(self) -> str:
        return self.name


class LabelChange(TenantModel):
    """A name that conversations are still to lose, or to bear another one instead of."""

    former = models.CharField(max_length=60)
    name = models.CharField(max_length=60, blank=True, help_text="Empty to drop it.")

    def __str__(self) -> str:
        return f"{self.former}: {self.name}"


class CannedResponse(TenantModel):
    """A text that members send again and again."""

    shortcut = models.CharField(max_length=40)
    text = models.TextField()
    team = models.ForeignKey(
        Team,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_constraint=False,
        help_text="Whose it is; none means everybody's.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("tenant", "shortcut"), name="canned_response_once"),
        )

    def __str__(self) -> str:
        return self.shortcut


class View(TenantModel):
    """A list of conversations that somebody asks for often."""

    member = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    name = models.CharField(max_length=60)
    filters = models.JSONField(default=dict)
    sort = models.CharField(max_length=10)
    shared = models.BooleanField(default=False, help_text="Whether the whole team has it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        pass

    def __str__(self) -> str:
        return self.name
