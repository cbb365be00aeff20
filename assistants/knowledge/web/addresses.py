"""The addresses of a site's pages: one spelling for each, and which of them belong to the site."""

import re
from dataclasses import dataclass
from typing import Self

import httpx2

from tenants.network import normal_host

MAX_LENGTH = 1_000
TRACKING = re.compile(
    rb"utm_\w+|(?:g|fb|d|y)clid|msclkid|igshid|mc_[ce]id|_ga|_gl|phpsessid|jsessionid",
    re.IGNORECASE,
)
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
ESCAPED = re.compile(rb"%([0-9a-fA-F]{2})")
SESSION_IN_PATH = re.compile(rb";jsessionid=[^/]*", re.IGNORECASE)
OTHER_FILES = re.compile(
    r"\.(?:avif|bmp|gif|ico|jpe?g|png|svg|tiff?|webp|css|m?js|json|xml|rss|atom|map|woff2?|ttf|eot|"
    r"zip|gz|bz2|xz|7z|rar|tar|tgz|dmg|exe|msi|apk|deb|rpm|iso|mp[34]|m4[av]|og[gv]|wav|avi|mov|"
    r"webm|docx?|xlsx?|pptx?|od[tsp]|csv|ics|epub)$",
    re.IGNORECASE,
)


def normal_url(address: str, *, base: str = "") -> str | None:
    """Return the one spelling of a page's address; None for what is none.

    Fragments, and parameters that only tell where a visitor came from, make no other page.
    """
    try:
        # Browsers take no notice of line breaks in addresses.
        url = httpx2.URL(re.sub(r"[\t\r\n]", "", address.strip()))
        url = httpx2.URL(base).join(url) if base else url
    except httpx2.InvalidURL:
        return None
    if url.scheme not in ("http", "https") or url.userinfo or not _is_host(url):
        return None
    path = SESSION_IN_PATH.sub(b"", url.raw_path.partition(b"?")[0])
    words = [word for word in url.query.split(b"&") if word and not _is_tracking(word)]
    target = ESCAPED.sub(_spelled, path + (b"?" + b"&".join(words) if words else b""))
    text = str(url.copy_with(raw_path=target, fragment=None))
    return text if len(text) <= MAX_LENGTH else None


def leads_to_a_page(url: str) -> bool:
    """Whether the name of a file at this address does not say that it is something else."""
    return not OTHER_FILES.search(path_of(url))


def path_of(url: str) -> str:
    return httpx2.URL(url).raw_path.partition(b"?")[0].decode("ascii")


def host_of(url: str) -> str:
    """The host, with the port if it is not the usual one."""
    return httpx2.URL(url).netloc.decode("ascii")


@dataclass(frozen=True)
class Scope:
    """What belongs to a site: its start, and all pages of its host whose path begins so."""

    start: str
    prefix: str

    @classmethod
    def of(cls, start: str, prefix: str = "") -> Self:
        return cls(start, prefix or path_of(start).rpartition("/")[0] + "/")

    def holds(self, url: str) -> bool:
        # Whether a site's address begins with http or https makes no other site.
        if host_of(url) != host_of(self.start):
            return False
        path, folder = path_of(url), self.prefix.rstrip("/")
        return url == self.start or path == folder or path.startswith(f"{folder}/")

    def moved_to(self, url: str) -> Self | None:
        """The same site at an address with or without www, if this is one."""
        here, there = host_of(self.start), host_of(url)
        if f"www.{here}" == there or here == f"www.{there}":
            return type(self)(url, self.prefix)
        return None


def normal_prefix(text: str) -> str | None:
    """The one spelling of a path that pages are to be below; None for what is no path."""
    path = text.strip()
    if not path:
        return ""
    url = normal_url(path, base="https://prefix.example/")
    same_host = url is not None and host_of(url) == "prefix.example"
    return path_of(url) if url and same_host and path.startswith("/") else None


def _is_host(url: httpx2.URL) -> bool:
    host = url.raw_host.decode("ascii")
    return normal_host(f"[{host}]" if ":" in host else host) is not None


def _spelled(escaped: re.Match[bytes]) -> bytes:
    """The one spelling of an escaped letter: as itself if it may stand so, else in capitals."""
    letter = bytes.fromhex(escaped[1].decode())
    return letter if letter[0] in UNRESERVED else escaped[0].upper()


def _is_tracking(parameter: bytes) -> bool:
    return TRACKING.fullmatch(parameter.partition(b"=")[0]) is not None
