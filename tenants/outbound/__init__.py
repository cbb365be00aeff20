"""The one way out to addresses that tenants give us: to public servers, and to nothing of ours."""

from tenants.outbound.addresses import check_url, is_public
from tenants.outbound.fetching import Fetched, fetch, get, guarded_client, redirect_of
from tenants.outbound.transport import GuardedTransport

__all__ = [
    "Fetched",
    "GuardedTransport",
    "check_url",
    "fetch",
    "get",
    "guarded_client",
    "is_public",
    "redirect_of",
]
