"""A tenant to try things with: a whole set-up, and every credential that opens it."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.text import slugify

from assistants.knowledge.ingestion import add_source, ingest, replace_content
from assistants.models import Assistant, KnowledgeSource
from assistants.versions import create_assistant
from gateways.blackbox.integrations import create_integration
from gateways.models import WebIntegration
from tenants import credentials
from tenants.errors import Conflict
from tenants.models import Credential, Membership, Tenant, User
from tenants.postgresql.patience import unhurried
from tenants.scope import tenant_scope
from widgets.bubbles import create_bubble
from widgets.models import Bubble

GREETING = "Hello! Ask me anything about LiveChat."
PHONE_NUMBER = "+15555550100"
EVERYTHING = ["*"]
# What is asked on the first day; to read all that is written takes a minute.
GUIDES = [
    "README.md",
    *(f"docs/{name}.md" for name in ("getting-started", "embed", "knowledge", "assistants")),
]


def demo_tenant(name: str) -> dict[str, str]:
    """All that a client needs to use the demo tenant with this name, which is made when missing.

    Keys: baseUrl, tenantId, assistantId, bubbleCode, widgetToken, bubbleToken, apiToken, apiKey,
    webIntegrationToken, email, password. Raises Conflict when a customer's tenant has this name.
    """
    slug = slugify(name) or "demo"
    with _alone():
        tenant, _ = Tenant.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "is_demo": True,
                "guests_allowed": True,
                "phone_number": PHONE_NUMBER,
            },
        )
        if not tenant.is_demo:
            raise Conflict(f"{tenant.name} is no demo tenant; choose another name.")
        secrets_kept = _kept_secrets(tenant)
        assistant, bubble, integration = _set_up(tenant)
    return {
        "baseUrl": settings.PUBLIC_URL,
        "tenantId": str(tenant.id),
        "assistantId": str(assistant.id),
        "bubbleCode": bubble.code,
        "widgetToken": _token(tenant, Credential.Kind.WIDGET_TOKEN, bubble.id),
        "bubbleToken": _token(tenant, Credential.Kind.BUBBLE_TOKEN, bubble.id),
        "apiToken": _token(tenant, Credential.Kind.API_TOKEN, assistant.id),
        "webIntegrationToken": _token(
            tenant, Credential.Kind.WEB_INTEGRATION_TOKEN, integration.id
        ),
        **secrets_kept,
    }


def refresh_knowledge(assistant: Assistant) -> None:
    """Teach the assistant this product's own guides, as they are now."""
    for name in GUIDES:
        path = settings.BASE_DIR / name
        if path.exists():
            _teach(assistant, path)


@contextmanager
def _alone() -> Iterator[None]:
    """Let commands wait for each other: two at once shall make one tenant, one set of secrets."""
    # Making one takes as long as reading the documentation does.
    with unhurried(connection, even_for_locks=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('demo tenants'))")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('demo tenants'))")


def _set_up(tenant: Tenant) -> tuple[Assistant, Bubble, WebIntegration]:
    with tenant_scope(tenant.id):
        assistant = Assistant.objects.filter(is_default=True).first() or create_assistant(
            "LiveChat guide", greeting=GREETING, is_default=True
        )
        bubble = Bubble.objects.filter(is_default=True).first() or create_bubble(
            tenant, assistant, name="Demo", is_default=True
        )
        integration = WebIntegration.objects.order_by("id").first() or create_integration(
            name="Demo", allow_web_call=True
        )
    refresh_knowledge(assistant)
    return assistant, bubble, integration


def _teach(assistant: Assistant, path: Path) -> None:
    content, title = path.read_text(), path.relative_to(settings.BASE_DIR).as_posix()
    with tenant_scope(assistant.tenant_id):
        source = KnowledgeSource.objects.filter(assistant=assistant, title=title).first()
        if source is None:
            source = add_source(
                assistant, kind=KnowledgeSource.Kind.MARKDOWN, title=title, content=content
            )
        else:
            replace_content(source, content)
    # Here rather than in the worker, so that the first question finds everything.
    ingest(source)


def _token(tenant: Tenant, kind: Credential.Kind, subject_id: UUID) -> str:
    found = Credential.objects.filter(
        tenant=tenant, kind=kind, subject_id=subject_id, revoked_at=None, expires_at=None
    ).first()
    if found is None:
        return credentials.issue(tenant, kind, name="Demo", subject_id=subject_id).secret
    return credentials.reveal(found)


def _kept_secrets(tenant: Tenant) -> dict[str, str]:
    """What the database keeps only as a hash, from a file that only its owner may read."""
    path = settings.VAR_DIR / "demo" / f"{tenant.id}.json"
    if path.exists():
        return dict(json.loads(path.read_text()))
    kept = {
        "apiKey": credentials.issue(
            tenant, Credential.Kind.API_KEY, name="Demo", scopes=EVERYTHING
        ).secret,
        **_owner(tenant),
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(json.dumps(kept))
    return kept


def _owner(tenant: Tenant) -> dict[str, str]:
    email, password = f"owner@{tenant.slug}.example", secrets.token_urlsafe(12)
    user = User.objects.filter(email=email).first() or User(email=email, name="Demo owner")
    user.set_password(password)
    # Somebody must be able to enter the admin of a fresh installation that nobody depends on yet.
    if not settings.PRODUCTION and not User.objects.filter(is_superuser=True).exists():
        user.is_staff = user.is_superuser = True
    user.save()
    Membership.objects.get_or_create(
        tenant=tenant, user=user, defaults={"role": Membership.Role.OWNER}
    )
    return {"email": email, "password": password}
