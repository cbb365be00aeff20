import io
import json
import logging
import logging.config

import pytest

from livechat.logs import logging_config, redact
from tenants import context

EVIL = "x\n2026-01-01 ERROR forged\r\x1b[31mred\x85\u2028end"


@pytest.fixture
def written():
    """Log lines as a process would write them, by kind of process."""
    logger = logging.getLogger("tests.lines")
    logger.propagate, logger.level = False, logging.INFO

    def write(*, production, **extra):
        stream = io.StringIO()
        config = logging_config(production=production)
        configurator = logging.config.DictConfigurator(config)
        configurator.config["formatters"]["lines"] = configurator.configure_formatter(
            config["formatters"]["lines"]
        )
        handler = logging.StreamHandler(stream)
        handler.setFormatter(configurator.config["formatters"]["lines"])
        handler.addFilter(configurator.configure_filter(config["filters"]["context"]))
        logger.handlers = [handler]
        try:
            raise ValueError(f"token=abc {EVIL}")
        except ValueError:
            logger.exception("It was %s, token=abc", EVIL, extra=extra)
        return stream.getvalue()

    yield write
    logger.handlers = []


@pytest.fixture
def tokens():
    request = context.request_id.set("request-1")
    tenant = context.tenant_id.set("tenant-1")
    yield
    context.request_id.reset(request)
    context.tenant_id.reset(tenant)


def test_production_writes_one_json_object_a_line(written, tokens):
    (line,) = written(production=True, status=200).splitlines()

    entry = json.loads(line)
    assert entry["level"] == "ERROR"
    assert entry["logger"] == "tests.lines"
    assert entry["message"] == f"It was {EVIL}, token=[redacted]"
    assert (entry["requestId"], entry["tenantId"]) == ("request-1", "tenant-1")
    assert entry["status"] == 200
    assert "timestamp" in entry
    assert "ValueError" in entry["exc_info"]
    assert "abc" not in line


def test_development_writes_short_lines_that_nobody_can_forge(written, tokens):
    first, *traceback = written(production=False).split("\n")

    assert first[8:] == (
        " ERROR   tests.lines: It was "
        "x\\x0a2026-01-01 ERROR forged\\x0d\\x1b[31mred\\x85\\u2028end, "
        "token=[redacted] [request-1 tenant-1]"
    )
    assert traceback[0] == "Traceback (most recent call last):"
    assert "\x1b" not in "".join(traceback)
    assert "abc" not in "".join(traceback)


def test_without_a_request_there_is_nothing_to_name(written):
    first = written(production=False).splitlines()[0]

    assert first.endswith("token=[redacted]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/ws?token=abc.def&x=1", "/ws?token=[redacted]&x=1"),
        ("?authorization=Bearer%20x&API_KEY=1", "?authorization=[redacted]&API_KEY=[redacted]"),
        ("?message=I%20am%20ill&messageId=7", "?message=[redacted]&messageId=7"),
        ("/api/search?in=contacts&q=kim%20lee&faq=1", "/api/search?in=contacts&q=[redacted]&faq=1"),
        ("client_secret=a password=b", "client_secret=[redacted] password=[redacted]"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
        ("used wt_0123456789abc here", "used [redacted] here"),
        ("sk_0123456789abc wi_0123456789abc", "[redacted] [redacted]"),
        ("/api/ss_0123456789abcdef and sk-proj-0123456789abcdef", "/api/[redacted] and [redacted]"),
        ("at redis://:hunter22@redis:6379/0", "at redis://:[redacted]@redis:6379/0"),
        ("at https://kim:hunter22@shop/x", "at https://kim:[redacted]@shop/x"),
        (
            "at http://shop:8000/a@b, a task-0123456789abcdef",
            "at http://shop:8000/a@b, a task-0123456789abcdef",
        ),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "[redacted]"),
        ('{"token":"x","url":"?token=y"}', '{"token":"x","url":"?token=[redacted]"}'),
        ("task_key_1 is a monkey", "task_key_1 is a monkey"),
        ("swi_ftly risk_0 sk_short", "swi_ftly risk_0 sk_short"),
    ],
)
def test_redact_strikes_out_what_looks_like_a_secret(text, expected):
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("refused for kim@example.com twice", "refused for [email] twice"),
        ("from DE89 3704 0044 0532 0130 00 today", "from [iban] today"),
        ("card 4111 1111 1111 1111!", "card [card]!"),
        ("call +49 30 1234567 now", "call [phone] now"),
        # What logs are full of, and what must stay legible.
        ("22:14:05 took 0.123456 s", "22:14:05 took 0.123456 s"),
        ("2026-11-25T22:14:05.123Z", "2026-11-25T22:14:05.123Z"),
        ("01a214db-709c-7b2d-a732-237ec4ccfc40", "01a214db-709c-7b2d-a732-237ec4ccfc40"),
        ("bytes 123456789012345678", "bytes 123456789012345678"),
        ("at 127.0.0.1:8000, port 65535", "at 127.0.0.1:8000, port 65535"),
    ],
)
def test_redact_strikes_out_what_tells_who_somebody_is(text, expected):
    assert redact(text) == expected


def test_the_server_library_logs_no_addresses():
    config = logging_config(production=True)

    assert config["loggers"]["uvicorn.error"]["level"] == "WARNING"
    logging.config.DictConfigurator(config)
