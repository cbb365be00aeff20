"""The lines in which a conversation tells what became of it.

The team reads them as they are here; by its code the visitor's client says the same to the visitor
in their language. The texts of bubbles hold those words, as ``joinedLine`` and so on.
"""

from conversations.models import AuthorKind, Conversation, Message
from conversations.posting import post, post_line

# How the team reads of whoever came in by a door of ours.
VISITOR = "The visitor"
LINES = {
    "joined": "{name} joined the conversation.",
    "reassigned": "Another member of our team will answer here.",
    "returned": "The assistant answers again.",
    "approval": "The team is asked to approve this.",
    "closed": "Conversation closed.",
    "closedBy": "{name} closed the conversation.",
    "ended": f"{VISITOR} closed the conversation.",
    "reopened": "The conversation was opened again.",
}


def tell(conversation: Conversation, code: str, *, name: str = "") -> Message:
    """Post one of these lines; ``name`` is that of whom it tells."""
    text = LINES[code].replace("{name}", name)
    line = {"code": code, "name": name}
    return post(conversation, author_kind=AuthorKind.SYSTEM, text=text, line=line)


def tell_return(conversation: Conversation, text: str) -> None:
    """Say that the assistant answers again, in these words if there are any."""
    if text:
        post_line(conversation, text)
    else:
        tell(conversation, "returned")


def tell_end(conversation: Conversation, by: str) -> None:
    """Say who has ended it: somebody with a name, ``VISITOR``, or nobody in particular."""
    if by == VISITOR:
        tell(conversation, "ended")
    elif by:
        tell(conversation, "closedBy", name=by)
    else:
        tell(conversation, "closed")
