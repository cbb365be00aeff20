"""Which pages may read a widget's answers; asked by the server's edge for every such request."""

import re
import time
from collections import OrderedDict
from collections.abc import Sequence

from tenants.errors import LiveChatError
from tenants.executor import run_in_db_thread
from tenants.network import origin_allowed
from tenants.scope import tenant_scope
from widgets.doors import place
from widgets.models import Bubble

PATH = re.compile(r"/api/widgets/([^/]{1,100})/")
# What is remembered decides only who may read; who may ask is decided by the request itself.
REMEMBERED_SECONDS = 5.0
REMEMBERED_WIDGETS = 10_000

Rules = Sequence[tuple[Sequence[str], Sequence[str]]]

# Of what does not exist every page may read that it does not, and tell its author.
ANYBODY: Rules = [((), ())]

_remembered: OrderedDict[str, tuple[float, Rules]] = OrderedDict()


async def may_read(path: str, origin: str) -> bool:
    """Whether a page of ``origin`` may read answers at ``path``.

    A tenant's id stands for all its bubbles: a preflight does not say which one is meant.
    """
    found = PATH.match(path)
    if found is None:
        return False
    return any(
        origin_allowed(origin, origins, domains) for origins, domains in await _rules(found[1])
    )


async def _rules(widget_id: str) -> Rules:
    until, rules = _remembered.get(widget_id, (0.0, ()))
    if until < time.monotonic():
        rules = await run_in_db_thread(_read_rules, widget_id)
        _remembered[widget_id] = time.monotonic() + REMEMBERED_SECONDS, rules
        _remembered.move_to_end(widget_id)
        if len(_remembered) > REMEMBERED_WIDGETS:
            _remembered.popitem(last=False)
    return rules


def _read_rules(widget_id: str) -> Rules:
    try:
        tenant, bubble_id = place(widget_id)
    except LiveChatError:
        return ANYBODY
    with tenant_scope(tenant.id):
        bubbles = Bubble.objects.filter(pk=bubble_id) if bubble_id else Bubble.objects.all()
        return list(bubbles.values_list("origins", "domains"))
