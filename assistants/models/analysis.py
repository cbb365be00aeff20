"""Messages that somebody wants to understand; the models that do so are in the worker."""

from django.db import models

from assistants.models.assistant import AssistantVersion
from tenants.scope import TenantModel


class Analysis(TenantModel):
    """The row is the job: whoever holds its lease works on it, and its caller waits for a result.

    Kept for an hour, as it holds what a visitor wrote.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"

    version = models.ForeignKey(
        AssistantVersion, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    text = models.TextField()
    language = models.CharField(max_length=35, blank=True, help_text="As the caller named it.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        indexes = (models.Index(fields=("created_at",), name="analysis_created"),)
        verbose_name_plural = "analyses"

    def __str__(self) -> str:
        return f"{self.state} {self.id}"
