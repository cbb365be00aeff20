"""The calls that an assistant's turn made, so that none is made twice."""

from django.db import models

from conversations.models.conversation import Conversation
from conversations.models.turn import Turn
from tenants.scope import TenantModel


class ToolCall(TenantModel):
    """One call. Its id is the key by which the called system knows a repeat.

    ``fingerprint`` is a hash of its name and arguments: a turn that is tried again, or a later one
    that covers the same questions, finds what was done already.
    """

    class State(models.TextChoices):
        STARTED = "started"
        DONE = "done"
        FAILED = "failed", "failed: nothing happened"
        UNKNOWN = "unknown", "unknown: it may have happened"
        WAITING = "waiting", "waits for the visitor's page"
        ASKED = "asked", "waits for a member's approval"
        APPROVED = "approved"
        REJECTED = "rejected"
        EXPIRED = "expired"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="tool_calls", db_constraint=False
    )
    turn = models.ForeignKey(
        Turn, on_delete=models.CASCADE, related_name="tool_calls", db_constraint=False
    )
    call_id = models.CharField(max_length=200, help_text="The model's own id of it.")
    fingerprint = models.CharField(max_length=64)
    tool_id = models.UUIDField()
    name = models.CharField(max_length=64)
    args = models.JSONField(default=dict)
    place = models.CharField(max_length=10)
    risk = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State.choices)
    result = models.TextField(blank=True)
    decided_by = models.UUIDField(null=True, help_text="The member that approved or rejected it.")
    deadline = models.DateTimeField(null=True, help_text="Of a call that waits.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("turn", "fingerprint"), name="tool_call_once"),
        )
        indexes = (models.Index(fields=("conversation", "created_at")),)

    def __str__(self) -> str:
        return f"{self.name} {self.state}"
