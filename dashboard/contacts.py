"""The people who write to a tenant: its list of them, and what the team notes itself."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import contact_queries
from conversations.contact_changes import change_contact, create_contact, merge_contacts
from conversations.contact_queries import contact_by_id, contact_detail
from conversations.inbox import Filters, inbox
from conversations.models import Contact
from dashboard import shapes
from dashboard.callers import TeamView
from dashboard.search import question
from tenants import paging
from tenants.callers import at_work, audited_name
from tenants.errors import BadRequest, NotFound
from widgets.inputs import Attributes, Text, checked, email

CREATED, NAME = "created", "name"
SORTS = {CREATED: contact_queries.newest_contacts, NAME: contact_queries.contacts_by_name}


class ContactFields(serializers.Serializer):
    name = Text(required=False, allow_blank=True, max_length=200)
    email = email(required=False, allow_blank=True, allow_null=True)
    phone = Text(required=False, allow_blank=True, max_length=40)
    attributes = Attributes(required=False)


class ContactsView(TeamView):
    class Query(paging.PageQuery):
        q = question(required=False)
        sort = serializers.ChoiceField(
            list(SORTS),
            default=CREATED,
            help_text="The newest first, or by name, those without one last; not with `q`.",
        )

    class Input(ContactFields):
        pass

    @extend_schema(
        operation_id="listContacts",
        parameters=[Query],
        responses=paging.page(shapes.ContactDetail),
    )
    def get(self, request: Request) -> Response:
        """The contacts; with ``q`` those that are found, the newest first."""
        given = checked(self.Query, request.query_params.dict())
        place = {"cursor": given.get("cursor"), "size": given["limit"]}
        with at_work(request):
            if given.get("q"):
                page = contact_queries.contacts_called(given["q"], **place)
            else:
                page = SORTS[given["sort"]](**place)
        return Response(page.data())

    @extend_schema(
        operation_id="createContact", request=Input, responses={201: shapes.ContactDetail}
    )
    def post(self, request: Request) -> Response:
        """Note somebody who has not written yet; 409 when another contact has the address."""
        with at_work(request):
            made = create_contact(**_without_null(checked(self.Input, request.data)))
            return Response(contact_detail(made), status=201)


class ContactView(TeamView):
    class Input(ContactFields):
        pass

    @extend_schema(operation_id="getContact", responses=shapes.ContactDetail)
    def get(self, request: Request, contact_id: str) -> Response:
        with at_work(request):
            return Response(contact_detail(contact_by_id(contact_id)))

    @extend_schema(operation_id="changeContact", request=Input, responses=shapes.ContactDetail)
    def patch(self, request: Request, contact_id: str) -> Response:
        """Change what the body names; null takes an attribute away.

        409 when another contact has the address.
        """
        with at_work(request):
            contact = contact_by_id(contact_id)
            changed = change_contact(contact, checked(self.Input, request.data))
            return Response(contact_detail(changed))


class ContactConversationsView(TeamView):
    @extend_schema(
        operation_id="listContactConversations",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.Conversation),
    )
    def get(self, request: Request, contact_id: str) -> Response:
        """A contact's conversations, latest change first."""
        given = checked(paging.PageQuery, request.query_params.dict())
        with at_work(request):
            theirs = Filters(contact=contact_by_id(contact_id).id)
            page = inbox(theirs, cursor=given.get("cursor"), size=given["limit"])
        return Response(page.data())


class MergeView(TeamView):
    class Input(serializers.Serializer):
        into = Text(help_text="The contact that stays.")

    @extend_schema(operation_id="mergeContact", request=Input, responses=shapes.ContactDetail)
    def post(self, request: Request, contact_id: str) -> Response:
        """Make this contact and another one the same; this id is gone afterwards.

        409 when the site vouches for both, who are two people then.
        """
        with at_work(request):
            gone = contact_by_id(contact_id)
            kept = _named(checked(self.Input, request.data)["into"])
            merged = merge_contacts(gone, kept, actor=audited_name(request))
            return Response(contact_detail(merged))


def _named(contact_id: str) -> Contact:
    try:
        return contact_by_id(contact_id)
    except NotFound:
        raise BadRequest("There is no such contact.", code="unknown_contact") from None


def _without_null(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
