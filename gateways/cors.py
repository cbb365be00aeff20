"""Which pages may read the answers of other vendors' addresses; asked by the server's edge."""

from widgets import cors

# A preflight does not say whose bubble is meant. All pages may read what is answered there, since
# nothing there is answered for a cookie or an address: without a token there is nothing to read,
# and the token of a bubble is refused on pages that the bubble does not list.
OPEN = ("/api/external/",)


async def may_read(path: str, origin: str) -> bool:
    """Whether a page of ``origin`` may read answers at ``path``."""
    return path.startswith(OPEN) or await cors.may_read(path, origin)
