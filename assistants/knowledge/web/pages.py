"""What a page says about itself: its text's encoding, title, links, and wishes to crawlers."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from assistants.knowledge.html_blocks import declared_encoding
from assistants.knowledge.markup import PageParser
from assistants.knowledge.web.addresses import leads_to_a_page, normal_url

HTML = ("text/html", "application/xhtml+xml")
PDF = "application/pdf"
MAX_LINKS = 2_000
TITLE_CHARACTERS = 200
CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
# Python knows more encodings than the web does, and some of those are programs.
ENCODINGS = re.compile(
    r"utf-8(?:-sig)?|utf-16(?:-[lb]e)?|ascii|latin-1|iso8859-\d+|cp\d{3,4}|koi8-[ru]|mac-\w+|"
    r"gb2312|gbk|gb18030|hz|big5(?:hkscs)?|euc_\w+|shift_jis\w*|iso2022_(?:jp|kr)\w*|johab|tis-620"
)
# Control characters that no text holds; a reader of knowledge would take them for a binary file.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass
class Head:
    """What a page tells a crawler."""

    title: str = ""
    canonical: str = ""
    links: dict[str, None] = field(default_factory=dict)
    noindex: bool = False
    nofollow: bool = False


def kind_of(headers: Mapping[str, str]) -> str | None:
    """The kind of source that an answer with these headers can be."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in HTML:
        return "html"
    return "pdf" if media_type == PDF else None


def decoded(content: bytes, headers: Mapping[str, str]) -> str:
    """The text of a page, in the encoding that its server names, else that it names itself.

    A page with a few wrong bytes is still a page.
    """
    named = CHARSET.search(headers.get("content-type", ""))
    encoding = _known(named[1]) if named else ""
    encoding = encoding or _known(declared_encoding(content)) or _guessed(content)
    return CONTROL.sub("", content.decode(encoding, "replace").removeprefix("\ufeff"))


def wishes_of(headers: Mapping[str, str]) -> Head:
    """What the headers of a file tell a crawler."""
    head = Head()
    _heed(head, headers.get("x-robots-tag", ""))
    return head


def head_of(text: str, url: str, headers: Mapping[str, str] | None = None) -> Head:
    """What a page tells a crawler, in its markup and in the headers that came with it."""
    page = _Page(url, wishes_of(headers or {}))
    # Never closed: closing reads an unfinished tag again from each of its characters, for hours.
    page.feed(text + "\n<p>")
    page.head.title = _title(page.title) or _title(page.heading)
    return page.head


def title_from(url: str) -> str:
    """What to call a page that does not say: the name of its file, or its address."""
    name = url.rstrip("/").rpartition("/")[2].partition("?")[0]
    return _title(name) or _title(url)


class _Page(PageParser):
    def __init__(self, url: str, head: Head) -> None:
        super().__init__()
        self.head = head
        self.title = self.heading = ""
        self._base = url
        self._addresses = {""}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        match tag:
            case "base" if values.get("href"):
                self._base = normal_url(values["href"], base=self._base) or self._base
            case "a" | "area":
                self._link(values)
            case "link" if "canonical" in values.get("rel", "").lower().split():
                self.head.canonical = normal_url(values.get("href", ""), base=self._base) or ""
            case "meta" if values.get("name", "").lower() in ("robots", "livechat-knowledge"):
                _heed(self.head, values.get("content", ""))
            case "title" | "h1":
                self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title = f"{self.title}{data}"[: 5 * TITLE_CHARACTERS]
        elif self._inside == "h1":
            self.heading = f"{self.heading}{data}"[: 5 * TITLE_CHARACTERS]

    def _link(self, values: dict[str, str]) -> None:
        address = values.get("href", "")
        if "nofollow" in values.get("rel", "").lower().split() or address in self._addresses:
            return
        self._addresses.add(address)
        if len(self._addresses) > MAX_LINKS:
            return
        url = normal_url(address, base=self._base)
        if url and leads_to_a_page(url):
            self.head.links[url] = None


def _heed(head: Head, wishes: str) -> None:
    """Words such as ``noindex, nofollow``; those that name another crawler are not for us."""
    words = {word.strip().lower() for word in wishes.split(",")}
    head.noindex |= bool(words & {"noindex", "none"})
    head.nofollow |= bool(words & {"nofollow", "none"})


def _known(name: str) -> str:
    try:
        encoding = codecs.lookup(name).name if name else ""
    except (LookupError, ValueError):
        return ""
    # On the web, this is another name for the larger one.
    encoding = {"iso8859-1": "cp1252", "ascii": "cp1252"}.get(encoding, encoding)
    return encoding if ENCODINGS.fullmatch(encoding) else ""


def _guessed(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        content.decode()
    except UnicodeDecodeError as error:
        # Cut off in the middle of a letter is still UTF-8.
        return "utf-8" if error.reason == "unexpected end of data" else "cp1252"
    return "utf-8"


def _title(text: str) -> str:
    return " ".join(text.split())[:TITLE_CHARACTERS].strip()
