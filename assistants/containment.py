"""What a model's words may carry to a visitor: no remote content, and links to known hosts only.

Whoever gets instructions into a prompt (by a page that was crawled, a tool's result, a visitor)
could otherwise have an answer load an address that spells out what the model has seen. Every
pattern here takes time in proportion to the text: an answer is cleaned on the worker's one loop.
"""

import re
from collections.abc import Callable, Iterable
from html import unescape

from assistants.length import LONGEST_TEXT
from tenants.network import normal_host

REMOVED = "(link removed)"
# What no text may hold that is to be stored or sent: NUL, controls, and halves of characters.
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
LOADING_TAG = re.compile(
    r"<\s{0,9}/?\s{0,9}(?:a|area|audio|base|body|button|embed|form|frame|iframe|image|img|input|"
    r"link|meta|object|picture|script|source|style|svg|video)\b[^>]*>?",
    re.IGNORECASE,
)
IMAGE = re.compile(r"!\[([^\[\]]*)\](?:\([^)\[]*\)?|\[[^\[\]]*\])?")
# The lookbehind keeps a row of them from being tried at each.
IMAGE_SIGN = re.compile(r"(?<!!)!+(?=\[)")
DEFINITION = re.compile(r"(?:\[[^\[\]]+)?\]:\s*+<?([^\s>]*+).*")
# Whatever brackets stood before it.
TARGET = re.compile(r"\]\(\s*+<?([^\s)>]*+)[^)]*+\)?")
LINK = re.compile(r"\[([^\[\]]*+)\]\(\s*+<?([^\s)>\[]*+)>?(?:\s[^)\[]*+)?\)")
# No less than what the widget and Markdown link: any place in a word, and up to a space as
# JavaScript knows it. What stands in the address may make a browser read another host in it.
ADDRESS = re.compile(
    r"<?((?:[a-z][a-z0-9+.-]{1,20}://|(?<![a-z0-9])www\.)"
    r"[^\t\n\v\f\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff<>]+)>?",
    re.IGNORECASE,
)
TRAILING = ".,;:!?)]}»”’*_`\"'"
# Where an address ended in the writer's mind though no space follows.
GLUED = re.compile(r"[)\]}`\"'»”’*|]")
HOST = re.compile(
    r"(?:https?:)?//([^\s/?#\\@:*]{1,253})(?::[0-9]{1,5})?(?=[/?#]|\Z)", re.IGNORECASE
)
# What a browser leaves out of an address, or takes for a slash.
DECEPTIVE = re.compile(r"[\s\x00-\x1f]|^/\\|^//")
PLAIN = re.compile(r"[\w.,!?%-]*")
# Taking something out may join what stood around it; nothing honest is nested as deep.
MAX_PASSES = 6
SYNTAX = re.compile(r"[<>\[\]]|:/+|www\.", re.IGNORECASE)
# A link, an image or a tag is not judged before its end has come; nothing honest is longer.
LONGEST_HELD = 600
OPENING = re.compile(r"(\s*+)[\s!\[<]*+")
SPACE = re.compile(r"\s")
# A definition whose target is still to come, after something that was held for too long.
UNFINISHED = re.compile(r"\]:(?=\s*+\Z)")
TOKEN = re.compile(
    r"(?P<gap>\s+)"
    r"|!?\[[^\]]*(?:\](?:\([^)]*\)?|:\s*\S*)?)?"
    r"|<\s{0,9}/?\s{0,9}[a-z][^>]*>?"
    r"|[^\s!\[<]+|[!<]",
    re.IGNORECASE,
)


