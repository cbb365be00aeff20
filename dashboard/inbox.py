"""The list of conversations over REST, and how many there are."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.counts import counts
from conversations.inbox import NOBODY, SORTS, Filters, inbox
from conversations.models import Owner, Priority, Status
from dashboard import shapes
from dashboard.callers import TeamView, member_id_of
from dashboard.search import question
from tenants import paging
from tenants.callers import at_work
from tenants.errors import BadRequest
from tenants.ids import parse_uuid
from widgets.inputs import Moment, checked

ME, NONE = "me", "none"
VALUES_LIMIT = 50


class AnyOf(serializers.CharField):
    """Values with commas between them, of which a row has one."""

    default_error_messages = {
        "too_many": f"At most {VALUES_LIMIT} values.",
        "choice": "Any of {known}, with commas between them.",
    }

    def __init__(self, known: Collection[str] = (), **options: Any) -> None:
        self.known = known
        what = f"Any of `{'`, `'.join(known)}`" if known else "Any of these"
        options.setdefault("help_text", f"{what}, with commas between them.")
        super().__init__(required=False, max_length=4_000, **options)

    def run_validation(self, data: Any = empty) -> Any:
        """Of the whole text first, such as that no NUL is in it."""
        text: str = super().run_validation(data)
        values = [value for value in map(str.strip, text.split(",")) if value]
        if len(values) > VALUES_LIMIT:
            self.fail("too_many")
        if self.known and not set(values) <= set(self.known):
            self.fail("choice", known=", ".join(self.known))
        return values

    def to_representation(self, value: Any) -> str:
        return str(value)


class Chosen(serializers.Serializer):
    """What a list of conversations may be asked for; a view keeps the same."""

    status = AnyOf(Status.values)
    owner = AnyOf(Owner.values)
    assignee = AnyOf(help_text="Ids of members, `me`, or `none` for nobody.")
    team = AnyOf(help_text="Ids of teams, or `none` for everybody's queue.")
    label = AnyOf()  # type: ignore[assignment]
    channel = AnyOf()
    priority = AnyOf(Priority.words())
    assistant = AnyOf(help_text="Ids of assistants.")
    unread = serializers.BooleanField(required=False, help_text="What the team has not read.")
    mentions = serializers.ChoiceField(
        [ME], required=False, help_text="Those with a note that is for you."
    )
    since = Moment(required=False, help_text="Begun then or later.")
    until = Moment(required=False, help_text="Begun before that.")
    updatedSince = Moment(required=False)
    q = question(required=False)


class ConversationsView(TeamView):
    class Query(Chosen, paging.PageQuery):
        sort = serializers.ChoiceField(
            list(SORTS),
            default="updated",
            help_text="Latest change, latest beginning, longest wait or highest priority first.",
        )

    @extend_schema(
        operation_id="listConversations",
        parameters=[Query],
        responses=paging.page(shapes.ListedConversation),
    )
    def get(self, request: Request) -> Response:
        """The conversations that have all of what is asked for."""
        given = checked(self.Query, request.query_params.dict())
        with at_work(request):
            page = inbox(
                filters_of(request, given),
                sort=given["sort"],
                cursor=given.get("cursor"),
                size=given["limit"],
            )
        return Response(page.data())


class CountsView(TeamView):
    @extend_schema(operation_id="countConversations", responses=shapes.Counts)
    def get(self, request: Request) -> Response:
        """How many conversations there are of each kind, at this moment."""
        with at_work(request):
            return Response(counts(member_id_of(request)))


def filters_of(request: Request, given: dict[str, Any]) -> Filters:
    """What ``Chosen`` asks for, as the caller. Raises BadRequest for ids that are none."""
    mine = given.get("mentions") == ME
    return Filters(
        statuses=given.get("status", ()),
        owners=given.get("owner", ()),
        assignees=_ids(request, "assignee", given, nobody=True),
        teams=_ids(request, "team", given, nobody=True),
        assistants=[each for each in _ids(request, "assistant", given) if each is not NOBODY],
        labels=given.get("label", ()),
        channels=given.get("channel", ()),
        priorities=[Priority.by_word(word) for word in given.get("priority", ())],
        is_unread=given.get("unread", False),
        mentions=_me(request, "mentions") if mine else None,
        since=given.get("since"),
        until=given.get("until"),
        updated_since=given.get("updatedSince"),
        question=given.get("q", ""),
    )


def _ids(
    request: Request, name: str, given: dict[str, Any], *, nobody: bool = False
) -> list[UUID | None]:
    found: list[UUID | None] = []
    for text in given.get(name, ()):
        if text == NONE and nobody:
            found.append(NOBODY)
        elif text == ME and name == "assignee":
            found.append(_me(request, name))
        elif (known := parse_uuid(text)) is not None:
            found.append(known)
        else:
            raise BadRequest(f"{name}: This is no id.", code="invalid")
    return found


def _me(request: Request, name: str) -> UUID:
    member_id = member_id_of(request)
    if member_id is None:
        raise BadRequest(f"{name}: Only members have this.", code="invalid")
    return member_id
