"""How log lines look: JSON in production, short lines in development; never a secret in either.

Every line tells the request and the tenant that it was written for. Message texts and tokens are
not logged in the first place; what looks like a secret is struck out here all the same, as are the
message that a vendor's address carries and the words of a search.
"""

import logging
import re
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from tenants import context
from tenants.personal_data import without_personal_data

SECRETS = re.compile(
    r"""
    (?P<name>(?:(?:token|authorization|key|secret|password|otp)[\w-]*|message|\bq)=)[^&\s"'\\]+
    | (?P<kind>bearer\s+)[\w.~+/=-]+
    | \b(?:wt|sk|wi|ss)_[\w-]{8,}
    | \bsk-[\w-]{16,}
    | (?P<login>://[^\s:/@]*:)[^\s/@]+(?=@)
    | \beyJ[\w-]{8,}\.[\w-]+\.[\w-]*
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Most lines hold nothing of the kind, which this tells at a fraction of the price.
PERSONAL = re.compile(r"@|\+\d|\d(?:[ -]?\d){11}|[A-Z]{2}\d{2}[ -]?\w{4}")
SUSPICIOUS = re.compile(r"=|bearer\s|(?:wt|sk|wi|ss)_|sk-|eyJ|://", re.IGNORECASE)
CONTROLS = {
    code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) != "\t"
} | {0x2028: "\\u2028", 0x2029: "\\u2029"}
CALLERS = ("httpx", "httpx2", "httpcore2", "anthropic")
KEPT_IN_TRACEBACKS = {code: text for code, text in CONTROLS.items() if chr(code) != "\n"}


def logging_config(*, production: bool, level: str = "INFO") -> dict[str, Any]:
    """Return the configuration that ``logging.config.dictConfig`` and Django's LOGGING take."""
    formatter = "livechat.logs.JsonLines" if production else "livechat.logs.ShortLines"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": "livechat.logs.ContextFilter"}},
        "formatters": {"lines": {"()": formatter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["context"],
                "formatter": "lines",
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would say everything twice.
            "django": {"handlers": [], "level": "INFO"},
            # Refused requests stand in our own access log.
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # It logs the address of each socket, token included.
            "uvicorn": {"level": "WARNING"},
            "uvicorn.error": {"level": "WARNING"},
            # They log each address that is called, and whatever a tenant wrote into it.
            **{name: {"level": "WARNING"} for name in CALLERS},
        },
    }


def redact(text: str) -> str:
    """Strike out what looks like a credential, and whatever would tell who somebody is."""
    if PERSONAL.search(text):
        text = without_personal_data(text)
    if not SUSPICIOUS.search(text):
        return text
    return SECRETS.sub(_struck_out, text)


def _struck_out(secret: re.Match[str]) -> str:
    return f"{secret['name'] or secret['kind'] or secret['login'] or ''}[redacted]"


class ContextFilter(logging.Filter):
    """Adds to each record the request and the tenant that it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.requestId = context.request_id.get()
        record.tenantId = context.tenant_id.get()
        return True


class JsonLines(JsonFormatter):
    """One JSON object a line, which also escapes whatever a line must not hold."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp=True,
        )

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class ShortLines(logging.Formatter):
    """One short line for people; tracebacks below it, as they are."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)-7s %(name)s: %(message)s%(about)s", datefmt="%H:%M:%S"
        )

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = record.message.translate(CONTROLS)
        about = [getattr(record, "requestId", ""), getattr(record, "tenantId", "")]
        record.about = f" [{' '.join(filter(None, about))}]" if any(about) else ""
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        return super().formatException(ei).translate(KEPT_IN_TRACEBACKS)

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
