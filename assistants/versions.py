"""Versions of an assistant: made once, then only pointed at."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, Self
from uuid import UUID

from assistants.models import Assistant, AssistantVersion, Tool
from assistants.toolbox import ToolSnapshot
from tenants import audit
from tenants.errors import BadRequest, Conflict
from tenants.scope import current_scope

VERSIONS = 256


@dataclass(frozen=True)
class Flow:
    """A named way into a conversation. Messages that resemble its examples mean this flow."""

    name: str
    opening: str = ""
    instructions: str = ""
    examples: tuple[str, ...] | list[str] = ()


@dataclass(frozen=True)
class VersionSnapshot:
    """One version as plain data, to answer with outside any transaction."""

    version_id: UUID
    assistant_id: UUID
    tenant_id: UUID
    name: str
    knowledge_revision: int
    engine: str
    greeting: str
    languages: tuple[str, ...]
    answer_threshold: float
    margin: float
    offer_threshold: float
    offer_text: str
    handover_text: str
    unanswered_text: str
    instructions: str = ""
    guidelines: tuple[str, ...] = ()
    tone: str = ""
    provider_id: UUID | None = None
    model: str = ""
    fallback_provider_id: UUID | None = None
    fallback_model: str = ""
    temperature: float | None = None
    tools: tuple[ToolSnapshot, ...] = ()
    flows: tuple[Flow, ...] = ()
    link_hosts: tuple[str, ...] = ()
    handover_topics: tuple[str, ...] = ()
    handover_after: int = 0

    def with_fallback_first(self) -> Self:
        return replace(
            self,
            provider_id=self.fallback_provider_id,
            model=self.fallback_model,
            fallback_provider_id=self.provider_id,
            fallback_model=self.model,
        )

    @classmethod
    def of(cls, version: AssistantVersion) -> Self:
        own: dict[str, Any] = {
            "version_id": version.pk,
            "name": version.assistant.name,
            "knowledge_revision": version.assistant.knowledge_revision,
            "languages": tuple(version.languages),
            "guidelines": tuple(version.guidelines),
            "link_hosts": tuple(version.link_hosts),
            "handover_topics": tuple(version.handover_topics),
            "tools": tuple(ToolSnapshot.from_json(kept) for kept in version.tools),
            "flows": tuple(Flow(**kept) for kept in version.flows),
        }
        others = [field.name for field in fields(cls) if field.name not in own]
        return cls(**own, **{name: getattr(version, name) for name in others})

    @property
    def is_metered(self) -> bool:
        """Whether its answers cost money."""
        return self.engine == AssistantVersion.Engine.MODEL

    def flow(self, name: str) -> Flow | None:
        """The flow with this name; an unknown one is as good as none."""
        return next((flow for flow in self.flows if flow.name == name), None)

    def opening(self, flow: str = "") -> str:
        """What is said before the visitor's first message."""
        entered = self.flow(flow)
        return (entered.opening if entered else "") or self.greeting


def snapshot_of(version: AssistantVersion) -> VersionSnapshot:
    return VersionSnapshot.of(version)


def snapshot_by(version_id: UUID, assistant: Assistant) -> VersionSnapshot:
    """The same of a version that this process may know, since none ever changes.

    Only what is the assistant's own, and can change, is taken from ``assistant``.
    """
    kept = _kept(current_scope().tenant_id, version_id)
    return replace(kept, name=assistant.name, knowledge_revision=assistant.knowledge_revision)


@lru_cache(maxsize=VERSIONS)
def _kept(tenant_id: UUID, version_id: UUID) -> VersionSnapshot:
    versions = AssistantVersion.objects.filter(tenant_id=tenant_id)
    return snapshot_of(versions.select_related("assistant").get(pk=version_id))


def snapshot(assistant: Assistant, *, staging: bool = False) -> VersionSnapshot | None:
    """The published (or the staged) version, or None when there is none."""
    version = (assistant.staging or assistant.production) if staging else assistant.production
    return snapshot_of(version) if version else None


def create_assistant(name: str, *, is_default: bool = False, **settings: Any) -> Assistant:
    """Make an assistant with a first version, and publish that."""
    assistant = Assistant.objects.create(
        tenant_id=current_scope().tenant_id, name=name, is_default=is_default
    )
    publish(create_version(assistant, **settings))
    return assistant


def create_version(assistant: Assistant, **settings: Any) -> AssistantVersion:
    """Make the next version from the latest one and what changes; it becomes the staged one.

    ``tools`` are rows, of which the version keeps copies.
    """
    Assistant.objects.select_for_update().get(pk=assistant.pk)
    if "tools" in settings:
        settings["tools"] = _copies(assistant, settings["tools"])
    latest = assistant.versions.order_by("-number").first()
    version = AssistantVersion(
        tenant_id=assistant.tenant_id,
        assistant=assistant,
        number=latest.number + 1 if latest else 1,
        **{**(_settings(latest) if latest else {}), **settings},
    )
    version.save(force_insert=True)
    assistant.staging = version
    assistant.save(update_fields=["staging"])
    return version


def publish(version: AssistantVersion, *, actor: str = "system") -> None:
    """Answer with this version from the next question on."""
    assistant = version.assistant
    assistant.production = assistant.staging = version
    assistant.save(update_fields=["production", "staging"])
    audit.record("assistant.published", actor=actor, target=version)


def roll_back(assistant: Assistant, *, actor: str = "system") -> AssistantVersion:
    """Point production at the version before the published one. Raises Conflict without one."""
    current = assistant.production
    earlier = assistant.versions.filter(number__lt=current.number) if current else None
    version = earlier.order_by("-number").first() if earlier is not None else None
    if version is None:
        raise Conflict("There is no earlier version.", code="no_earlier_version")
    assistant.production = version
    assistant.save(update_fields=["production"])
    audit.record("assistant.rolled_back", actor=actor, target=version)
    return version


def _copies(assistant: Assistant, tools: Iterable[Tool]) -> list[dict[str, Any]]:
    chosen = list(tools)
    if any(tool.tenant_id != assistant.tenant_id for tool in chosen):
        raise BadRequest("There is no such tool.", code="unknown_tool")
    return [ToolSnapshot.of(tool).as_json() for tool in chosen]


def _settings(version: AssistantVersion) -> dict[str, Any]:
    fixed = {"id", "tenant", "assistant", "number", "created_at"}
    kept = [field for field in AssistantVersion._meta.concrete_fields if field.name not in fixed]
    return {field.attname: getattr(version, field.attname) for field in kept}
