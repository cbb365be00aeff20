"""An inbox of any size, written by SQL: the messages of one large and of thirty small tenants."""

from typing import Any
from uuid import UUID

from django.db import connections

from benchmarks.inside import demo
from tenants.models import Tenant
from tenants.postgresql.patience import unhurried

SMALL = 30
PER_CONVERSATION = 12
BATCH = 100_000
# A word of every second message of the older half, and of none since.
OLD = "legacy"
VOCABULARY = 20_000
INDEX = "conversations_message_search"
# Ids that grow with time, as uuid7() makes them: of a kind of row, and its number.
ID = "(lpad(to_hex(1700000000000 + {n}), 12, '0') || '70008{kind}00' || lpad(to_hex({n}), 12, '0'))"
CONTACT, CONVERSATION = (f"{ID.format(n='n', kind=kind)}::uuid" for kind in (1, 2))
MESSAGE = f"{ID.format(n='m', kind=3)}::uuid"
AT = "timestamptz '2026-01-01' + {n} * interval '1 second'"
# Seven of ten conversations are the large tenant's.
TENANT = f"(%(tenants)s::uuid[])[CASE WHEN n %% 10 < 7 THEN 1 ELSE 2 + (n / 10) %% {SMALL} END]"
ROWS = "generate_series(%(first)s::bigint, %(last)s::bigint)"
CONTACTS = f"""
INSERT INTO conversations_contact (id, tenant_id, name, email, phone, attributes, created_at)
SELECT {CONTACT}, {TENANT}, 'Person ' || n, 'person' || n || '@mail.example', '+49 30 ' || n,
    '{{}}', {AT.format(n="n")}
FROM {ROWS} AS n
"""  # noqa: S608 -- constants
# One of ten is open, and one of a hundred waits for a person.
CONVERSATIONS = f"""
INSERT INTO conversations_conversation (
    id, tenant_id, contact_id, channel, status, owner, epoch, segment, segment_start, message_seq,
    subject, unread, visitor_read_seq, labels, qualification, variables, handover_reason,
    handover_summary, unanswered, flow, named_language, language, is_test, created_at, updated_at
)
SELECT {CONVERSATION}, {TENANT}, {CONTACT}, 'chat',
    CASE WHEN n %% 11 = 0 THEN 'open' ELSE 'resolved' END,
    CASE WHEN n %% 101 = 0 THEN 'waiting' WHEN n %% 11 = 0 THEN 'bot' ELSE 'closed' END,
    0, 0, 0, {PER_CONVERSATION}, '', 0, 0, '{{}}', '{{}}', '{{}}', '', '', 0, '', '', '', false,
    {AT.format(n="n")}, {AT.format(n=f"({PER_CONVERSATION} * n)")}
FROM {ROWS} AS n
"""  # noqa: S608 -- constants
# Few words make up most of what is said, and most words are rare.
MESSAGES = f"""
INSERT INTO conversations_message (
    id, tenant_id, conversation_id, seq, author_kind, author_name, text, private, status, sources,
    choices, body_hash, created_at
)
SELECT {MESSAGE}, {TENANT}, {CONVERSATION},
    1 + m %% {PER_CONVERSATION}, CASE WHEN m %% 2 = 0 THEN 'visitor' ELSE 'agent' END, '',
    CASE WHEN m %% 2 = 0 AND m < %(half)s THEN '{OLD} ' ELSE '' END || said.words,
    false, 'sent', '[]', '[]', '', {AT.format(n="m")}
FROM {ROWS} AS m
CROSS JOIN LATERAL (SELECT m / {PER_CONVERSATION} AS n) AS whose
CROSS JOIN LATERAL (
    SELECT string_agg('w' || floor({VOCABULARY} * random() ^ 4), ' ') AS words
    FROM generate_series(1, 8 + m %% 9)
) AS said
"""  # noqa: S608 -- constants


def fill(messages: int) -> tuple[UUID, UUID]:
    """Fill the database, and return the ids of its large tenant and of a small one."""
    slugs = [f"t{number}-{demo.uuid7().hex[-12:]}" for number in range(SMALL + 1)]
    ids = [Tenant.objects.create(name="Inbox", slug=slug).id for slug in slugs]
    owner = connections["owner"]
    with unhurried(owner), owner.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [INDEX])
        ((definition,),) = cursor.fetchall()
        # Made when all is there, it takes a tenth of the time.
        cursor.execute(f"DROP INDEX {INDEX}")
        conversations = messages // PER_CONVERSATION
        for statement, rows in (
            (CONTACTS, conversations),
            (CONVERSATIONS, conversations),
            (MESSAGES, conversations * PER_CONVERSATION),
        ):
            _insert(cursor, statement, rows, {"tenants": ids, "half": messages // 2})
        cursor.execute(definition)
        cursor.execute("VACUUM ANALYZE")
    return ids[0], ids[1]


def _insert(cursor: Any, statement: str, rows: int, values: dict[str, Any]) -> None:
    for first in range(0, rows, BATCH):
        last = min(first + BATCH, rows) - 1
        cursor.execute(statement, {**values, "first": first, "last": last})
