"""Docstrings for the reference pages: doctests as blocks of code, tables of reStructuredText as Markdown, links to pages.

A name without a doctest gets the example of `tests/names`, which the tests run on every engine.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import griffe

ROOT = Path(__file__).parents[2]
_RULE = re.compile(r"=+(?: +=+)*")
#: Classes whose examples in `tests/names` stand under the name that the class has in Bach or in the original model hub.
_OWNERS = {
    "Window": ("DataFrame",),
    "Plot": ("PlotHandler",),
    "SeriesNumeric": ("SeriesAbstractNumeric", "SeriesInt64", "SeriesFloat64"),
    "Series": ("SeriesAbstractMultiLevel", "SeriesAbstractDateTime", "DataFrame"),
    "Reductions": ("DataFrame",),
    "RowWise": ("DataFrame",),
    "Export": ("DataFrame",),
    "SeriesDtypes": ("Series",),
    "SeriesReductions": ("Series",),
    "SeriesAggregates": ("Series", "DataFrame"),
    "SeriesWindows": ("Series",),
    "OneValue": ("Series",),
}


class Docstrings(griffe.Extension):
    """Rewrites every docstring before it is rendered."""

    def on_function(self, *, func: griffe.Function, **_kwargs: Any) -> None:
        """Leave out the hub's settings, which its methods have in place of ``self``."""
        if [each.name for each in func.parameters][:1] == ["settings"]:
            del func.parameters["settings"]

    def on_object(self, *, obj: griffe.Object, **_kwargs: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            text = markdown(obj.docstring.value)
            if "```" not in text and (shown := example(obj)):
                text += f"\n\n```python\n{shown}\n```"
            obj.docstring.value = text


def markdown(text: str) -> str:
    """Return a docstring as Markdown.

    >>> print(markdown("The total, as :class:`int`.\\n\\n>>> 1 + 1\\n2"))
    The total, as `int`.
    <BLANKLINE>
    ```pycon
    >>> 1 + 1
    2
    ```
    """
    text = re.sub(r":\w+:`([^`]+)`", r"`\1`", text)
    text = re.sub(r"\bdocs/([\w-]+)\.md", r"[\1](../\1.md)", text)
    parts = re.split(r"\n\n+", text)
    return "\n\n".join(_block(part) for part in _joined(parts))


def _joined(parts: list[str]) -> list[str]:
    """Return the paragraphs of a docstring, with the doctests that follow each other as one."""
    found: list[str] = []
    for part in parts:
        if part.startswith(">>>") and found and found[-1].startswith(">>>"):
            found[-1] += f"\n\n{part}"
        else:
            found.append(part)
    return found


def _block(part: str) -> str:
    if part.startswith(">>>"):
        return f"```pycon\n{part}\n```"
    lines = part.splitlines()
    if len(lines) >= 3 and _RULE.fullmatch(lines[0]) and _RULE.fullmatch(lines[-1]):
        return _table(lines)
    return part


def _table(lines: list[str]) -> str:
    """Return a simple table of reStructuredText, whose rows may take several lines, as Markdown."""
    starts = [match.start() for match in re.finditer(r"=+", lines[0])]
    ends = [*starts[1:], None]
    rows: list[list[str]] = []
    for line in lines[1:-1]:
        if _RULE.fullmatch(line):
            continue
        cells = [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
        if rows and (not cells[0] or _goes_on(rows, cells)):
            rows[-1] = [f"{above} {cell}".strip() for above, cell in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    head = [*rows[:1], ["---"] * len(starts)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in [*head, *rows[1:]])


def _goes_on(rows: list[list[str]], cells: list[str]) -> bool:
    """Return whether a line continues the row above it in every cell, as one in parentheses does."""
    return len(rows) > 1 and cells[0].startswith("(")


@cache
def _examples() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("names.txt", "more.txt", "hub.txt"):
        for line in (ROOT / "tests" / "names" / name).read_text("utf-8").splitlines():
            what, bar, rest = line.partition(" | ")
            if bar and not line.startswith("#") and not rest.startswith("- "):
                found.setdefault(what, rest.split(" | ")[0])
    return found


def example(obj: griffe.Object) -> str:
    """Return the example of a member of a class, as the tests have it; an empty string if there is none."""
    if obj.parent is None or not obj.parent.is_class:
        return ""
    owner = obj.parent.name
    for name in (owner, *_OWNERS.get(owner, ()), "Series" if owner.startswith("Series") else owner):
        if found := _examples().get(f"{name}.{obj.name}"):
            return found
    return ""
