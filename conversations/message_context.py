"""What a client tells beside a message. Nobody vouches for any of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from assistants.language import languages_of, match
from conversations import teams
from conversations.models import Conversation
from tenants.errors import BadRequest

VARIABLES_LIMIT = 100


@dataclass(frozen=True)
class MessageContext:
    """``flow`` names the way in; ``variables`` stay, ``additional_input`` is for this answer.

    ``model`` is the one to ask first for this answer, if it is one of the assistant's two.
    ``language`` is the one to answer in from now on; one that the assistant does not speak is
    ignored. ``seen_seq`` is the last message that the client was told of. ``team_id`` is whom the
    door leads to, for a conversation that nobody has led elsewhere.
    """

    flow: str = ""
    language: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    additional_input: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    seen_seq: int = 0
    team_id: UUID | None = None

    def apply_to(self, conversation: Conversation) -> None:
        """Note what outlives the message; the caller saves. Raises BadRequest for too much."""
        conversation.flow = self.flow or conversation.flow
        conversation.named_language = self.spoken_in(conversation) or conversation.named_language
        conversation.variables = merged(conversation.variables, self.variables)
        seen_seq = min(self.seen_seq, conversation.message_seq)
        conversation.visitor_read_seq = max(conversation.visitor_read_seq, seen_seq)
        # The door was read before, and its team may be gone by now.
        if self.team_id and conversation.team_id is None and teams.stays(self.team_id):
            conversation.team_id = self.team_id

    def spoken_in(self, conversation: Conversation) -> str:
        """The assistant's own name for the language, or an empty text if it does not speak it."""
        assistant = conversation.assistant
        if not self.language or assistant is None:
            return ""
        version = assistant.staging if conversation.is_test else assistant.production
        return match(self.language, languages_of(version)) if version else ""


NO_CONTEXT = MessageContext()


def merged(known: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of a conversation, brought up to date."""
    both = {**known, **told}
    if len(both) > VARIABLES_LIMIT:
        raise BadRequest("Too many variables.", code="too_many_variables")
    return both
