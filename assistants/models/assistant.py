"""An assistant, and everything that shapes its answers, frozen in versions."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from assistants.models.provider import Provider
from tenants.scope import TenantModel

LANGUAGE_CODE = RegexValidator(
    r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?$", "Write one code such as en, de or pt-BR on each line."
)
SHARE = (MinValueValidator(0.0), MaxValueValidator(1.0))


class Immutable(RuntimeError):
    """A published fact was about to be rewritten."""


class Assistant(TenantModel):
    """A name with two pointers; to publish or to roll back is to move one."""

    name = models.CharField(max_length=100)
    is_default = models.BooleanField(
        default=False, help_text="Answers where no assistant is named."
    )
    production = models.ForeignKey(
        "AssistantVersion", null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    staging = models.ForeignKey(
        "AssistantVersion", null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    knowledge_revision = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("tenant",),
                condition=models.Q(is_default=True),
                name="assistant_one_default",
            ),
        )

    def __str__(self) -> str:
        return self.name


class AssistantVersion(TenantModel):
    """What a conversation is answered with. A change is a new version; this row never changes."""

    class Engine(models.TextChoices):
        KNOWLEDGE = "knowledge", "quotes its knowledge"
        MODEL = "model", "writes with a language model"

    assistant = models.ForeignKey(Assistant, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    engine = models.CharField(max_length=20, choices=Engine.choices, default=Engine.KNOWLEDGE)
    greeting = models.TextField(blank=True, default="Hello! What would you like to know?")
    languages = ArrayField(
        models.CharField(max_length=10, validators=[LANGUAGE_CODE]),
        default=list,
        blank=True,
        help_text="Codes such as en, de or pt-BR, one on each line, the main one first: of the "
        "knowledge and its visitors. Empty means English.",
    )
    file_sharing = models.BooleanField(
        default=True,
        help_text="Servers with its API token may send files. For pages the chat bubble says that.",
    )
    answer_threshold = models.FloatField(
        default=0.5, validators=SHARE, help_text="Similarity from which a passage is quoted."
    )
    margin = models.FloatField(
        default=0.05, validators=SHARE, help_text="Its lead over the second best passage."
    )
    offer_threshold = models.FloatField(
        default=0.3, validators=SHARE, help_text="Similarity from which titles are offered."
    )
    offer_text = models.TextField(
        default="I am not sure that I understood. Is it one of these?",
    )
    handover_text = models.TextField(
        default="I will ask a person of our team to answer you here.",
    )
    unanswered_text = models.TextField(
        default="I did not find an answer to this. I will ask a person of our team.",
    )
    instructions = models.TextField(
        blank=True, help_text="What the model is told of its task and your business."
    )
    guidelines = ArrayField(
        models.CharField(max_length=500),
        default=list,
        blank=True,
        help_text="What it always or never does, one on each line.",
    )
    tone = models.CharField(
        max_length=200, blank=True, help_text="How it writes, such as “friendly and brief”."
    )
    provider = models.ForeignKey(
        Provider, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    model = models.CharField(max_length=200, blank=True, help_text="As the provider calls it.")
    fallback_provider = models.ForeignKey(
        Provider, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    fallback_model = models.CharField(
        max_length=200, blank=True, help_text="Answers when the first one fails."
    )
    temperature = models.FloatField(
        null=True, blank=True, validators=(MinValueValidator(0.0), MaxValueValidator(2.0))
    )
    tools = models.JSONField(
        default=list, blank=True, help_text="A copy of each tool that it may call."
    )
    flows = models.JSONField(
        default=list,
        blank=True,
        help_text="Named ways in, each with an opening message and instructions of its own.",
    )
    link_hosts = ArrayField(
        models.CharField(max_length=253),
        default=list,
        blank=True,
        help_text="Hosts that answers may link to, with their subdomains, one on each line. Cited "
        "sources and addresses in your instructions may be linked anyway.",
    )
    handover_topics = ArrayField(
        models.CharField(max_length=100),
        default=list,
        blank=True,
        help_text="Words that always go to a person, one topic on each line.",
    )
    handover_after = models.PositiveSmallIntegerField(
        default=3, help_text="Questions in a row without an answer, then a person. 0 means never."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("assistant", "number"), name="assistant_version_number"
            ),
        )

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def is_metered(self) -> bool:
        """Whether its answers cost money."""
        return self.engine == self.Engine.MODEL

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Immutable("A version is never changed; make a new one.")
        super().save(*args, **kwargs)
