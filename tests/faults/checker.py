"""What must hold whatever happened, proved over the database and all that clients remember.

Acknowledged means stored once; one order for everybody; no reply before its question, one reply for
each, and none while a person answers; nothing missed after a reconnect; nothing of other tenants.
"""

import time
from collections import Counter, defaultdict

TERMINAL_SECONDS = 120
MESSAGES = """
    SELECT conversation_id::text, seq, id::text, author_kind, text, client_id
    FROM conversations_message WHERE tenant_id = %s ORDER BY conversation_id, seq
"""
TURNS = """
    SELECT t.conversation_id::text, t.question_seq, t.state, m.seq,
           extract(epoch FROM t.finished_at - t.created_at)::float
    FROM conversations_turn t LEFT JOIN conversations_message m ON m.id = t.reply_id
    WHERE t.tenant_id = %s ORDER BY t.conversation_id, t.question_seq
"""
OPEN_TURNS = """
    SELECT count(*) FROM conversations_turn
    WHERE tenant_id = %s AND state IN ('queued', 'running', 'waiting')
"""
EVENTS = """
    SELECT seq, type, CASE WHEN type = 'message:new' THEN data ->> 'id' END FROM realtime_event
    WHERE tenant_id = %s AND audience = %s AND seq >= %s AND seq <= %s
"""
IN_CONVERSATION = " AND conversation_id = %s"
IN_ORDER = " ORDER BY seq"
JOINED, GIVEN_BACK = "joined the conversation.", "The assistant answers again."


class Checker:
    """Collects what does not hold, for one tenant after the other."""

    def __init__(self, product):
        self.product = product
        self.violations = []
        self.kinds = Counter()
        self.turns = 0
        self.slowest_turn = 0.0

    def check(self, tenant, history, *, watchers=(), visitors=()):
        self._check_history(history)
        stored = self._check_order(tenant)
        self._check_sent(tenant, history, stored)
        self._check_turns(tenant, stored)
        for watcher in watchers:
            self._check_feed(tenant, watcher.feed, "team")
        for visitor in visitors:
            self._check_feed(tenant, visitor.feed, "visitor", visitor.conversation_id)

    def open_turns(self, tenant):
        return self.product.value(OPEN_TURNS, tenant.id)

    def expect(self, holds, kind, *what):
        if not holds:
            self.kinds[kind] += 1
            self.violations.append(" ".join(map(str, (kind, *what))))

    def _check_history(self, history):
        self.expect(not history.changed_answers, "answers changed:", history.changed_answers)
        wrong = {code: count for code, count in history.statuses.items() if code >= 500}
        wrong.pop(503, None)
        self.expect(not wrong, "statuses:", wrong)
        self.expect("internal" not in history.refusals, "internal errors:", history.refusals)

    def _check_order(self, tenant):
        """Numbers without a gap; returns each conversation's messages in their order."""
        stored = defaultdict(list)
        for conversation_id, *message in self.product.rows(MESSAGES, tenant.id):
            stored[conversation_id].append(message)
        for conversation_id, messages in stored.items():
            numbers = [seq for seq, *_ in messages]
            self.expect(numbers == list(range(1, len(numbers) + 1)), "gap in", conversation_id)
        return stored

    def _check_sent(self, tenant, history, stored):
        """What was acknowledged is there once, what was not at most once, and nothing else."""
        where, times = {}, Counter()
        for conversation_id, messages in stored.items():
            for seq, message_id, kind, text, _ in messages:
                if kind in ("visitor", "agent"):
                    times[text] += 1
                    where[text] = (conversation_id, message_id, seq)
        latest = {}
        for sent in (one for one in history.sent if one.tenant_id == tenant.id):
            count = times.pop(sent.text, 0)
            self.expect(count <= 1, "doubled:", sent.text)
            if sent.ack is None:
                continue
            self.expect(count >= 1, "lost:", sent.text, sent.ack)
            conversation_id, message_id, seq = where.get(sent.text, (None, None, 0))
            self.expect(conversation_id == sent.ack.conversation_id, "elsewhere:", sent.text)
            if sent.ack.id is not None:
                known = (sent.ack.id, sent.ack.seq)
                self.expect(known == (message_id, seq), "acknowledged as another:", sent.text)
            place = (sent.sender, conversation_id)
            self.expect(seq > latest.get(place, 0), "out of order:", sent.text)
            latest[place] = seq
        ours = {conversation_id for _, conversation_id in latest}
        strange = [text for text in times if where[text][0] in ours]
        self.expect(not strange, "of nobody here:", strange[:5])

    def _check_turns(self, tenant, stored):
        turns = defaultdict(dict)
        for conversation_id, question, state, reply, seconds in self.product.rows(TURNS, tenant.id):
            self.turns += 1
            turns[conversation_id][question] = (state, reply)
            self.slowest_turn = max(self.slowest_turn, seconds or 0.0)
        self.expect(self.slowest_turn <= TERMINAL_SECONDS, "slow turn:", self.slowest_turn)
        for conversation_id, messages in stored.items():
            self._check_dialogue(conversation_id, messages, turns[conversation_id])

    def _check_dialogue(self, conversation_id, messages, turns):
        """Play the conversation through: who held it, and who spoke."""
        replies = {reply: (question, state) for question, (state, reply) in turns.items() if reply}
        owner, newest = "bot", 0
        for seq, _, kind, text, _ in messages:
            here = f"in {conversation_id} at {seq}"
            if kind == "visitor":
                newest = seq
                self.expect((seq in turns) == (owner == "bot"), "answerer unclear:", owner, here)
            elif kind == "assistant":
                question, state = replies.pop(seq, (None, None))
                self.expect(question == newest, "answer to the past:", question, newest, here)
                self.expect(owner == "bot", "assistant spoke over", owner, here)
                owner = "waiting" if state == "handed_over" else owner
            elif kind == "system":
                owner = _owner_after(text, owner)
        self.expect(not replies, "replies that are not there:", replies, "in", conversation_id)
        self._check_ends(conversation_id, turns)

    def _check_ends(self, conversation_id, turns):
        states = [state for _, (state, _) in sorted(turns.items())]
        for index, state in enumerate(states):
            known = state in ("answered", "handed_over", "cancelled", "superseded")
            self.expect(known, "no end:", state, "turn in", conversation_id)
            if state == "superseded":
                self.expect(states[index + 1 :], "nothing covers a turn in", conversation_id)

    def _check_feed(self, tenant, feed, audience, conversation_id=None):
        self.expect(not feed.gaps, "gaps:", feed.gaps)
        if not feed.events:
            return
        query, values = EVENTS, [tenant.id, audience, feed.events[0][0], feed.events[-1][0]]
        if conversation_id is not None:
            query, values = query + IN_CONVERSATION, [*values, conversation_id]
        logged = self.product.rows(query + IN_ORDER, *values)
        if feed.resyncs:
            logged = [event for event in logged if event in set(feed.events)]
        self.expect(logged == feed.events, "an observer was told something else:", audience)


def check(product, history, tenant, *, watchers=(), visitors=()):
    """Raise if anything does not hold for this tenant, once its questions have ended."""
    checker, deadline = Checker(product), time.monotonic() + TERMINAL_SECONDS
    while checker.open_turns(tenant) and time.monotonic() < deadline:
        time.sleep(0.1)
    checker.check(tenant, history, watchers=watchers, visitors=visitors)
    assert not checker.violations, checker.violations


def _owner_after(line, owner):
    if line.endswith(JOINED):
        return "human"
    return "bot" if line == GIVEN_BACK else owner
