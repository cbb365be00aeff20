"""The two kinds of token that Blits' clients have."""

from tenants import credentials
from tenants.models import Credential


def api_token(shop):
    """A new one, as the admin makes it for the shop's assistant."""
    kind = Credential.Kind.API_TOKEN
    return credentials.issue(shop.tenant, kind, subject_id=shop.assistant.id).secret


def bubble_token(shop):
    return shop.token_of(shop.bubble, Credential.Kind.BUBBLE_TOKEN)
