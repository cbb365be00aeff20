"""A tenant's team as it comes in by the front door."""

import json

from django.test import Client

from assistants.queries import default_assistant
from conversations.models import Conversation
from realtime.models import Event
from tenants import credentials, sessions
from tenants.models import Credential
from tenants.scope import tenant_scope
from tests.factories import PASSWORD, make_assistant, make_member, make_visitor, write


class Api:
    """Calls the REST as whoever the token stands for."""

    def __init__(self, token="", **headers):
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}", **headers} if token else headers

    def get(self, path, **query):
        return self.client.get(f"/api/{path}", query_params=query, headers=self.headers)

    def post(self, path, body=None, **headers):
        return self.client.post(
            f"/api/{path}",
            data=json.dumps({} if body is None else body),
            content_type="application/json",
            headers={**self.headers, **headers},
        )

    def put(self, path, body):
        return self.client.put(
            f"/api/{path}",
            data=json.dumps(body),
            content_type="application/json",
            headers=self.headers,
        )

    def patch(self, path, body):
        return self.client.patch(
            f"/api/{path}",
            data=json.dumps(body),
            content_type="application/json",
            headers=self.headers,
        )

    def delete(self, path):
        return self.client.delete(f"/api/{path}", headers=self.headers)

    def upload(self, path, file):
        return self.client.post(f"/api/{path}", data={"file": file}, headers=self.headers)


def access_token(member):
    return sessions.log_in(
        email=member.user.email, password=PASSWORD, tenant_id=str(member.tenant_id)
    ).access


def member_api(tenant, **fields):
    """A member of the tenant, and the REST as that member."""
    member = make_member(tenant, **fields)
    return member, Api(access_token(member))


def key_api(tenant, *scopes, **fields):
    issued = credentials.issue(tenant, Credential.Kind.API_KEY, scopes=scopes, **fields)
    return Api(issued.secret)


def make_conversation(tenant, text="Hello?", *, visitor=None):
    """The id of a conversation that a visitor has begun."""
    with tenant_scope(tenant.id):
        has_assistant = default_assistant() is not None
    if not has_assistant:
        make_assistant(tenant)
    return str(write(tenant, visitor or make_visitor(), text).conversation_id)


def reload(tenant, conversation_id):
    with tenant_scope(tenant.id):
        return Conversation.objects.get(pk=conversation_id)


def team_events(tenant):
    """The types and data of what the team was told so far."""
    with tenant_scope(tenant.id):
        events = Event.objects.filter(audience="team").order_by("seq")
        return [(event.type, event.data) for event in events]


def visitor_texts(tenant, conversation_id):
    """The texts of the messages that the conversation's visitor was told of."""
    with tenant_scope(tenant.id):
        events = Event.objects.filter(
            audience="visitor", conversation_id=conversation_id, type="message:new"
        )
        return [event.data["text"] for event in events.order_by("seq")]
