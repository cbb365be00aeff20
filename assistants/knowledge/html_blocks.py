"""HTML pages → blocks of plain text under their headings, without menus and scripts."""

import re
from collections import Counter

from assistants.knowledge.markup import PageParser
from assistants.knowledge.passages import Block

HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
HIDDEN = {
    "aside", "button", "canvas", "dialog", "footer", "form", "head", "iframe", "nav", "noscript",
    "object", "script", "select", "style", "svg", "template",
}  # fmt: skip
SEPARATE = HEADINGS | {
    "address", "article", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt",
    "figcaption", "figure", "header", "hr", "li", "main", "ol", "p", "pre", "section", "summary",
    "table", "tbody", "tfoot", "thead", "tr", "ul",
}  # fmt: skip
# What stands around the text of a page, said by its role rather than by its element.
HIDDEN_ROLES = {
    "complementary", "contentinfo", "dialog", "navigation", "search",
}  # fmt: skip
VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
CHARSET = re.compile(rb"<meta\b[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{1,40})", re.IGNORECASE)


def declared_encoding(content: bytes) -> str:
    """The encoding that the page itself names in its first kilobyte, as the standard has it."""
    found = CHARSET.search(content[:1024])
    return found[1].decode("ascii") if found else ""


def html_blocks(text: str) -> list[Block]:
    """Return the page's own text in order: what stands in main or article, if there is one.

    Without them it is what does not stand in a header, whose headings count all the same.
    """
    page = _Page()
    # Never closed: closing reads an unfinished tag again from each of its characters, for hours.
    page.feed(text + "\n<p>")
    found = (page.blocks[place] for place in ("main", "article", "below", "all"))
    return next(filter(None, found), [])


class _Page(PageParser):
    """Collects runs of text; any block-level tag ends one, whether or not the tags are balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[str, list[Block]] = {
            "main": [], "article": [], "below": [], "all": []
        }  # fmt: skip
        self._open: Counter[str] = Counter()
        self._hidden = ("", 0)
        self._path: list[str] = []
        self._anchor = ""
        self._start("p")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if self._is_hidden_by(tag, hides=tag in HIDDEN or _is_hidden(attributes)):
            return
        if tag in SEPARATE:
            self._finish()
            self._start(tag, anchor=attributes.get("id") or "")
            self._open[tag] += 1
        elif tag == "br":
            self._run.append("\n")
        elif tag in ("td", "th") and self._run:
            self._run.append(" | ")

    def handle_endtag(self, tag: str) -> None:
        name, depth = self._hidden
        if depth:
            self._hidden = (name, depth - (tag == name))
        elif tag in SEPARATE:
            self._finish()
            self._start("p")
            self._open[tag] = max(self._open[tag] - 1, 0)

    def handle_data(self, data: str) -> None:
        if not self._hidden[1]:
            self._run.append(data if self._tag == "pre" else re.sub(r"\s+", " ", data))

    def _is_hidden_by(self, tag: str, *, hides: bool) -> bool:
        """Count tags of the one name that hides, so that its own end is found again."""
        name, depth = self._hidden
        if depth:
            self._hidden = (name, depth + (tag == name))
        elif hides and tag not in VOID:
            self._hidden = (tag, 1)
        return self._hidden[1] > 0

    def _start(self, tag: str, *, anchor: str = "") -> None:
        self._tag, self._id = tag, anchor
        self._run: list[str] = []

    def _finish(self) -> None:
        text = "".join(self._run).strip(" \t\r\n|")
        if not text:
            return
        if self._tag != "pre":
            text = re.sub(r" *\n *", "\n", re.sub(r" +", " ", text))
        if self._tag in HEADINGS:
            self._enter(text)
        else:
            self._keep(f"- {text}" if self._tag == "li" else text)

    def _enter(self, heading: str) -> None:
        above = int(self._tag[1]) - 1
        self._path = [*self._path[:above], *[""] * (above - len(self._path)), heading]
        self._anchor = self._id

    def _keep(self, text: str) -> None:
        block = Block(tuple(filter(None, self._path)), text, self._anchor)
        self.blocks["all"].append(block)
        if not self._open["header"]:
            self.blocks["below"].append(block)
        for place in ("main", "article"):
            if self._open[place]:
                self.blocks[place].append(block)


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    role = (attributes.get("role") or "").strip().lower()
    return "hidden" in attributes or role in HIDDEN_ROLES
