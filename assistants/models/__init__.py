"""What answers: assistants in immutable versions, and the knowledge that they quote."""

from assistants.models.assistant import Assistant, AssistantVersion
from assistants.models.knowledge import KnowledgeEntry, KnowledgeSource, KnowledgeVector

__all__ = [
    "Assistant",
    "AssistantVersion",
    "KnowledgeEntry",
    "KnowledgeSource",
    "KnowledgeVector",
]
