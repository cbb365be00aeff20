"""Who of the team answers, where, and whether they are there."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models import Membership
from tenants.scope import TenantModel


class Team(TenantModel):
    """Members who share a queue."""

    class Strategy(models.TextChoices):
        ROUND_ROBIN = "round_robin"
        LEAST_LOADED = "least_loaded"

    name = models.CharField(max_length=100)
    strategy = models.CharField(
        max_length=12, choices=Strategy.choices, default=Strategy.ROUND_ROBIN
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("tenant", "name"), name="team_name_once"),)

    def __str__(self) -> str:
        return self.name


class TeamMember(TenantModel):
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, related_name="places", db_constraint=False
    )
    member = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("team", "member"), name="team_member_once"),)

    def __str__(self) -> str:
        return f"{self.member_id} in {self.team_id}"


class Availability(TenantModel):
    """What a member chose, and until when they are known to be there.

    A member without a row was never there.
    """

    class Status(models.TextChoices):
        ONLINE = "online"
        AWAY = "away"

    member = models.OneToOneField(
        Membership, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.ONLINE)
    capacity = models.PositiveSmallIntegerField(
        default=5, help_text="How many conversations are assigned to them at once."
    )
    present_until = models.DateTimeField()
    assigned_at = models.DateTimeField(null=True, help_text="When they last got one.")
    is_online = models.BooleanField(default=False, help_text="What the team was last told.")

    class Meta(TenantModel.Meta):
        indexes = (
            models.Index(
                fields=("present_until",),
                condition=models.Q(is_online=True),
                name="availability_told",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id}: {self.status}"


class Queue(TenantModel):
    """How quickly a team answered of late; without a team, everybody."""

    team = models.OneToOneField(
        Team, null=True, on_delete=models.CASCADE, related_name="queue", db_constraint=False
    )
    reply_seconds = ArrayField(
        models.PositiveIntegerField(), help_text="Of the last first replies, the newest first."
    )

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "team"), nulls_distinct=False, name="queue_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.team_id}: {self.reply_seconds}"
