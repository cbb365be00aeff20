"""What may go wrong with a provider, in one word each."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelTimeoutError,
    ModelUnavailableError,
)

from assistants.events import Usage
from tenants.errors import LiveChatError

NOTHING_SPENT = Usage()
# The first that fits names the failure, for the team and for the log.
FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (ModelRateLimitError, "rate_limited"),
    (ModelQuotaExceededError, "quota_exceeded"),
    (ModelAuthenticationError, "key_refused"),
    (ModelNotFoundError, "model_not_found"),
    (ModelContextWindowExceededError, "too_long"),
    (ModelRequestRejectedError, "request_refused"),
    (ModelRequestTimeout, "timeout"),
    (ModelTimeoutError, "timeout"),
    (ModelConnectionError, "unreachable"),
    (ModelUnavailableError, "unavailable"),
    (ModelAPIError, "server_error"),
    (httpx2.TimeoutException, "timeout"),
    (TimeoutError, "timeout"),
    (httpx2.HTTPError, "unreachable"),
)


class ProviderError(Exception):
    """A provider did not answer, or with nothing of use; ``code`` says why in one word.

    ``spent`` is what its useless answers cost where nobody else counts it.
    """

    def __init__(self, code: str, spent: Usage = NOTHING_SPENT) -> None:
        self.code, self.spent = code, spent
        super().__init__(code)


@contextmanager
def provider_errors() -> Iterator[None]:
    """Raise whatever goes wrong with a provider as ProviderError."""
    try:
        yield
    except LiveChatError as error:
        # The address may not be called, or sent too much.
        raise ProviderError(error.code) from error
    except ProviderError:
        raise
    except Exception as error:
        # Whatever a server sends, its client's library may stumble over it in any way.
        code = next((code for kind, code in FAILURES if isinstance(error, kind)), "malformed")
        raise ProviderError(code) from error
