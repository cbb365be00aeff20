"""The one family of errors: the engine raises them, each edge translates them once."""

from typing import Any


class LiveChatError(Exception):
    """Something the caller did or must hear of: a stable code, an HTTP status, one sentence."""

    status = 400
    code = "bad_request"

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        retry_after: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.code = code or type(self).code
        self.retry_after = retry_after
        self.extra = extra or {}
        super().__init__(self.message)


class BadRequest(LiveChatError):
    """The request is not valid."""


class Unauthorized(LiveChatError):
    """Valid credentials are required."""

    status, code = 401, "unauthorized"


class Forbidden(LiveChatError):
    """These credentials do not allow this."""

    status, code = 403, "forbidden"


class NotFound(LiveChatError):
    """There is nothing here."""

    status, code = 404, "not_found"


class RequestTimeout(LiveChatError):
    """The request did not come to an end in time."""

    status, code = 408, "request_timeout"


class Conflict(LiveChatError):
    """The request conflicts with what happened before."""

    status, code = 409, "conflict"


class TooLarge(LiveChatError):
    """The request is too large."""

    status, code = 413, "too_large"


class UnsupportedMediaType(LiveChatError):
    """The content type is not supported."""

    status, code = 415, "unsupported_media_type"


class TooManyRequests(LiveChatError):
    """Too many requests; try again later."""

    status, code = 429, "rate_limited"


class Unavailable(LiveChatError):
    """The service is not available right now; try again shortly."""

    status, code = 503, "unavailable"
