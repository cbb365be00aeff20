"""What the current request, frame or job is about: for the log lines written on its behalf, and
for its fair share of what a process can do at once."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
tenant_id: ContextVar[str] = ContextVar("tenant_id", default="")
# Who asks, before it is verified: a tenant whose credential is known to be good, or an address.
asker: ContextVar[str] = ContextVar("asker", default="")


def sharer() -> str:
    """Who shares threads with others: a tenant, or whoever asks; nobody for our own work."""
    return tenant_id.get() or asker.get()
