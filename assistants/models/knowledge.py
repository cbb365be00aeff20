"""What an assistant knows: sources as they were given, cut into entries that can be quoted."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from assistants.models.assistant import Assistant
from tenants.scope import TenantModel

MAX_PAGES = 500
MAX_REFRESH_HOURS = 24 * 90


class WebSite(models.Model):
    """What a source of kind ``web`` adds: where to look for pages, when, and how far that is.

    ``crawls`` counts those that came to their end; a crawl that was taken over is still the same.
    """

    page_limit = models.PositiveSmallIntegerField(
        default=50,
        validators=(MinValueValidator(1), MaxValueValidator(MAX_PAGES)),
        help_text="Pages to read at most; 1 is the page at the address alone.",
    )
    path_prefix = models.CharField(
        max_length=500,
        blank=True,
        help_text="Read only pages below this path, such as /help/. "
        "Empty means the folder of the address.",
    )
    refresh_hours = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        default=24,
        validators=(MinValueValidator(1), MaxValueValidator(MAX_REFRESH_HOURS)),
        help_text="Look for changes so often; empty means only when you ask for it.",
    )
    next_crawl_at = models.DateTimeField(null=True, blank=True, editable=False)
    crawls = models.PositiveIntegerField(default=0, editable=False)
    pages_found = models.PositiveSmallIntegerField(default=0, editable=False)
    pages_read = models.PositiveSmallIntegerField(default=0, editable=False)
    pages_failed = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class WebPage(models.Model):
    """What a page of a site adds: whose it is, and what its server said about its content.

    ``missing_since`` is the number of the crawl that did not find it any more.
    """

    site = models.ForeignKey(
        "KnowledgeSource",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="pages",
        db_constraint=False,
    )
    etag = models.CharField(max_length=200, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    missing_since = models.PositiveIntegerField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class KnowledgeSource(WebSite, WebPage, TenantModel):
    """One FAQ, text or file in its original form, or a web site; and how reading it went.

    A site has no content: each of its pages is a source of its own. ``checked_at`` is when it was
    last read or, while it is being read, when its reader gave the last sign of life.
    """

    class Kind(models.TextChoices):
        FAQ = "faq", "FAQ"
        TEXT = "text", "text"
        MARKDOWN = "markdown", "Markdown"
        HTML = "html", "HTML"
        PDF = "pdf", "PDF"
        WEB = "web", "Web site"

    class Status(models.TextChoices):
        PENDING = "pending"
        READING = "reading"
        READY = "ready"
        FAILED = "failed"

    assistant = models.ForeignKey(Assistant, on_delete=models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=200)
    url = models.URLField(
        "address",
        max_length=1000,
        blank=True,
        help_text="Where to begin with a web site; of a file, where visitors can read it.",
    )
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

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("site", "url"), name="source_page_once"),)

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
