"""The tools that every model has: looking things up, and steering the conversation."""

from typing import Any

Schema = dict[str, Any]


def _object(required: list[str], **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _text(description: str, *, most: int = 500) -> Schema:
    return {"type": "string", "maxLength": most, "description": description}


SEARCH = "search_knowledge"
HAND_OVER = "hand_over"
QUALIFY = "qualify_contact"
END = "end_conversation"
# Name: (description for the model, JSON Schema of its arguments).
BUILTIN: dict[str, tuple[str, Schema]] = {
    SEARCH: (
        "Search the company's knowledge for passages that answer a question.",
        _object(["query"], query=_text("The question, complete in itself.", most=1_000)),
    ),
    HAND_OVER: (
        "Let a person of the team go on. Ends your part of the conversation.",
        _object(
            ["reason", "summary"],
            reason={
                "type": "string",
                "enum": ["requested", "upset", "no_answer", "needs_action", "other"],
            },
            summary=_text(
                "For the team, in two or three lines: what the visitor wants, what is"
                " known, what was tried.",
                most=1_000,
            ),
            message=_text("What the visitor is told, in the visitor's language.", most=600),
        ),
    ),
    QUALIFY: (
        "Note for the team that this visitor is a promising contact. Only what the visitor said.",
        _object(
            ["interest"],
            interest=_text("What the visitor is interested in."),
            name=_text("", most=200),
            company=_text("", most=200),
            email=_text("", most=254),
            phone=_text("", most=40),
            notes=_text("Anything else that helps the team."),
        ),
    ),
    END: (
        "Close the conversation after your farewell, once the visitor has said that all is done.",
        _object([]),
    ),
}
