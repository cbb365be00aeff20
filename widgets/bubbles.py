"""Making bubbles, and what the world may know of one."""

from typing import Any

from assistants.models import Assistant
from tenants import credentials
from tenants.models import Credential, Tenant
from tenants.scope import tenant_scope
from widgets.config import complete_settings
from widgets.models import Bubble, BubbleCode

TOKENS = (Credential.Kind.WIDGET_TOKEN, Credential.Kind.BUBBLE_TOKEN)


def create_bubble(
    tenant: Tenant, assistant: Assistant | None, *, name: str, actor: str = "system", **fields: Any
) -> Bubble:
    """Make a bubble with its public code and the two tokens that open it.

    Raises Django's ValidationError for fields that make no sense.
    """
    with tenant_scope(tenant.pk):
        bubble = Bubble(tenant=tenant, assistant=assistant, name=name, **fields)
        bubble.full_clean()
        bubble.save(force_insert=True)
        BubbleCode.objects.create(tenant=tenant, bubble=bubble)
        for kind in TOKENS:
            credentials.issue(tenant, kind, name=name, subject_id=bubble.pk, actor=actor)
    return bubble


def public_config(bubble: Bubble, *, tenant: Tenant, assistant: Assistant | None) -> dict[str, Any]:
    """Everything that a page needs to draw the bubble; nothing of it is secret."""
    settings = complete_settings(bubble.settings)
    branding = settings["branding"]
    version = assistant.production if assistant else None
    return {
        **settings,
        "name": tenant.name,
        "code": bubble.code,
        "assistantId": str(assistant.pk) if assistant else None,
        "assistantName": assistant.name if assistant else "",
        "greeting": version.greeting if version and bubble.greets else "",
        "branding": {**branding, "logo": branding["logo"] or tenant.logo_url},
        "voice": bubble.voice_enabled,
        "phone": bool(tenant.phone_number),
        "fileUpload": bubble.file_upload,
        "presencePing": bubble.presence_ping,
    }
