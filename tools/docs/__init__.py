"""The generated pages of docs: each is written by one module, from docstrings and from the examples that tests run."""

from __future__ import annotations

from collections.abc import Callable

from tools.docs import analyses, bach, functions, hub, ml

#: What returns the text of a page, by the name of its file in docs.
PAGES: dict[str, Callable[[], str]] = {
    "analyses.md": analyses.page,
    "bach.md": bach.page,
    "functions.md": functions.page,
    "hub.md": hub.page,
    "ml-reference.md": ml.page,
}
