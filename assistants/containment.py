"""What a model's words may carry to a visitor: no remote content, and links to known hosts only.

Whoever gets instructions into a prompt (by a page that was crawled, a tool's result, a visitor)
could otherwise have an answer load an address that spells out what the model has seen.
"""

import re
from collections.abc import Iterable
from html import unescape
from urllib.parse import urlsplit

REMOVED = "(link removed)"
# What no text may hold that is to be stored or sent: NUL, controls, and halves of characters.
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
LOADING_TAG = re.compile(
    r"<\s*/?\s*(?:a|area|audio|base|body|button|embed|form|frame|iframe|image|img|input|link|meta|"
    r"object|picture|script|source|style|svg|video)\b[^>]*(?:>|\Z)",
    re.IGNORECASE,
)
IMAGE = re.compile(r"!\[([^\]]*)\](?:\([^)]*\)?|\[[^\]]*\])?")
DEFINITION = re.compile(r"^[ \t]{0,3}\[[^\]]+\]:[ \t]*\S+.*$", re.MULTILINE)
# Whatever brackets stood before it.
TARGET = re.compile(r"\]\(\s*<?([^\s)>]*)[^)]*\)?")
LINK = re.compile(r"\[([^\]]*)\]\(\s*<?([^\s)>]*)>?(?:\s[^)]*)?\)")
ADDRESS = re.compile(r"<?\b((?:[a-z][a-z0-9+.-]{1,20}://|www\.)[^\s<>\"'`\])]+)>?", re.IGNORECASE)
TRAILING = ".,;:!?*_"
WEB = ("http", "https")
# A link, an image or a tag is not judged before its end has come; nothing honest is longer.
LONGEST_HELD = 600
TOKEN = re.compile(
    r"(?P<gap>\s+)"
    r"|!?\[[^\]]*(?:\](?:\([^)]*\)?)?)?"
    r"|<\s*/?\s*[a-z][^>]*>?"
    r"|[^\s!\[<]+|[!<]",
    re.IGNORECASE,
)


class Containment:
    """Cleans the texts of one turn; ``allow`` adds hosts as sources come to be known."""

    def __init__(self, hosts: Iterable[str] = (), *, domains: Iterable[str] = ()) -> None:
        self._hosts = {host.casefold() for host in hosts}
        self._domains = {domain.casefold().lstrip(".") for domain in domains}

    def allow(self, url: str) -> None:
        if host := _host(url):
            self._hosts.add(host)

    def clean(self, text: str) -> str:
        """Return ``text`` without images, loading tags and links to unknown hosts."""
        text = LOADING_TAG.sub("", fit(text))
        text = IMAGE.sub(r"\1", text)
        text = DEFINITION.sub("", text)
        text = TARGET.sub(self._target, LINK.sub(self._link, text))
        return ADDRESS.sub(self._address, text)

    def permits(self, url: str) -> bool:
        """Whether an answer may link there; a path alone stays on the page's own site."""
        url = unescape(url)
        if url.startswith(("/", "#")) and not url.startswith(("//", "/\\")):
            return True
        host = _host(url)
        return bool(host) and (
            host in self._hosts
            or any(host == domain or host.endswith(f".{domain}") for domain in self._domains)
        )

    def _link(self, found: re.Match[str]) -> str:
        return found.group() if self.permits(found[2]) else found[1]

    def _target(self, found: re.Match[str]) -> str:
        return found.group() if self.permits(found[1]) else "]"

    def _address(self, found: re.Match[str]) -> str:
        address = found[1].rstrip(TRAILING)
        if self.permits(address):
            return found.group()
        return REMOVED + found[1][len(address) :]


class Sieve:
    """Cleans a text that comes in pieces, and lets through only what is judged."""

    def __init__(self, containment: Containment) -> None:
        self._containment = containment
        self._held = ""

    def add(self, piece: str) -> str:
        """Take a piece; return what may be shown by now."""
        self._held += piece
        gaps = [token.start() for token in TOKEN.finditer(self._held) if token["gap"]]
        end = gaps[-1] if gaps else 0
        if len(self._held) - end > LONGEST_HELD:
            # Without its opening it is neither an image nor a link any more.
            self._held = self._held[:end] + self._held[end:].lstrip(" ![<")
            end = len(self._held)
        ready, self._held = self._held[:end], self._held[end:]
        return self._containment.clean(ready)

    def rest(self) -> str:
        """Return what was still held when the text ended."""
        rest, self._held = self._held, ""
        return self._containment.clean(rest)


def fit(text: str) -> str:
    """Return ``text`` as it can be stored."""
    return UNFIT.sub("", text)


def addresses_in(*texts: str) -> list[str]:
    """The web addresses that the tenant itself wrote down."""
    return [found[1].rstrip(TRAILING) for text in texts for found in ADDRESS.finditer(text)]


def _host(url: str) -> str:
    """The host of a web address, in lower case, or an empty text."""
    if url.casefold().startswith("www."):
        url = f"https://{url}"
    try:
        parts = urlsplit(f"https:{url}" if url.startswith("//") else url)
        return (parts.hostname or "") if parts.scheme in WEB and "@" not in parts.netloc else ""
    except ValueError:
        return ""
