"""Reads HTML as browsers do, where Python's own parser gives up."""

from html.parser import HTMLParser


class PageParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        # To browsers this is a comment; the original raises AssertionError for words unknown to it.
        return self.parse_bogus_comment(i)
