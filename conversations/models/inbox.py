"""What a conversation means to single members, and how many conversations there are."""

from django.db import models

from conversations.models.conversation import Conversation
from conversations.models.message import Message
from tenants.models import Membership
from tenants.scope import TenantModel


class Draft(TenantModel):
    """What a member has written in a conversation, and not sent."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    member = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    text = models.TextField()
    private = models.BooleanField(default=False)
    updated_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("conversation", "member"), name="draft_once"),
        )
        indexes = (models.Index(fields=("updated_at",), name="draft_age"),)

    def __str__(self) -> str:
        return f"{self.member_id} in {self.conversation_id}"


class Mention(TenantModel):
    """A member whom a note is for."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    member = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    is_seen = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("message", "member"), name="mention_once"),)
        indexes = (
            models.Index(fields=("member", "conversation"), name="mention_whose"),
            models.Index(
                fields=("member", "conversation"),
                condition=models.Q(is_seen=False),
                name="mention_unseen",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id} in {self.message_id}"


class Tally(TenantModel):
    """By how much a kind of conversations grew; all of a kind together are how many there are.

    A trigger adds a row for every change of a conversation, so that nobody waits for a lock that
    is everybody's, and housekeeping folds them into one row of each kind.
    """

    status = models.CharField(max_length=10)
    owner = models.CharField(max_length=10)
    # Without references: what they name may be gone by the time that it is counted.
    assignee_id = models.UUIDField(null=True)
    team_id = models.UUIDField(null=True)
    number = models.BigIntegerField()
    is_folded = models.BooleanField(default=False, db_default=False)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "status", "owner", "assignee_id", "team_id"),
                condition=models.Q(is_folded=True),
                nulls_distinct=False,
                name="tally_once",
            ),
        )
        indexes = (
            models.Index(
                fields=("id",), condition=models.Q(is_folded=False), name="tally_unfolded"
            ),
            models.Index(
                fields=("id",), condition=models.Q(number=0, is_folded=True), name="tally_nothing"
            ),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.owner}: {self.number}"
