"""Which page comes next: each once, breadth first, and no more than there may be."""

from collections import Counter, deque
from collections.abc import Callable, Iterable

from assistants.knowledge.web.addresses import Scope, leads_to_a_page

MAX_SEEN = 20_000
MAX_HOPS = 5


class Frontier:
    """The pages that are known and not yet visited, and what became of the others.

    ``settled`` pages take one of the places; the others led on, were missing, or are no pages.
    """

    def __init__(self, start: str, scope: Scope, *, limit: int) -> None:
        self.scope = scope
        self.starts = {start}
        self.visited: set[str] = set()
        self.settled: set[str] = set()
        self._limit = limit
        self._queue: deque[str] = deque()
        self._seen: set[str] = set()
        self._left: set[str] = set()
        self._hops: Counter[str] = Counter()

    def add(self, urls: Iterable[str], *, allow: Callable[[str], bool]) -> None:
        for url in urls:
            # A page that is linked as http here and as https there is one.
            name = url.partition("://")[2]
            if name in self._seen or len(self._seen) >= MAX_SEEN or not self.scope.holds(url):
                continue
            self._seen.add(name)
            if url in self.starts or (leads_to_a_page(url) and allow(url)):
                self._queue.append(url)

    def next(self) -> str | None:
        while self._queue and not self.is_full:
            url = self._queue.popleft()
            if url not in self.visited:
                self.visited.add(url)
                return url
        return None

    def lead_on(self, url: str, target: str) -> bool:
        """Visit ``target`` in the place of ``url`` and next of all; False if that goes on and on.

        Where it leads back to a page that itself led here, that one is visited once more, to stay.
        """
        self._hops[target] = max(self._hops[target], self._hops[url] + 1)
        if self._hops[target] > MAX_HOPS:
            return False
        self._left.add(url)
        if url in self.starts:
            self.starts.add(target)
        if self.has_led_on(target):
            self.visited.discard(target)
        self._seen.add(target.partition("://")[2])
        self._queue.appendleft(target)
        return True

    def has_led_on(self, url: str) -> bool:
        return url in self._left

    def settle(self, url: str) -> None:
        self.settled.add(url)

    @property
    def is_full(self) -> bool:
        return len(self.settled) >= self._limit

    @property
    def found(self) -> int:
        return min(self._limit, len(self.settled) + len(set(self._queue) - self.visited))
