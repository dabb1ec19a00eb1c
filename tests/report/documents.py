"""HTML documents for tests: elements, headings, tables as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = {"meta", "link", "br", "img", "hr", "input"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(each if isinstance(each, str) else each.text for each in self.children).strip()

    def all(self, *tags: str) -> list[Element]:
        """Return the elements with these tags below this one, in document order."""
        found = []
        for each in self.children:
            if isinstance(each, Element):
                found += ([each] if not tags or each.tag in tags else []) + each.all(*tags)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Element("root", {})

    def handle_starttag(self, tag, attrs):
        made = Element(tag, dict(attrs), self.at)
        self.at.children.append(made)
        if tag not in _EMPTY:
            self.at = made

    def handle_startendtag(self, tag, attrs):
        self.at.children.append(Element(tag, dict(attrs), self.at))

    def handle_endtag(self, tag):
        if tag not in _EMPTY:
            assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}>"
            self.at = self.at.parent

    def handle_data(self, data):
        self.at.children.append(data)


def document(html: str) -> Element:
    """Return a document. Every element has to be closed while its parent is open."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.at is reader.root, f"<{reader.at.tag}> is not closed"
    return reader.root


def tables(root: Element) -> dict[str, list[list[str]]]:
    """Return the rows of each table as text, by its caption; the first row has the titles of columns."""
    return {
        table.all("caption")[0].text: [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]
        for table in root.all("table")
    }
