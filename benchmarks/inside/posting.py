"""``python -m benchmarks.inside.posting COUNT PAUSE [CHARACTERS]``: commits messages.

Prints when each was in. Times are seconds of the monotonic clock, which the processes of a
machine share.
"""

import json
import sys
import time

from benchmarks.inside import demo
from benchmarks.listening import DIGITS, MARK
from conversations import engine
from tenants.scope import tenant_scope


def post(count: int, *, pause: float, characters: int) -> list[float]:
    tenant, member, conversation_id = demo.tenant(), demo.member(), demo.held_conversation()
    committed = []
    for number in range(count):
        text = (MARK.decode() + str(number).zfill(DIGITS)).ljust(characters, "é")
        with tenant_scope(tenant.id):
            engine.post_reply(engine.team_conversation(conversation_id), member, text=text)
        committed.append(time.monotonic())
        time.sleep(pause)
    return committed


if __name__ == "__main__":
    count, pause, characters = [*sys.argv[1:], "0"][:3]
    json.dump(post(int(count), pause=float(pause), characters=int(characters)), sys.stdout)
