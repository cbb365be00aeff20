"""What must hold whatever happened: acknowledged means stored once, in one order, without a gap."""

SEQS = "SELECT id::text, seq FROM conversations_message WHERE conversation_id = %s ORDER BY seq"
TEAM_EVENTS = """
    SELECT seq, type FROM realtime_event
    WHERE tenant_id = %s AND audience = 'team' AND seq BETWEEN %s AND %s ORDER BY seq
"""


def check(product, tenant, *, acks, watchers=()):
    _check_conversations(product, acks)
    for watcher in watchers:
        _check_watcher(product, tenant, watcher, acks)


def _check_conversations(product, acks):
    assert len({ack.id for ack in acks}) == len(acks)
    for conversation_id in {ack.conversation_id for ack in acks}:
        stored = product.rows(SEQS, conversation_id)
        mine = [ack for ack in acks if ack.conversation_id == conversation_id]

        assert [seq for _, seq in stored] == list(range(1, len(stored) + 1))
        assert {(ack.id, ack.seq) for ack in mine} <= set(stored)
        assert [ack.seq for ack in mine] == sorted(ack.seq for ack in mine)


def _check_watcher(product, tenant, watcher, acks):
    told = [(event["id"], event["type"]) for event in watcher.events]
    first, last = told[0][0], told[-1][0]

    assert [number for number, _ in told] == list(range(first, last + 1))
    assert told == product.rows(TEAM_EVENTS, tenant.id, first, last)
    assert {ack.id: 1 for ack in acks} == {ack.id: len(watcher.seen[ack.id]) for ack in acks}
