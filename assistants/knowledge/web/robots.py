"""What a site asks of crawlers in its robots.txt, and the pages that it lists for them."""

import html
import re
from itertools import islice
from typing import Self
from urllib.robotparser import RobotFileParser

from assistants.knowledge.web.addresses import normal_url

AGENT = "LiveChat-Knowledge"
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
MAX_BYTES = 500 * 1024
MAX_SITEMAPS, MAX_LOCATIONS = 10, 10_000
# It ends the list of agents above it, as the line did in whose place it stands.
NO_RULE = "Crawl-delay:"
LOCATION = re.compile(r"<loc>\s{0,100}(?:<!\[CDATA\[)?([^<\]]{1,2000})", re.IGNORECASE)


class Robots:
    """The rules for us. Without a file everything is allowed."""

    def __init__(self, text: str = "") -> None:
        lines = text.splitlines()
        try:
            self._rules = _parsed(lines)
        except ValueError:
            self._rules = _parsed([line if _is_readable(line) else NO_RULE for line in lines])

    @classmethod
    def of(cls, content: bytes) -> Self:
        return cls(content[:MAX_BYTES].decode("utf-8-sig", "replace"))

    def allow(self, url: str) -> bool:
        return self._rules.can_fetch(AGENT, url)

    @property
    def pause(self) -> float:
        """Seconds between two requests: as many as asked for, within reason."""
        # Bounded before it becomes a float, which cannot hold a number of 400 digits.
        wanted = min(int(self._rules.crawl_delay(AGENT) or 0), LONGEST_PAUSE_SECONDS)
        return max(float(wanted), PAUSE_SECONDS)

    def sitemaps(self, base: str) -> list[str]:
        """Where the site lists its pages: as the file says, or at the usual place."""
        named = self._rules.site_maps() or ["/sitemap.xml"]
        found = (normal_url(address, base=base) for address in named)
        return [url for url in found if url][:MAX_SITEMAPS]


def _parsed(lines: list[str]) -> RobotFileParser:
    """Raises ValueError for some lines, as for addresses and numbers that are none."""
    rules = RobotFileParser()
    rules.parse(lines)
    return rules


def _is_readable(line: str) -> bool:
    try:
        _parsed(["User-agent: *", line])
    except ValueError:
        return False
    return True


def read_sitemap(text: str, *, base: str) -> tuple[list[str], list[str]]:
    """The pages and the further sitemaps that a sitemap lists.

    Read as text: it may be any XML, and an XML parser does what the XML says.
    """
    places = (match[1] for match in islice(LOCATION.finditer(text), MAX_LOCATIONS))
    found = (normal_url(html.unescape(place), base=base) for place in places)
    urls = list(dict.fromkeys(url for url in found if url))
    return ([], urls) if "<sitemapindex" in text else (urls, [])
