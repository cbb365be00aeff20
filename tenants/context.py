"""What the current request, frame or job is about: for the log lines written on its behalf, and
for its fair share of what a process can do at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
tenant_id: ContextVar[str] = ContextVar("tenant_id", default="")
# Who asks, before it is verified: a tenant whose credential is known to be good, or an address.
asker: ContextVar[str] = ContextVar("asker", default="")


def sharer() -> str:
    """Who shares threads with others: a tenant, or whoever asks; nobody for our own work."""
    return tenant_id.get() or asker.get()


@contextmanager
def our_own() -> Iterator[None]:
    """Do work of ours in the middle of somebody's: it does not wait behind the rest of theirs."""
    tokens = [(variable, variable.set("")) for variable in (tenant_id, asker)]
    try:
        yield
    finally:
        for variable, token in tokens:
            variable.reset(token)
