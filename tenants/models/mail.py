"""Mail on its way out: rows that are written with what they tell of, and sent afterwards."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from tenants.ids import uuid7
from tenants.scope import TenantModel


class OutgoingMail(models.Model):
    """One mail to one address; its words are forgotten once it is sent."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    key = models.CharField(max_length=200, help_text="A second mail with the same is none.")
    template = models.CharField(max_length=60)
    to = models.EmailField()
    reply_to = models.EmailField(blank=True)
    sender = models.CharField(max_length=200, blank=True, help_text="The name beside MAIL_FROM.")
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    # By the database's clock, as that is what it is compared with.
    due_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"


class Mail(TenantModel, OutgoingMail):
    """What a tenant tells somebody."""

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("tenant", "key"), name="mail_once"),)
        indexes = (
            models.Index(fields=("due_at",), condition=models.Q(state="waiting"), name="mail_due"),
            models.Index(fields=("created_at",), name="mail_age"),
        )
        verbose_name_plural = "mails"


class AccountMail(OutgoingMail):
    """What the installation tells the owner of an account, which is of no tenant's concern."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("key",), name="account_mail_once"),)
        indexes = (
            models.Index(
                fields=("due_at",), condition=models.Q(state="waiting"), name="account_mail_due"
            ),
            models.Index(fields=("created_at",), name="account_mail_age"),
        )
