"""Who writes to the team, and what is said."""

from conversations.models.contact import Contact, VisitorSession
from conversations.models.conversation import Conversation, Owner, Status
from conversations.models.message import Attachment, AuthorKind, Message
from conversations.models.team import Availability, Queue, Team, TeamMember
from conversations.models.tool_call import ToolCall
from conversations.models.turn import Turn, TurnState

__all__ = [
    "Attachment",
    "AuthorKind",
    "Availability",
    "Contact",
    "Conversation",
    "Message",
    "Owner",
    "Queue",
    "Status",
    "Team",
    "TeamMember",
    "ToolCall",
    "Turn",
    "TurnState",
    "VisitorSession",
]
