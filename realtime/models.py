"""The event log: the one order in which everything that people see has happened."""

from django.db import models
from django.db.models import Q

from tenants.scope import TenantModel


class Audience(models.TextChoices):
    TEAM = "team"
    VISITOR = "visitor"


class Head(models.Model):
    """How far a feed has come. A feed's id is its tenant's (team) or its conversation's (visitor).

    Read for many tenants at once by the safety poll, hence without a policy; it holds no content.
    """

    feed = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.feed}: {self.seq}"


class Event(TenantModel):
    """One thing that happened, numbered without gaps within its feed."""

    audience = models.CharField(max_length=7, choices=Audience.choices)
    conversation_id = models.UUIDField(null=True)
    seq = models.BigIntegerField()
    type = models.CharField(max_length=40)
    data = models.JSONField()
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "seq"), condition=Q(audience="team"), name="event_team_seq"
            ),
            models.UniqueConstraint(
                fields=("conversation_id", "seq"),
                condition=Q(audience="visitor"),
                name="event_visitor_seq",
            ),
        )
        indexes = (models.Index(fields=("at",)),)

    def __str__(self) -> str:
        return f"{self.type} {self.seq}"


class Pulse(models.Model):
    """When a process of some kind (the worker, the scheduler) last said that it lives."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
