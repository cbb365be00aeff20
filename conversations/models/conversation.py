"""One conversation and who holds it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from assistants.models import Assistant
from conversations.models.contact import Contact, VisitorSession
from conversations.models.team import Team
from tenants.models import Membership
from tenants.scope import TenantModel

# Channels whose clients run tools that are called on the visitor's page.
WITH_PAGE = ("chat", "blackbox")


class Status(models.TextChoices):
    OPEN = "open"
    PENDING = "pending"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Owner(models.TextChoices):
    """Who answers. ``bot → waiting → human → bot | closed``, each arrow a compare-and-set."""

    BOT = "bot"
    WAITING = "waiting"
    HUMAN = "human"
    CLOSED = "closed"


class Priority(models.IntegerChoices):
    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    URGENT = 4

    @property
    def word(self) -> str:
        """How it is called outside of the database."""
        return self.name.lower()

    @classmethod
    def by_word(cls, word: str) -> "Priority":
        return cls[word.upper()]

    @classmethod
    def words(cls) -> list[str]:
        return [each.word for each in cls]


class Conversation(TenantModel):
    session = models.ForeignKey(
        VisitorSession,
        null=True,
        on_delete=models.PROTECT,
        related_name="conversations",
        db_constraint=False,
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="conversations", db_constraint=False
    )
    assistant = models.ForeignKey(
        Assistant, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    assignee = models.ForeignKey(
        Membership, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    team = models.ForeignKey(
        Team,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="In whose queue it waits for a person; none means everybody's.",
    )
    channel = models.CharField(max_length=20, default="chat")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    owner = models.CharField(max_length=10, choices=Owner.choices, default=Owner.BOT)
    # Grows with every visitor message and every change of owner: an answer that was begun for an
    # older epoch is an answer to the past.
    epoch = models.PositiveIntegerField(default=0)
    # Grows when the assistant starts afresh; messages of earlier segments are not its history.
    segment = models.PositiveIntegerField(default=0)
    segment_start = models.PositiveIntegerField(default=0)
    message_seq = models.PositiveIntegerField(default=0)
    subject = models.CharField(max_length=200, blank=True)
    last_message = models.JSONField(null=True)
    unread = models.PositiveIntegerField(default=0)
    visitor_read_seq = models.PositiveIntegerField(default=0)
    team_read_seq = models.PositiveIntegerField(default=0, db_default=0)
    rating_score = models.PositiveSmallIntegerField(
        null=True, help_text="From 1 to 5, what the visitor thinks of it."
    )
    rating_comment = models.TextField(blank=True, default="", db_default="")
    rated_at = models.DateTimeField(null=True)
    labels = ArrayField(models.CharField(max_length=60), default=list)
    priority = models.PositiveSmallIntegerField(
        choices=Priority.choices, default=Priority.NONE, db_default=Priority.NONE
    )
    qualified_at = models.DateTimeField(null=True)
    qualification = models.JSONField(default=dict)
    variables = models.JSONField(default=dict)
    handover_reason = models.CharField(max_length=60, blank=True)
    handover_summary = models.TextField(blank=True)
    waiting_since = models.DateTimeField(
        null=True, help_text="When a person was asked for who has not replied yet."
    )
    told_position = models.PositiveIntegerField(
        null=True, help_text="The visitor's place in the queue, the lowest that they were told."
    )
    is_routed = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Goes back to the queue if its assignee is not there.",
    )
    is_absence_told = models.BooleanField(
        default=False, db_default=False, help_text="The visitor knows that nobody is there."
    )
    unread_reply_since = models.DateTimeField(
        null=True, help_text="When a member first replied what the visitor has not read since."
    )
    mailed_seq = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Up to here replies were mailed."
    )
    told_seq = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Up to here its member was told of the visitor's words."
    )
    unanswered = models.PositiveSmallIntegerField(
        default=0, help_text="Questions in a row to which the assistant had no answer."
    )
    flow = models.CharField(max_length=100, blank=True)
    named_language = models.CharField(
        max_length=16, blank=True, help_text="The one that the client asked for."
    )
    language = models.CharField(max_length=16, blank=True)
    is_test = models.BooleanField(default=False)
    snoozed_until = models.DateTimeField(null=True)
    erasing_since = models.DateTimeField(
        null=True, help_text="When it was decided that everything said in it be erased."
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        indexes = (
            models.Index(fields=("tenant", "-updated_at", "-id")),
            models.Index(fields=("tenant", "-created_at", "-id"), name="conversation_by_creation"),
            # Whoever does not wait comes last.
            models.Index(fields=("tenant", "waiting_since", "id"), name="conversation_by_wait"),
            models.Index(
                fields=("tenant", "-priority", "-updated_at", "-id"),
                name="conversation_by_priority",
            ),
            # Few, in a tenant whose conversations are many.
            models.Index(
                fields=("tenant", "-updated_at", "-id"),
                condition=~models.Q(status="resolved"),
                name="conversation_live",
            ),
            models.Index(
                fields=("tenant", "-updated_at", "-id"),
                condition=models.Q(labels__len__gt=0),
                name="conversation_labelled",
            ),
            models.Index(fields=("tenant", "session", "-created_at")),
            models.Index(
                fields=("snoozed_until",), condition=models.Q(status="snoozed"), name="snoozed"
            ),
            models.Index(
                fields=("created_at",),
                condition=models.Q(message_seq=0),
                name="conversation_unused",
            ),
            models.Index(
                fields=("erasing_since",),
                condition=models.Q(erasing_since__isnull=False),
                name="conversation_erasing",
            ),
            models.Index(
                fields=("tenant", "waiting_since"),
                condition=models.Q(owner="waiting"),
                name="conversation_waiting",
            ),
            models.Index(
                fields=("assignee",),
                condition=models.Q(owner__in=("waiting", "human")),
                name="conversation_in_hands",
            ),
            models.Index(
                fields=("team",),
                condition=models.Q(team__isnull=False),
                name="conversation_team",
            ),
            models.Index(
                fields=("unread_reply_since",),
                condition=models.Q(unread_reply_since__isnull=False),
                name="conversation_unread_reply",
            ),
            models.Index(
                fields=("updated_at",),
                condition=models.Q(
                    owner="human", unread__gt=0, message_seq__gt=models.F("told_seq")
                ),
                name="conversation_untold",
            ),
        )

    @property
    def has_page(self) -> bool:
        return self.channel in WITH_PAGE

    def __str__(self) -> str:
        return self.subject or str(self.id)
