"""The demo tenant, as code inside the product sees it."""

from uuid import UUID

from assistants.models import Assistant
from conversations import engine
from conversations.sessions import Visitor, continue_session
from tenants.ids import uuid7
from tenants.models import Membership, Tenant
from tenants.scope import tenant_scope

NAME = "demo"


def tenant() -> Tenant:
    return Tenant.objects.get(slug=NAME)


def member() -> Membership:
    return Membership.objects.select_related("user").filter(tenant=tenant()).earliest("created_at")


def assistant() -> Assistant:
    """The demo's assistant, inside its tenant's scope."""
    found: Assistant = Assistant.objects.select_related("production__assistant").get(
        is_default=True
    )
    return found


def visitor() -> Visitor:
    return Visitor(source_id=uuid7(), label=f"benchmark-{uuid7()}")


def held_conversation() -> UUID:
    """A conversation that a member holds: nobody answers, and a message is one event."""
    found, person = tenant(), member()
    with tenant_scope(found.id):
        session = continue_session(visitor())
        received = engine.receive_message(session, text="Hello", assistant=assistant())
        engine.take_over(engine.team_conversation(received.conversation_id), person)
    return received.conversation_id
