"""Who writes to the team, and what is said."""

from conversations.models.arranging import CannedResponse, Label, LabelChange, View
from conversations.models.contact import Contact, VisitorSession
from conversations.models.conversation import Conversation, Owner, Priority, Status
from conversations.models.inbox import Draft, Mention, Tally
from conversations.models.message import Attachment, AuthorKind, Message
from conversations.models.team import Availability, Queue, Team, TeamMember
from conversations.models.tool_call import ToolCall
from conversations.models.turn import Turn, TurnState

__all__ = [
    "Attachment",
    "AuthorKind",
    "Availability",
    "CannedResponse",
    "Contact",
    "Conversation",
    "Draft",
    "Label",
    "LabelChange",
    "Mention",
    "Message",
    "Owner",
    "Priority",
    "Queue",
    "Status",
    "Tally",
    "Team",
    "TeamMember",
    "ToolCall",
    "Turn",
    "TurnState",
    "View",
    "VisitorSession",
]
