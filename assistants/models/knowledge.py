"""What an assistant knows: sources as they were given, cut into entries that can be quoted."""

from django.db import models

from assistants.models.assistant import Assistant
from tenants.scope import TenantModel


class KnowledgeSource(TenantModel):
    """One FAQ, text or file in its original form, and how reading it went.

    ``checked_at`` is when it was last read or, while it is being read, when that began.
    """

    class Kind(models.TextChoices):
        FAQ = "faq", "FAQ"
        TEXT = "text", "text"
        MARKDOWN = "markdown", "Markdown"
        HTML = "html", "HTML"
        PDF = "pdf", "PDF"

    class Status(models.TextChoices):
        PENDING = "pending"
        READING = "reading"
        READY = "ready"
        FAILED = "failed"

    assistant = models.ForeignKey(Assistant, on_delete=models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=200)
    url = models.URLField(max_length=1000, blank=True, help_text="Where a visitor can read it.")
    content = models.BinaryField()
    content_hash = models.CharField(max_length=64, editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    error_code = models.CharField(max_length=40, blank=True, editable=False)
    error = models.CharField(max_length=300, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    model = models.CharField(
        max_length=60, blank=True, editable=False, help_text="What its vectors were made with."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.title


class KnowledgeEntry(TenantModel):
    """What is quoted as a whole: one question with its answer, or one passage of a text.

    The table has one more column, ``search``, which the database computes for its full-text search.
    """

    assistant = models.ForeignKey(Assistant, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(KnowledgeSource, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    title = models.TextField(help_text="The question, or the headings above the passage.")
    text = models.TextField()
    variants = models.JSONField(default=list, blank=True)
    url = models.CharField(max_length=1300, blank=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("source", "position"), name="entry_position"),
        )
        verbose_name_plural = "knowledge entries"

    def __str__(self) -> str:
        return self.title


class KnowledgeVector(TenantModel):
    """One phrasing or part of an entry as a point in the space of meanings: 384 float16."""

    entry = models.ForeignKey(KnowledgeEntry, on_delete=models.CASCADE, related_name="vectors")
    model = models.CharField(max_length=60)
    halves = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.model} of {self.entry_id}"
