"""What was said, in the order in which it was said."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from conversations.models.contact import VisitorSession
from conversations.models.conversation import Conversation
from tenants.scope import TenantModel


class AuthorKind(models.TextChoices):
    VISITOR = "visitor"
    ASSISTANT = "assistant"
    AGENT = "agent"
    SYSTEM = "system"


class Message(TenantModel):
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_constraint=False
    )
    seq = models.PositiveIntegerField()
    author_kind = models.CharField(max_length=10, choices=AuthorKind.choices)
    author_id = models.UUIDField(null=True)
    author_name = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    private = models.BooleanField(default=False)
    status = models.CharField(max_length=12, default="sent")
    sources = models.JSONField(default=list)
    choices = models.JSONField(default=list)
    line = models.JSONField(
        null=True, help_text="Of a line of ours: its `code`, and the `name` of whom it tells."
    )
    mentions = ArrayField(
        models.UUIDField(), default=list, db_default=[], help_text="Members whom a note is for."
    )
    # The visitor session or member that sent it, and under which key: together they make a
    # repeated send harmless for ever.
    sender_id = models.UUIDField(null=True)
    client_id = models.CharField(max_length=200, null=True)
    body_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("conversation", "seq"), name="message_seq"),
            models.UniqueConstraint(fields=("sender_id", "client_id"), name="message_client_id"),
        )

    def __str__(self) -> str:
        return f"{self.author_kind} {self.seq}"


class Attachment(TenantModel):
    """A file that was sent; its kind is what its content shows, not what its name says."""

    conversation = models.ForeignKey(
        Conversation,
        null=True,
        on_delete=models.CASCADE,
        related_name="attachments",
        db_constraint=False,
    )
    message = models.ForeignKey(
        Message,
        null=True,
        on_delete=models.CASCADE,
        related_name="attachments",
        db_constraint=False,
    )
    session = models.ForeignKey(
        VisitorSession, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    file = models.FileField(max_length=200)
    thumbnail = models.FileField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="A small WebP of an image.",
    )
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        indexes = (
            models.Index(
                fields=("created_at",),
                condition=models.Q(message__isnull=True),
                name="attachment_unsent",
            ),
        )

    def __str__(self) -> str:
        return self.name
