"""One crawl of a site: breadth first, politely, and so that it may end at any moment.

All that it found is in the database after each page. Who takes over begins anew, and the pages'
servers say that most of them have not changed.
"""

import codecs
from collections.abc import Iterable

from assistants.knowledge.web import site_pages
from assistants.knowledge.web.addresses import Scope, normal_url
from assistants.knowledge.web.fetching import Ended, Fetcher
from assistants.knowledge.web.frontier import Frontier
from assistants.knowledge.web.pages import Head, decoded, head_of, kind_of, title_from, wishes_of
from assistants.knowledge.web.problems import problem, status_problem
from assistants.knowledge.web.site_pages import Found
from assistants.knowledge.web.sites import Lease
from tenants.errors import LiveChatError
from tenants.executor import run_in_db_thread
from tenants.outbound import Fetched, redirect_of

GONE = (404, 410)


class Crawl:
    """Visits a site's pages and keeps them, for as long as it has the lease."""

    def __init__(self, lease: Lease, fetcher: Fetcher) -> None:
        site = lease.site
        self._lease = lease
        self._fetcher = fetcher
        self._start = site.url
        self._goes_on = site.page_limit > 1
        scope = Scope.of(site.url, site.path_prefix)
        self._frontier = Frontier(site.url, scope, limit=site.page_limit)
        self._known: dict[str, site_pages.Known] = {}
        self._read = self._failed = 0
        self._problem: LiveChatError | None = None

    async def run(self) -> LiveChatError | None:
        """Crawl, and return what is wrong with the site as a whole, if anything is."""
        self._known = await run_in_db_thread(site_pages.known_pages, self._lease)
        try:
            await self._walk_all()
        except Ended as ended:
            return ended.reason
        visited = self._frontier.visited
        await run_in_db_thread(site_pages.drop_pages, self._lease, but=visited)
        return self._problem

    @property
    def has_pages(self) -> bool:
        return self._read > 0

    async def _walk_all(self) -> None:
        await self._fetcher.read_robots(self._start)
        if not self._fetcher.robots.allow(self._start):
            raise Ended(problem("robots_refuse"))
        await self._walk([self._start])
        if self._goes_on and not self._frontier.is_full:
            await self._walk(await self._fetcher.listed(self._frontier.scope.start))
        # What is not linked any more stays for as long as it is there.
        await self._walk(self._known)

    async def _walk(self, urls: Iterable[str]) -> None:
        self._frontier.add(urls, allow=self._fetcher.robots.allow)
        while (url := self._frontier.next()) is not None:
            try:
                await self._judge(url, await self._fetcher.page(url, self._known.get(url)))
            except LiveChatError as error:
                await self._fail(url, error)
            self._note_progress()

    async def _judge(self, url: str, answer: Fetched) -> None:
        if target := redirect_of(answer):
            await self._move(url, target)
        elif answer.status == 304 and url in self._known:
            await self._keep_as_it_was(url)
        elif answer.status in GONE:
            await self._miss(url)
        elif answer.status != 200:
            raise status_problem(answer.status)
        elif kind_of(answer.headers) == "html":
            await self._read_page(url, answer)
        elif kind_of(answer.headers) == "pdf":
            await self._keep_file(url, answer)
        else:
            await self._leave(url, problem("page_not_readable"))

    async def _read_page(self, url: str, answer: Fetched) -> None:
        text = decoded(answer.content, answer.headers)
        head = head_of(text, url, answer.headers)
        self._follow(head)
        if head.noindex:
            await self._forget(url)
        elif self._has_a_double(url, head.canonical):
            await self._lead_on(url, head.canonical)
        else:
            # Marked as UTF-8, which counts for more than what the page says of itself.
            content = codecs.BOM_UTF8 + text.encode("utf-8", "replace")
            await self._keep(url, "html", head.title, content, answer)

    async def _keep_file(self, url: str, answer: Fetched) -> None:
        if wishes_of(answer.headers).noindex:
            await self._forget(url)
        else:
            await self._keep(url, "pdf", "", answer.content, answer)

    async def _keep(self, url: str, kind: str, title: str, content: bytes, answer: Fetched) -> None:
        found = Found(
            url=url,
            kind=kind,
            title=title or title_from(url),
            content=content,
            etag=answer.headers.get("etag", "")[: site_pages.ETAG_CHARACTERS],
            last_modified=answer.headers.get("last-modified", "")[: site_pages.DATE_CHARACTERS],
        )
        await run_in_db_thread(site_pages.keep_page, self._lease, found)
        self._settle(url)

    async def _keep_as_it_was(self, url: str) -> None:
        await run_in_db_thread(site_pages.page_unchanged, self._lease, url)
        if self._goes_on and self._known[url].kind == "html":
            content = await run_in_db_thread(site_pages.content_of, self._lease, url)
            self._follow(head_of(content.decode("utf-8-sig", "replace"), url))
        self._settle(url)

    async def _move(self, url: str, location: str) -> None:
        target = normal_url(location)
        if target is None or target == url:
            raise problem("page_redirects")
        if url in self._frontier.starts and (moved := self._frontier.scope.moved_to(target)):
            self._frontier.scope = moved
            await self._fetcher.read_robots(target)
        if not self._frontier.scope.holds(target) or not self._fetcher.robots.allow(target):
            await self._leave(url, problem("page_leads_away", target))
        else:
            await self._lead_on(url, target)

    async def _lead_on(self, url: str, target: str) -> None:
        if not self._frontier.lead_on(url, target):
            raise problem("page_redirects")
        await run_in_db_thread(site_pages.miss_page, self._lease, url)

    async def _miss(self, url: str) -> None:
        self._blame(url, problem("page_missing"))
        await run_in_db_thread(site_pages.miss_page, self._lease, url)

    async def _leave(self, url: str, why: LiveChatError) -> None:
        """Of a page that was read before, this is a failure; of another, it makes no page."""
        if url in self._known:
            raise why
        self._blame(url, why)

    async def _forget(self, url: str) -> None:
        self._blame(url, problem("page_noindex"))
        await run_in_db_thread(site_pages.drop_pages, self._lease, url=url)

    async def _fail(self, url: str, error: LiveChatError) -> None:
        self._blame(url, error)
        title = title_from(url)
        await run_in_db_thread(site_pages.fail_page, self._lease, url, title=title, error=error)
        self._failed += 1
        self._frontier.settle(url)

    def _settle(self, url: str) -> None:
        self._read += 1
        self._frontier.settle(url)

    def _follow(self, head: Head) -> None:
        if self._goes_on and not head.nofollow:
            self._frontier.add(head.links, allow=self._fetcher.robots.allow)

    def _has_a_double(self, url: str, canonical: str) -> bool:
        """Whether the page says that another one of this site is the one to read."""
        other = canonical.partition("://")[2] != url.partition("://")[2]
        return bool(
            canonical
            and other
            and self._frontier.scope.holds(canonical)
            and self._fetcher.robots.allow(canonical)
            and not self._frontier.has_led_on(canonical)
        )

    def _blame(self, url: str, error: LiveChatError) -> None:
        """What is wrong with the site's address is wrong with the site."""
        if url in self._frontier.starts:
            self._problem = error

    def _note_progress(self) -> None:
        self._lease.progress = {
            "pages_found": self._frontier.found,
            "pages_read": self._read,
            "pages_failed": self._failed,
        }
