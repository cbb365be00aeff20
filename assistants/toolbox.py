"""What engines know of a tenant's tools: copies kept in versions, and the door to calling them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol, Self
from uuid import UUID

from assistants.models.tool import Tool


class UnknownOutcome(Exception):
    """A call that writes may have happened, or not; it must not be made again."""


@dataclass(frozen=True)
class ToolSnapshot:
    """A tool as a version knows it; its secrets are read only when it is called."""

    id: UUID
    name: str
    description: str
    parameters: dict[str, Any]
    place: str
    risk: str
    method: str
    url: str
    timeout_seconds: int
    retries: int
    fallback_result: str

    @classmethod
    def of(cls, tool: Tool) -> Self:
        return cls(**{name.name: getattr(tool, name.name) for name in fields(cls)})

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        return cls(**{**kept, "id": UUID(kept["id"])})

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "id": str(self.id)}

    @property
    def pauses(self) -> bool:
        """Whether somebody else must act before the result is there."""
        return self.place == Tool.Place.CLIENT or self.risk == Tool.Risk.APPROVAL


@dataclass(frozen=True)
class ToolRequest:
    """One call that a model asks for; ``args`` fit the tool's parameters."""

    call_id: str
    tool: ToolSnapshot
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ToolResult:
    """What the model is told of a call; only of one that was ``done`` it is a fact.

    One that was to be approved by the team may be ``unapproved``.
    """

    text: str
    is_done: bool = False
    is_unapproved: bool = False


class Toolbox(Protocol):
    """Makes calls exactly once, whichever process asks, and however often."""

    async def run(self, request: ToolRequest) -> ToolResult:
        """The result for the model: of the call, or of the equal one made before.

        Of a call that paused the turn it is what the page or the member answered, of an approved
        one what the tenant's server did. Raises UnknownOutcome.
        """


class NoTools:
    """For answers outside any conversation."""

    async def run(self, request: ToolRequest) -> ToolResult:
        raise LookupError(f"{request.tool.name} cannot be called here.")
