"""What pages include to show a bubble."""

from django.conf import settings

from tenants import credentials
from tenants.models import Credential
from widgets.models import Bubble

SNIPPET = """<script src="{url}/assets/chat-widget.js"></script>
<script>ChatWidget.mount({{token: "{token}", code: "{code}", backendUrl: "{url}"}})</script>"""


def page_token(bubble: Bubble) -> str:
    """The newest bubble token that works and does not expire; empty without any."""
    tokens = Credential.objects.filter(
        tenant=bubble.tenant_id,
        kind=Credential.Kind.BUBBLE_TOKEN,
        subject_id=bubble.pk,
        revoked_at=None,
        expires_at=None,
    )
    newest = tokens.order_by("-created_at").first()
    return credentials.reveal(newest) if newest else ""


def snippet(bubble: Bubble, token: str) -> str:
    return SNIPPET.format(url=settings.PUBLIC_URL, code=bubble.code, token=token)
