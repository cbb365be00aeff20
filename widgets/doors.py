"""Through which bubble somebody comes in, and whether their page may."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from assistants.queries import with_production
from conversations.sessions import Visitor
from tenants import credentials
from tenants.credentials import Grant
from tenants.errors import Forbidden, LiveChatError, NotFound
from tenants.ids import parse_uuid
from tenants.models import Credential, Tenant
from tenants.network import origin_allowed
from tenants.scope import tenant_scope
from tenants.tokens import invalid_credentials
from widgets.callers import Caller
from widgets.models import Bubble, BubbleCode

TOKENS = (Credential.Kind.WIDGET_TOKEN, Credential.Kind.BUBBLE_TOKEN)


@dataclass(frozen=True)
class Door:
    """A bubble, and the caller whom it lets in. Without a grant only by its public name."""

    caller: Caller
    bubble: Bubble
    tenant_id: UUID
    is_demo: bool
    grant: Grant | None = None

    def visitor(self, label: str, *, user_id: str = "") -> Visitor:
        return Visitor(
            source_id=self.bubble.id,
            label=label,
            secret=self.caller.secret,
            origin=self.caller.origin or "",
            user_agent=self.caller.user_agent,
            user_id=user_id,
            must_be_verified=self.bubble.identity_required,
        )


@contextmanager
def entered(caller: Caller) -> Iterator[Door]:
    """Open the tenant's scope for a caller with a token, at the bubble that the token speaks for.

    Raises NotFound for an unknown widget before anything else, then Unauthorized, then Forbidden
    for a page that the bubble does not list.
    """
    grant = _grant(caller)
    with tenant_scope(grant.tenant_id):
        bubble = _spoken_for(grant, caller.widget_id)
        _require_page(bubble, caller)
        yield Door(caller, bubble, grant.tenant_id, grant.tenant_is_demo, grant)


@contextmanager
def opened(caller: Caller) -> Iterator[Door]:
    """Open the tenant's scope for a caller who knows only what every page shows.

    Raises NotFound for an unknown widget, and Forbidden for a page that it does not list.
    """
    tenant, bubble_id = place(caller.widget_id)
    if tenant.is_suspended:
        raise credentials.tenant_suspended()
    with tenant_scope(tenant.id):
        bubble = _bubble(bubble_id)
        if bubble is None:
            raise _unknown_widget()
        _require_page(bubble, caller)
        yield Door(caller, bubble, tenant.id, tenant.is_demo)


def place(widget_id: str | None) -> tuple[Tenant, UUID | None]:
    """The tenant that a widget id names, and the bubble if it is a bubble's code.

    Raises NotFound for an unknown one.
    """
    if tenant_id := parse_uuid(widget_id):
        tenant = Tenant.objects.filter(pk=tenant_id).first()
        if tenant is not None:
            return tenant, None
    elif widget_id and widget_id.isascii() and "\0" not in widget_id:
        named = BubbleCode.objects.select_related("tenant").filter(code=widget_id).first()
        if named is not None:
            return named.tenant, named.bubble_id
    raise _unknown_widget()


def _grant(caller: Caller) -> Grant:
    try:
        grant = credentials.verify(caller.token, kinds=TOKENS, origin=caller.origin)
        tenant_id = parse_uuid(caller.widget_id)
        if tenant_id not in (None, grant.tenant_id):
            raise invalid_credentials()
    except LiveChatError:
        _require_widget(caller.widget_id)
        raise
    return grant


def _spoken_for(grant: Grant, widget_id: str | None) -> Bubble:
    bubble = _bubble(grant.subject_id)
    if bubble is not None and (widget_id in (None, bubble.code) or parse_uuid(widget_id)):
        return bubble
    _require_widget(widget_id)
    raise invalid_credentials()


def _bubble(bubble_id: UUID | None) -> Bubble | None:
    bubbles = with_production(Bubble.objects.select_related("public_code"), "assistant")
    which = {"pk": bubble_id} if bubble_id else {"is_default": True}
    found: Bubble | None = bubbles.filter(**which).first()
    return found


def _require_page(bubble: Bubble, caller: Caller) -> None:
    # Our own page for the bubble is not on its list.
    if caller.is_own_page:
        return
    if not origin_allowed(caller.origin, bubble.origins, bubble.domains):
        raise Forbidden("This origin is not allowed.", code="origin_not_allowed")


def _require_widget(widget_id: str | None) -> None:
    if widget_id is not None:
        place(widget_id)


def _unknown_widget() -> NotFound:
    return NotFound("Widget not found.", code="widget_not_found")
