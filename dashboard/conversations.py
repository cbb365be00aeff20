"""One of the team's conversations over REST, and what may be done to it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import assigning, engine, mentioning, queries
from conversations.announcements import conversation_data
from conversations.models import Conversation, Status
from dashboard import shapes
from dashboard.callers import (
    TeamView,
    acting_member,
    display_name,
    member_at_work,
    member_by_id,
)
from dashboard.teams import named_team
from tenants.callers import at_work
from widgets.inputs import Metadata, Moment, Text, checked

Act = Callable[[Conversation, dict[str, Any]], object]


class ConversationView(TeamView):
    @extend_schema(operation_id="getConversation", responses=shapes.ConversationDetail)
    def get(self, request: Request, conversation_id: str) -> Response:
        with at_work(request):
            return Response(queries.conversation(conversation_id))


class ActionView(TeamView):
    """Does one thing to a conversation and answers with what became of it."""

    class Input(serializers.Serializer):
        pass

    def act(self, request: Request, conversation_id: str, act: Act) -> Response:
        """The conversation comes first: to others it does not exist, whatever they send."""
        with at_work(request):
            conversation = engine.team_conversation(conversation_id)
            act(conversation, checked(self.Input, request.data))
            return Response(conversation_data(conversation))


def assign(request: Request, conversation: Conversation, given: dict[str, Any]) -> None:
    """As ``AssignInput`` says. Raises BadRequest for anybody who is not the caller's."""
    member_id = given.get("memberId")
    member = member_by_id(request, member_id) if member_id is not None else None
    if "teamId" in given:
        team = named_team(given["teamId"]) if given["teamId"] is not None else None
        assigning.pass_on(conversation, team)
    if member is not None or "teamId" not in given:
        assigning.assign(conversation, member, by=member_at_work(request))


class TakeOverView(ActionView):
    class Input(serializers.Serializer):
        memberId = Text(required=False, help_text="Who takes over; with an API key only.")

    @extend_schema(
        operation_id="takeOverConversation", request=Input, responses=shapes.Conversation
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """Answer instead of the assistant; 409 when another member does."""
        return self.act(
            request,
            conversation_id,
            lambda conversation, given: engine.take_over(
                conversation, acting_member(request, given)
            ),
        )


class GiveBackView(ActionView):
    @extend_schema(operation_id="giveBackConversation", request=None, responses=shapes.Conversation)
    def post(self, request: Request, conversation_id: str) -> Response:
        """Let the assistant answer again."""
        return self.act(
            request, conversation_id, lambda conversation, _: engine.give_back(conversation)
        )


class AssignInput(serializers.Serializer):
    memberId = Text(allow_null=True, required=False, help_text="Null for nobody.")
    teamId = Text(
        allow_null=True,
        required=False,
        help_text="In whose queue it waits from now on; null for everybody's.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Name a member or a team.")
        return attrs


class AssignView(ActionView):
    class Input(AssignInput):
        pass

    @extend_schema(operation_id="assignConversation", request=Input, responses=shapes.Conversation)
    def post(self, request: Request, conversation_id: str) -> Response:
        """Make a member responsible, without changing who answers; or pass it on to a team.

        What a member holds waits for the team's next one from then on.
        """
        return self.act(request, conversation_id, partial(assign, request))


class QualifyView(ActionView):
    class Input(serializers.Serializer):
        details = Metadata(default=dict, help_text="What is known about the contact's interest.")

    @extend_schema(operation_id="qualifyConversation", request=Input, responses=shapes.Conversation)
    def post(self, request: Request, conversation_id: str) -> Response:
        """Mark the contact as worth the team's while."""
        return self.act(
            request,
            conversation_id,
            lambda conversation, given: engine.qualify(conversation, details=given["details"]),
        )


class Seen(serializers.IntegerField):
    """The number of the newest message that its sender has read, if they say."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default=None, allow_null=True, min_value=0, max_value=2**31 - 1, **options)


def close(request: Request, conversation: Conversation, given: dict[str, Any]) -> None:
    """As ``CloseInput`` says. Raises Conflict."""
    if given["ifSeq"] is not None:
        member = member_at_work(request)
        mentioning.require_unanswered(conversation, member, since=given["ifSeq"], by_visitor=True)
    engine.close(conversation, by=display_name(request))


class CloseInput(serializers.Serializer):
    ifSeq = Seen(help_text="Up to here you have read: 409 if somebody else has written since.")


class CloseView(ActionView):
    class Input(CloseInput):
        pass

    @extend_schema(operation_id="closeConversation", request=Input, responses=shapes.Conversation)
    def post(self, request: Request, conversation_id: str) -> Response:
        """Resolve the conversation; the visitor's next message opens it again."""
        return self.act(request, conversation_id, partial(close, request))


class StatusInput(serializers.Serializer):
    status = serializers.ChoiceField([Status.OPEN, Status.PENDING, Status.SNOOZED])
    until = Moment(default=None, allow_null=True, help_text="When a snoozed one wakes.")

    def validate_until(self, value: datetime | None) -> datetime | None:
        if value is not None and value <= datetime.now(UTC):
            raise serializers.ValidationError("Must lie in the future.")
        return value


class StatusView(ActionView):
    class Input(StatusInput):
        pass

    @extend_schema(
        operation_id="setConversationStatus", request=Input, responses=shapes.Conversation
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """Park the conversation, or take it back to the open ones."""
        return self.act(
            request,
            conversation_id,
            lambda conversation, given: engine.set_status(
                conversation, given["status"], until=given["until"]
            ),
        )
