"""The one door through which everything answers, whatever engine a version names."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from assistants.engines import knowledge
from assistants.events import Event, TurnStarted
from assistants.versions import VersionSnapshot

ENGINES = {"knowledge": knowledge.answer}


async def respond(
    *,
    version: VersionSnapshot,
    question: str,
    history: Sequence[tuple[str, str]],
    tenant_id: UUID,
) -> AsyncIterator[Event]:
    """Answer ``question``: begins with TurnStarted, ends with a Reply or Handoff and TurnDone.

    ``history`` is what was said before, oldest first, as (who, what).
    """
    if tenant_id != version.tenant_id:
        raise ValueError("A version answers its own tenant only.")
    yield TurnStarted(version.engine)
    async for event in ENGINES[version.engine](version=version, question=question, history=history):
        yield event
