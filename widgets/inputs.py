"""What visitors' clients may send. Names that are not listed are ignored and never stored."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.attachments import FILES_PER_MESSAGE
from conversations.contacts import ATTRIBUTES_LIMIT
from conversations.ratings import COMMENT_LIMIT, SCORES
from tenants.mail import one_line
from tenants.network import normal_origin

METADATA_LIMIT = 8 * 1024
ATTRIBUTE_NAME_LENGTH = 60
ATTRIBUTE_LENGTH = 500
RESULT_LIMIT = 32 * 1024
ERROR_LENGTH = 1_000
SESSION_ID_LENGTH = 128
KEY_LENGTH = 200
EVENT_LENGTH = 100
USER_ID_LENGTH = 200
TOKEN_LENGTH = 4_000
FLOW_LENGTH = 100
LANGUAGE_LENGTH = 35
TYPING_LENGTH = 500
ADDRESS_LENGTH = 1_000


class Text(serializers.CharField):
    """Text as it was written; a number or a boolean is a mistake, not a text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """True or false; neither a number nor a word is either."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Metadata(serializers.Field):
    """A small JSON object."""

    default_error_messages = {
        "invalid": "Must be an object.",
        "too_large": f"At most {METADATA_LIMIT} bytes.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        if len(json.dumps(data, ensure_ascii=False).encode()) > METADATA_LIMIT:
            self.fail("too_large")
        return data

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Attributes(serializers.Field):
    """What is known of somebody: short names with short texts, numbers, booleans or null."""

    default_error_messages = {
        "invalid": "Must be an object.",
        "too_many": f"At most {ATTRIBUTES_LIMIT} names.",
        "name": f"A name has one to {ATTRIBUTE_NAME_LENGTH} characters.",
        "value": f"Must be a number, true, false, null or at most {ATTRIBUTE_LENGTH} characters.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        if len(data) > ATTRIBUTES_LIMIT:
            self.fail("too_many")
        for name, value in data.items():
            if not 1 <= len(name) <= ATTRIBUTE_NAME_LENGTH:
                self.fail("name")
            if isinstance(value, dict | list) or len(str(value)) > ATTRIBUTE_LENGTH:
                self.fail("value")
        return data

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


class Result(serializers.JSONField):
    """Any JSON, as a tool on the page returned it."""

    def to_internal_value(self, data: Any) -> Any:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > RESULT_LIMIT:
            raise serializers.ValidationError(f"At most {RESULT_LIMIT} bytes.")
        return data


class Moment(serializers.DateTimeField):
    """ISO 8601, by a clock that may be wrong but not absurd."""

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid", format="ISO 8601")
        moment: datetime = super().to_internal_value(value)
        if not 2000 <= moment.year <= 2100:
            raise serializers.ValidationError("Must lie between the years 2000 and 2100.")
        return moment


def session_id(**options: Any) -> Text:
    return Text(max_length=SESSION_ID_LENGTH, **options)


def email(**options: Any) -> serializers.EmailField:
    return serializers.EmailField(max_length=254, **options)


def message_id() -> Text:
    return Text(
        default=None,
        allow_null=True,
        max_length=KEY_LENGTH,
        help_text="Makes a repeat harmless; as the header Idempotency-Key.",
    )


def begins_another() -> Flag:
    return Flag(default=False, help_text="Begin another conversation beside the open ones.")


def flow_name() -> Text:
    return Text(
        default="",
        allow_blank=True,
        max_length=FLOW_LENGTH,
        help_text="A named way into the conversation, as the assistant knows it.",
    )


def language() -> Text:
    return Text(
        default="",
        allow_blank=True,
        allow_null=True,
        max_length=LANGUAGE_LENGTH,
        help_text="To answer in, such as de-AT; ignored if the assistant does not speak it.",
    )


def locale() -> Text:
    return Text(
        default="",
        allow_blank=True,
        max_length=LANGUAGE_LENGTH,
        help_text="The language that our own texts shall be in, such as de-AT.",
    )


def user_id(**options: Any) -> Text:
    return Text(
        default="",
        allow_blank=True,
        max_length=USER_ID_LENGTH,
        help_text="What the page calls its visitor; noted with a new session, and proves nothing.",
        **options,
    )


class ChatInput(serializers.Serializer):
    sessionId = session_id()
    userId = user_id(allow_null=True)
    message = Text(default="", allow_blank=True)
    assistantId = Text(default=None, allow_null=True, allow_blank=True)
    conversationId = Text(default=None, allow_null=True, allow_blank=True)
    newConversation = begins_another()
    messageId = message_id()
    attachments = serializers.ListField(child=Text(), max_length=FILES_PER_MESSAGE, default=list)
    flowName = flow_name()
    language = language()
    variables = Metadata(default=dict, help_text="What the page knows; kept with the conversation.")
    additionalInput = Metadata(default=dict, help_text="The same, for this answer only.")
    useStagingVersion = Flag(default=False)
    environment = Text(default="", allow_blank=True, allow_null=True)
    handOverWhenSpent = Flag(
        default=False,
        help_text="Ask for a person instead of refusing when the budget for answers is spent.",
    )
    wait = Flag(default=True, help_text="Whether to return no sooner than there is an answer.")


class TrackInput(serializers.Serializer):
    sessionId = session_id()
    event = Text(max_length=EVENT_LENGTH)
    timestamp = Moment(default=lambda: datetime.now(UTC))
    metadata = Metadata(default=dict)


class VoiceStartInput(serializers.Serializer):
    sessionId = session_id()
    assistantId = Text(default=None, allow_null=True, allow_blank=True)


class SessionInput(serializers.Serializer):
    sessionId = session_id(default="", allow_blank=True)
    locale = locale()
    userId = user_id(allow_null=True)


class IdentityInput(serializers.Serializer):
    """A token, or a user id and its hash."""

    sessionId = session_id(default="", allow_blank=True, allow_null=True)
    token = Text(default="", allow_blank=True, max_length=TOKEN_LENGTH)
    userId = user_id()
    userHash = Text(default="", allow_blank=True, max_length=64)
    email = serializers.EmailField(default="", allow_blank=True, max_length=254)
    name = Text(default="", allow_blank=True, max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        by_hash = bool(attrs["userId"] and attrs["userHash"])
        if bool(attrs["token"]) == by_hash:
            raise serializers.ValidationError("Send a token, or a userId and its userHash.")
        return attrs


class AttributesInput(serializers.Serializer):
    attributes = Attributes()


class ContactInput(serializers.Serializer):
    email = email(default="", allow_blank=True)
    name = Text(default="", allow_blank=True, max_length=200)
    phone = Text(default="", allow_blank=True, max_length=40)
    attributes = Metadata(default=dict)


class OfflineInput(serializers.Serializer):
    sessionId = session_id()
    name = Text(default="", allow_blank=True, max_length=200)
    email = email()
    message = Text()
    messageId = message_id()
    locale = locale()


class ResumeInput(serializers.Serializer):
    token = Text(max_length=TOKEN_LENGTH)


class RatingInput(serializers.Serializer):
    score = serializers.IntegerField(min_value=SCORES[0], max_value=SCORES[1])
    comment = Text(default="", allow_blank=True, max_length=COMMENT_LIMIT)


class TranscriptInput(serializers.Serializer):
    email = email()
    locale = locale()


class ReadInput(serializers.Serializer):
    seq = serializers.IntegerField(default=None, allow_null=True, min_value=0, max_value=2**31 - 1)


class ToolResultInput(serializers.Serializer):
    """Either what the call returned, or why it failed."""

    result = Result(required=False, allow_null=True)
    error = Text(required=False, max_length=ERROR_LENGTH)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Send a result or an error.")
        return attrs


class AuthFrame(serializers.Serializer):
    token = Text()
    sessionId = session_id()
    sessionSecret = Text()
    conversationId = Text(default=None, allow_null=True)
    lastEventId = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, max_value=2**63 - 1
    )


class TypingFrame(serializers.Serializer):
    text = Text(default=None, allow_null=True, allow_blank=True, max_length=TYPING_LENGTH)


class PresenceInput(serializers.Serializer):
    """Where a visitor is; ``visitorId`` is the page's own name for them, and its secret."""

    visitorId = serializers.RegexField(r"\A[0-9a-f]{32}\Z")
    url = Text(default="", allow_blank=True, max_length=ADDRESS_LENGTH)
    title = Text(default="", allow_blank=True)
    left = Flag(default=False, help_text="They have left the page.")

    def validate_url(self, value: str) -> str:
        """Without what may be secret in an address; empty for what is no web page."""
        parts = urlsplit(value)
        if (
            parts.scheme not in ("http", "https")
            or normal_origin(parts[0] + "://" + parts[1]) is None
        ):
            return ""
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))

    def validate_title(self, value: str) -> str:
        return one_line(value)


class MessageFrame(serializers.Serializer):
    messageId = Text(max_length=KEY_LENGTH)
    text = Text(default="", allow_blank=True)
    flowName = flow_name()
    language = language()
    variables = Metadata(default=dict)
    additionalInput = Metadata(default=dict)
    attachments = serializers.ListField(child=Text(), max_length=FILES_PER_MESSAGE, default=list)
    newConversation = begins_another()
    useStagingVersion = Flag(default=False)


def checked(kind: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """The input that ``data`` holds; raises DRF's ValidationError for anything else."""
    serializer = kind(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
