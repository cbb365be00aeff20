"""What answers: assistants in immutable versions, what they know, may do and cost."""

from assistants.models.analysis import Analysis
from assistants.models.assistant import Assistant, AssistantVersion
from assistants.models.knowledge import KnowledgeEntry, KnowledgeSource, KnowledgeVector
from assistants.models.provider import Provider
from assistants.models.tool import Tool
from assistants.models.usage import Budget, UsageCounter, UsageEntry

__all__ = [
    "Analysis",
    "Assistant",
    "AssistantVersion",
    "Budget",
    "KnowledgeEntry",
    "KnowledgeSource",
    "KnowledgeVector",
    "Provider",
    "Tool",
    "UsageCounter",
    "UsageEntry",
]
