"""``python -m benchmarks.inside.posting COUNT PAUSE``: commits messages; prints when each was in.

Times are seconds of the monotonic clock, which the processes of a machine share.
"""

import json
import sys
import time

from benchmarks.inside import demo
from benchmarks.listening import DIGITS, MARK
from conversations import engine
from tenants.scope import tenant_scope


def post(count: int, *, pause: float) -> list[float]:
    tenant, member, conversation_id = demo.tenant(), demo.member(), demo.held_conversation()
    committed = []
    for number in range(count):
        text = MARK.decode() + str(number).zfill(DIGITS)
        with tenant_scope(tenant.id):
            engine.post_reply(engine.team_conversation(conversation_id), member, text=text)
        committed.append(time.monotonic())
        time.sleep(pause)
    return committed


if __name__ == "__main__":
    json.dump(post(int(sys.argv[1]), pause=float(sys.argv[2])), sys.stdout)