class Containment:
    """Cleans the texts of one turn; ``allow`` adds hosts as sources come to be known."""

    def __init__(self, hosts: Iterable[str] = (), *, domains: Iterable[str] = ()) -> None:
        self._hosts = {normal_host(host) or "" for host in hosts}
        self._domains = {normal_host(domain.lstrip(".")) or "" for domain in domains} - {""}

    def allow(self, url: str) -> None:
        if host := _host(url):
            self._hosts.add(host)

    def clean(self, text: str) -> str:
        """Return ``text`` without images, loading tags and links to unknown hosts."""
        text = fit(text)
        if not SYNTAX.search(text):
            # What every pattern here needs is not there.
            return text
        for _ in range(MAX_PASSES):
            cleaned = self._pass(text)
            if cleaned == text:
                return text
            text = cleaned
        return SYNTAX.sub(" ", text)

    def permits(self, url: str) -> bool:
        """Whether an answer may link there, whether or not its reader knows HTML's entities."""
        return self._permits(url) and self._permits(unescape(url))

    def _permits(self, url: str) -> bool:
        """A path alone stays on the page's own site."""
        if url.startswith(("/", "#")) and not DECEPTIVE.search(url):
            return True
        host = _host(url)
        return bool(host) and (
            host in self._hosts
            or any(host == domain or host.endswith(f".{domain}") for domain in self._domains)
        )

    def _pass(self, text: str) -> str:
        text = LOADING_TAG.sub("", text)
        text = IMAGE_SIGN.sub("", IMAGE.sub(r"\1", text))
        text = DEFINITION.sub(self._definition, text)
        text = TARGET.sub(self._target, LINK.sub(self._link, text))
        return ADDRESS.sub(self._address, text)

    def _definition(self, found: re.Match[str]) -> str:
        return found.group() if PLAIN.fullmatch(found[1]) or self.permits(found[1]) else ""

    def _link(self, found: re.Match[str]) -> str:
        if not self.permits(found[2]):
            return found[1]
        return found[2] if ADDRESS.search(found[1]) else found.group()

    def _target(self, found: re.Match[str]) -> str:
        return found.group() if self.permits(found[1]) else "]"

    def _address(self, found: re.Match[str]) -> str:
        address = found[1].rstrip(TRAILING)
        if self.permits(address):
            return found.group()
        glued = GLUED.search(address)
        if glued and self.permits(address[: glued.start()]):
            at = found.start(1) - found.start() + glued.start()
            return f"{found.group()[:at]} {found.group()[at:]}"
        return REMOVED + found[1][len(address) :]


class Sieve:
    """Cleans a text that comes in pieces, and lets through only what is judged."""

    def __init__(
        self,
        containment: Containment,
        prepare: Callable[[str], str] = str,
        *,
        longest: int = LONGEST_TEXT,
    ) -> None:
        self._containment, self._prepare = containment, prepare
        self._left = longest
        self._held = self._last_word = ""
        self.is_full = False

    def add(self, piece: str) -> str:
        """Take a piece, as far as there is room; return what may be shown by now."""
        self.is_full |= len(piece) > self._left
        piece = piece[: self._left]
        self._left -= len(piece)
        self._held += piece
        end = _last_gap(self._held)
        if len(self._held) - end > LONGEST_HELD:
            # Without its opening it is neither an image nor a link any more.
            self._held = self._held[:end] + OPENING.sub(r"\1", self._held[end:], count=1)
            end = _last_space(self._held, after=end) or len(self._held)
        ready, self._held = self._held[:end], self._held[end:]
        return self._judge(UNFINISHED.sub("]", ready))

    def rest(self) -> str:
        """Return what was still held when the text ended."""
        rest, self._held = self._held, ""
        return self._judge(rest)

    def _judge(self, ready: str) -> str:
        """Clean what is ready, also together with the word shown before that it may go on."""
        if not ready:
            return ""
        shown = self._containment.clean(self._prepare(ready))
        joined = self._last_word + shown
        if self._last_word and self._containment.clean(joined) != joined:
            shown = f" {shown}"
        self._last_word = _last_word(self._last_word + shown)
        return shown


def _last_gap(text: str) -> int:
    """Where the last space begins that is in nothing that is still to be judged as a whole."""
    return max((token.start() for token in TOKEN.finditer(text) if token["gap"]), default=0)


def _last_space(text: str, *, after: int) -> int:
    return max((found.start() for found in SPACE.finditer(text, after + 1)), default=0)


def _last_word(text: str) -> str:
    return SPACE.split(text[-LONGEST_HELD:])[-1]


def fit(text: str) -> str:
    """Return ``text`` as it can be stored."""
    return UNFIT.sub("", text)


def addresses_in(*texts: str) -> list[str]:
    """The web addresses that the tenant itself wrote down."""
    return [found[1].rstrip(TRAILING) for text in texts for found in ADDRESS.finditer(text)]


def _host(url: str) -> str:
    """The host of a web address as browsers send it, or an empty text if they may differ on it."""
    found = HOST.match(f"//{url}" if url[:4].casefold() == "www." else url)
    return (normal_host(found[1]) or "") if found else ""
