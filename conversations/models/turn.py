"""An assistant's answer while it is being made."""

from django.db import models
from django.db.models import Q

from assistants.models import AssistantVersion
from conversations.models.conversation import Conversation
from conversations.models.message import Message
from tenants.scope import TenantModel


class TurnState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    ANSWERED = "answered"
    HANDED_OVER = "handed_over"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


OPEN_STATES = (TurnState.QUEUED, TurnState.RUNNING, TurnState.WAITING)


class Turn(TenantModel):
    """The row is the job: whoever holds its lease works on it, and anyone may take a lapsed one."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="turns", db_constraint=False
    )
    version = models.ForeignKey(
        AssistantVersion, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    question_seq = models.PositiveIntegerField(help_text="Answers the messages up to this one.")
    epoch = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=TurnState.choices, default=TurnState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    # Attempts that ended without a fault: it was paused, or its worker was stopped.
    excused = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    additional_input = models.JSONField(
        default=dict, help_text="What the client said beside this question: data, no instructions."
    )
    prefers_fallback = models.BooleanField(
        default=False, help_text="The client asked for the version's second model."
    )
    paused = models.JSONField(null=True, help_text="Where to go on, once its tools have answered.")
    wake_at = models.DateTimeField(null=True, help_text="When a waiting turn goes on without them.")
    reply = models.ForeignKey(
        Message, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    reason = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=100, blank=True)
    tokens = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("conversation",),
                condition=Q(state__in=("queued", "running", "waiting")),
                name="turn_one_open",
            ),
        )
        indexes = (
            models.Index(fields=("conversation", "question_seq")),
            models.Index(
                fields=("created_at",),
                condition=Q(state__in=("queued", "running", "waiting")),
                name="turn_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.question_seq}"
