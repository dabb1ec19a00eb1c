"""SQL as a string that notebooks show highlighted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html import escape
from itertools import groupby
from typing import Any, Self

#: Kinds of tokens of Pygments, and the class of ``STYLE`` that each has.
_COLORS = (
    ("Comment", "comment"),
    ("Keyword", "keyword"),
    ("String", "string"),
    ("Number", "number"),
    ("Operator", "operator"),
    ("Builtin", "keyword"),
)

#: Colors are those of the theme in JupyterLab, and else go by what the reader prefers.
STYLE = """\
.objectiv-sql.objectiv-sql { --k: #7c2fb5; --s: #a3331f; --n: #0b6b3a; --c: #5f6672; --o: #3b5bb5;
  margin: 0; padding: .3em 0; font-family: var(--jp-code-font-family, ui-monospace, monospace);
  font-size: 12px; line-height: 1.45; overflow-x: auto; white-space: pre; background: none;
  color: var(--jp-content-font-color1, inherit) }
@media (prefers-color-scheme: dark) {
  .objectiv-sql.objectiv-sql { --k: #cf9bff; --s: #ffa28b; --n: #7fd6a2; --c: #9aa3b2; --o: #9db8ff } }
.objectiv-sql i { font-style: normal; color: var(--jp-mirror-editor-keyword-color, var(--k)) }
.objectiv-sql i.string { color: var(--jp-mirror-editor-string-color, var(--s)) }
.objectiv-sql i.number { color: var(--jp-mirror-editor-number-color, var(--n)) }
.objectiv-sql i.comment { color: var(--jp-mirror-editor-comment-color, var(--c)); font-style: italic }
.objectiv-sql i.operator { color: var(--jp-mirror-editor-operator-color, var(--o)) }
"""


class SQL(str):
    """A statement of SQL: a string, which notebooks show over several lines, and in color where Pygments is installed."""

    __slots__ = ()

    def __new__(cls, text: str = "") -> Self:  # noqa: D102 - as a string
        _known_to_yaml()
        return super().__new__(cls, text)

    def _repr_html_(self) -> str:
        return f'<style>{STYLE}</style><pre class="objectiv-sql">{"".join(_marked(str(self)))}</pre>'

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


@cache
def _known_to_yaml() -> None:
    """Have PyYAML, where it is installed, write SQL as the string that it is: it refuses classes that it does not know."""
    try:
        from yaml import representer  # type: ignore[import-untyped]
    except ImportError:
        return
    for each in (representer.SafeRepresenter, representer.Representer):
        each.add_representer(SQL, each.represent_str)


def _marked(sql: str) -> Iterable[str]:
    try:
        from pygments.lexers import PostgresLexer
    except ImportError:
        yield escape(sql)
        return
    tokens = PostgresLexer(stripnl=False, ensurenl=False).get_tokens(sql)
    colored = ((next((color for kind, color in _COLORS if kind in tuple(token)), None), text) for token, text in tokens)
    for color, parts in groupby(colored, lambda pair: pair[0]):
        text = "".join(part for _, part in parts)
        yield escape(text) if color is None or not text.strip() else f'<i class="{color}">{escape(text)}</i>'
