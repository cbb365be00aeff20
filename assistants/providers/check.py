"""Whether a provider's address and key work, asked without the libraries that answers need."""

import json
from typing import Any

from assistants.models import Provider
from assistants.providers.accounts import Account
from tenants.errors import BadRequest, Unavailable
from tenants.outbound import fetch

MAX_BYTES = 1024 * 1024
MAX_SECONDS = 10.0
NO_MODELS = "There are no models at this address. For most servers it ends in /v1."


def models_of(account: Account) -> list[str]:
    """The names of the models that the provider offers.

    Raises a LiveChatError that says what to correct: the address, the key, or nothing but time.
    """
    path, headers = "/models", {"Authorization": f"Bearer {account.key or 'none'}"}
    if account.kind == Provider.Kind.ANTHROPIC:
        path = "/v1/models"
        headers = {"x-api-key": account.key, "anthropic-version": "2023-06-01"}
    url = account.base_url + path
    answer = fetch(url, headers=headers, max_bytes=MAX_BYTES, max_seconds=MAX_SECONDS)
    if answer.status in (401, 403):
        raise BadRequest("The provider refuses this key.", code="key_refused")
    if answer.status == 404:
        raise BadRequest(NO_MODELS, code="models_not_found")
    if answer.status != 200:
        raise Unavailable(f"The provider answers {answer.status}.", code="provider_failed")
    return _names(answer.content)


def _names(content: bytes) -> list[str]:
    try:
        listed: Any = json.loads(content)
        return sorted(str(model["id"]) for model in listed["data"])
    except (ValueError, RecursionError, TypeError, KeyError):
        raise BadRequest(NO_MODELS, code="models_not_found") from None
