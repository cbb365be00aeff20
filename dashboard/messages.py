"""What is said in a conversation, as the team reads and writes it; and the files in it."""

from typing import Any

from django.db import Error
from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import attachments, engine, mentioning, notices, queries
from conversations.announcements import attachment_data
from dashboard import shapes
from dashboard.callers import TeamView, acting_member, lock_sender, members_by_id
from dashboard.conversations import Seen
from tenants import limits, paging
from tenants.callers import at_work, grant_of
from tenants.errors import TooLarge
from tenants.models import Membership
from tenants.scope import tenant_scope
from tenants.sessions import MemberGrant
from widgets.chat import message_key
from widgets.file_views import FILE, download, uploaded, wants_thumbnail
from widgets.inputs import KEY_LENGTH, Flag, Text, checked
from widgets.shapes import FileQuery


class MessagesView(TeamView):
    class Input(serializers.Serializer):
        text = Text(default="", allow_blank=True)
        private = Flag(default=False, help_text="A note that only the team sees.")
        attachments = serializers.ListField(
            child=Text(),
            max_length=attachments.FILES_PER_MESSAGE,
            default=list,
            help_text="Ids of files that were uploaded before.",
        )
        messageId = Text(
            default=None,
            allow_null=True,
            max_length=KEY_LENGTH,
            help_text="Makes a repeat harmless; as the header Idempotency-Key.",
        )
        mentions = serializers.ListField(
            child=Text(),
            max_length=mentioning.MENTIONS_PER_NOTE,
            default=list,
            help_text="Ids of members whom a note is for.",
        )
        ifSeq = Seen(help_text="Up to here you have read: 409 if another member has replied since.")
        memberId = Text(required=False, help_text="Who writes; with an API key only.")

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            if attrs["mentions"] and not attrs["private"]:
                raise serializers.ValidationError({"mentions": "Of a note only."})
            return attrs

    @extend_schema(
        operation_id="listMessages",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.Message),
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        """A conversation's messages and notes, latest first."""
        given = checked(paging.PageQuery, request.query_params.dict())
        with at_work(request):
            page = queries.history(conversation_id, cursor=given.get("cursor"), size=given["limit"])
        return Response(page.data())

    @extend_schema(
        operation_id="postMessage",
        request=Input,
        responses={201: shapes.Message},
        parameters=[OpenApiParameter("Idempotency-Key", location=OpenApiParameter.HEADER)],
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """Answer the visitor, and hold the conversation from then on; or leave a note."""
        with at_work(request):
            conversation = engine.team_conversation(conversation_id)
            given = checked(self.Input, request.data)
            member = acting_member(request, given)
            key = message_key(request.headers.get("Idempotency-Key")) or given["messageId"]
            if key:
                lock_sender(member)
            files = attachments.files_of(None, given["attachments"])

            def admit() -> None:
                attachments.require_unsent(files)
                if given["ifSeq"] is not None and not given["private"]:
                    mentioning.require_unanswered(conversation, member, since=given["ifSeq"])

            mentioned = _mentioned(request, given["mentions"])
            message = engine.post_reply(
                conversation,
                member,
                text=given["text"],
                private=given["private"],
                client_id=key,
                files=files,
                mentions=mentioned,
                admit=admit,
            )
            others = [each for each in mentioned if each != member]
            notices.tell(
                conversation, others, notices.MENTION, text=given["text"], by=member.user.name
            )
            return Response(queries.message(message.id), status=201)


def _mentioned(request: Request, member_ids: list[str]) -> list[Membership]:
    """In an order that a repeat has as well."""
    return sorted(members_by_id(request, member_ids), key=lambda member: member.id)


class AttachmentsView(TeamView):
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="uploadAttachment",
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        },
        responses={201: shapes.Attachment},
    )
    def post(self, request: Request) -> Response:
        """Take a file, to be named in a reply."""
        grant = grant_of(request)
        sender = grant.membership_id if isinstance(grant, MemberGrant) else grant.credential_id
        limits.hit(limits.UPLOAD_PER_SESSION, grant.tenant_id, sender, exempt=grant.tenant_is_demo)
        file = uploaded(request)
        if (file.size or 0) > attachments.FILE_LIMIT:
            raise TooLarge("A file has at most 10 MiB.", code="file_too_large")
        stored = attachments.store(file, tenant_id=grant.tenant_id)
        try:
            with tenant_scope(grant.tenant_id):
                attachment = attachments.attach_later(stored)
        except Error:
            attachments.discard(stored)
            raise
        return Response(attachment_data(attachment), status=201)


class AttachmentView(TeamView):
    @extend_schema(
        operation_id="downloadAttachment",
        parameters=[FileQuery],
        responses=FILE,
    )
    def get(self, request: Request, attachment_id: str) -> HttpResponseBase:
        """A file that was sent, such that no browser does anything with it but save it."""
        with at_work(request):
            attachment = queries.attachment(attachment_id)
        return download(attachment, is_small=wants_thumbnail(request))
