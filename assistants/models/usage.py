"""What answers of language models cost, and how much of that a tenant may spend."""

from django.db import models

from tenants.scope import TenantModel


class Budget(TenantModel):
    """A tenant's limits; an empty one does not limit."""

    turns_per_month = models.PositiveIntegerField(
        null=True, blank=True, help_text="Answers of language models. Empty means no limit."
    )
    tokens_per_month = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Once they are used, there are no more answers."
    )
    visitor_turns_per_day = models.PositiveIntegerField(
        null=True, blank=True, help_text="Answers to one visitor."
    )

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("tenant",), name="budget_tenant"),)

    def __str__(self) -> str:
        return f"budget of {self.tenant_id}"


class UsageCounter(TenantModel):
    """How much a tenant (``subject`` is its id) or a visitor's session used in one period.

    ``period`` is a month (``2031-05``) or a day (``2031-05-17``), both in UTC. ``cost`` is in US
    dollars, without the ``unpriced_tokens``: those of models whose price nobody knows.
    """

    subject = models.UUIDField()
    period = models.CharField(max_length=10)
    turns_used = models.PositiveIntegerField(default=0)
    turns_reserved = models.PositiveIntegerField(default=0)
    tokens_used = models.PositiveBigIntegerField(default=0)
    unpriced_tokens = models.PositiveBigIntegerField(default=0)
    cost = models.DecimalField(max_digits=20, decimal_places=8, default=0)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "subject", "period"), name="usage_counter_period"
            ),
        )

    def __str__(self) -> str:
        return f"{self.subject} in {self.period}"


class UsageEntry(TenantModel):
    """One line of the ledger: a reservation, and what became of it.

    ``key`` is the id of the turn (or other work) that it pays for, so nothing is paid twice.
    Tokens and cost are those of all attempts, counted in the ``month`` and ``day`` of the entry.
    """

    class State(models.TextChoices):
        HELD = "held"
        SETTLED = "settled"
        RELEASED = "released"

    key = models.UUIDField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    conversation_id = models.UUIDField(null=True)
    subject = models.UUIDField(null=True, help_text="The visitor's session.")
    month = models.CharField(max_length=7)
    day = models.CharField(max_length=10)
    model = models.CharField(max_length=200, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    unpriced_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(
        max_digits=14, decimal_places=8, default=0, help_text="US dollars, as far as it is known."
    )
    is_estimated = models.BooleanField(
        default=False, help_text="The provider did not tell the tokens of all requests."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("tenant", "key"), name="usage_entry_key"),)
        indexes = (
            models.Index(fields=("tenant", "conversation_id")),
            models.Index(
                fields=("created_at",), condition=models.Q(state="held"), name="usage_entry_held"
            ),
        )
        verbose_name_plural = "usage entries"

    def __str__(self) -> str:
        return f"{self.state} {self.key}"
