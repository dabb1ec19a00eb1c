"""The page: sections as one HTML document, rendered by jinja with all text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from objectiv_local.errors import NotSupported
from objectiv_local.report.parts import Section

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Page:
    """The content of a page: a title, facts about the data, sentences that apply to all of it, and its sections."""

    title: str
    about: Sequence[tuple[str, str]]
    notes: Sequence[str]
    sections: Sequence[Section]


def html(page: Page) -> str:
    """Return a page as HTML. Raises NotSupported if jinja2 is not installed."""
    written: str = _template().render(page=page, css=(_HERE / "page.css").read_text("utf-8"))
    return written


def jinja() -> Any:
    """Return the package jinja2. Raises NotSupported if it is not installed."""
    try:
        return import_module("jinja2")
    except ImportError:
        raise NotSupported(
            "jinja2 is not installed, and reports need it", hint="pip install 'objectiv-local[report]'"
        ) from None


@cache
def _template() -> Any:
    jinja2 = jinja()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html")
