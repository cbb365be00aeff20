"""A crawl's requests: one at a time, with pauses, and an end when a site or a crawl is too much."""

import asyncio
import time
from urllib.parse import urlsplit

import httpx2

from assistants.knowledge.parsing import MAX_BYTES as MAX_PDF
from assistants.knowledge.web.pages import kind_of
from assistants.knowledge.web.problems import page_problem, problem
from assistants.knowledge.web.robots import AGENT, Robots, read_sitemap
from assistants.knowledge.web.site_pages import Known
from tenants.errors import LiveChatError
from tenants.outbound import Fetched, get

MAX_HTML = 2 * 1024 * 1024
MAX_LISTS = 10 * 1024 * 1024
PAGE_SECONDS = 20.0
CRAWL_SECONDS = 3600.0
CRAWL_BYTES = 200 * 1024 * 1024
REDIRECTS = 5
MAX_SITEMAPS = 20
# Redirects, missing pages and what is no page take no place, and are not asked for without end.
REQUESTS, REQUESTS_A_PAGE = 50, 3
FAILURES_IN_A_ROW = 5
DOWN = frozenset({"fetch_timeout", "fetch_failed"})
BUSY = 429


class Ended(Exception):
    """A crawl that does not go on, and why."""

    def __init__(self, reason: LiveChatError) -> None:
        self.reason = reason
        super().__init__(reason.message)


class Fetcher:
    """Raises Ended when the site does not answer any more, or a crawl's bounds are reached."""

    def __init__(self, client: httpx2.AsyncClient, *, page_limit: int) -> None:
        self.robots = Robots()
        self._client = client
        self._client.headers["User-Agent"] = AGENT
        self._requests = REQUESTS + REQUESTS_A_PAGE * page_limit
        self._bytes = CRAWL_BYTES
        self._until = time.monotonic() + CRAWL_SECONDS
        self._failures = 0

    async def read_robots(self, url: str) -> None:
        """Read the rules for the host of this address."""
        parts = urlsplit(url)
        try:
            answer = await self._text(f"{parts.scheme}://{parts.netloc}/robots.txt")
        except LiveChatError as error:
            raise Ended(page_problem(error)) from error
        if answer.status >= 500 or answer.status == BUSY:
            raise Ended(problem("robots_unreachable", answer.status))
        self.robots = Robots.of(answer.content if answer.status == 200 else b"")

    async def listed(self, url: str) -> list[str]:
        """The pages that the site's own lists name; a list that cannot be read names none."""
        pages: dict[str, None] = {}
        waiting = self.robots.sitemaps(url)
        for number, sitemap in enumerate(waiting):
            if number < MAX_SITEMAPS:
                found, further = await self._sitemap(sitemap)
                pages |= dict.fromkeys(found)
                waiting += [each for each in further if each not in waiting]
        return list(pages)

    async def page(self, url: str, known: Known | None) -> Fetched:
        """Ask for a page, unless it is as it was. Raises a LiveChatError that says why not."""
        self._check_bounds()
        await asyncio.sleep(self.robots.pause)
        try:
            answer = await get(self._client, url, headers=_headers(known), max_bytes=_page_limit)
        except LiveChatError as error:
            self._note(is_down=error.code in DOWN)
            raise page_problem(error) from error
        self._bytes -= len(answer.content)
        self._note(is_down=answer.status >= 500 or answer.status == BUSY)
        return answer

    async def _sitemap(self, url: str) -> tuple[list[str], list[str]]:
        self._check_bounds()
        await asyncio.sleep(self.robots.pause)
        try:
            answer = await self._text(url)
        except LiveChatError:
            return [], []
        text = answer.content.decode("utf-8", "replace") if answer.status == 200 else ""
        return read_sitemap(text, base=url)

    async def _text(self, url: str) -> Fetched:
        return await get(self._client, url, redirects=REDIRECTS, max_bytes=lambda head: MAX_LISTS)

    def _check_bounds(self) -> None:
        self._requests -= 1
        if self._requests < 0 or self._bytes < 0 or time.monotonic() > self._until:
            raise Ended(problem("crawl_too_long"))

    def _note(self, *, is_down: bool) -> None:
        self._failures = self._failures + 1 if is_down else 0
        if self._failures >= FAILURES_IN_A_ROW:
            raise Ended(problem("site_unreachable"))


def _headers(known: Known | None) -> dict[str, str]:
    if known is None or not known.has_content:
        return {}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in conditions.items() if value}


def _page_limit(head: Fetched) -> int:
    """What is no page is not read at all."""
    if head.status != 200:
        return 0
    return {"html": MAX_HTML, "pdf": MAX_PDF}.get(kind_of(head.headers) or "", 0)
