"""Casts of strings: engines differ in what they accept, so both are restricted to the same strings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from objectiv_local.dialects.dialect import Builder
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Raw, Sql, Template, case, func
from objectiv_local.plan.expr import Expr
from objectiv_local.types import TIMESTAMP

_BLANK = r"[ \t\n\r]*"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NO_NUMBER = "[nN][aA][nN]|[iI][nN][fF]([iI][nN][iI][tT][yY])?"
_TEXT_FORMS: dict[str, tuple[str, str]] = {
    "int64": ("a whole number", rf"^{_BLANK}[+-]?[0-9]+{_BLANK}"),
    "float64": ("a number", rf"^{_BLANK}[+-]?(([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?|{_NO_NUMBER}){_BLANK}"),
    "decimal": ("a number", rf"^{_BLANK}[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+){_BLANK}"),
    "date": ("a date", rf"^{_BLANK}{_DAY}{_BLANK}"),
    "time": ("a time", rf"^{_BLANK}[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]{{1,6}})?)?{_BLANK}"),
    "timestamp": ("a timestamp", rf"^{_BLANK}{_DAY}([ T][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]{{1,6}})?)?)?{_BLANK}"),
}
#: A timestamp with its UTC offset.
_INSTANT = (
    rf"^{_BLANK}{_DAY}[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{{1,6}})?)?"
    rf"(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?){_BLANK}"
)
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


def parse_timestamp(matches: str, failing: Callable[[str], Builder], *, end: str = "$") -> Builder:
    """Return the builder of ``parse_timestamp``; see :func:`guarded` for its arguments."""

    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        kind, form = _TEXT_FORMS["timestamp"]
        has_offset, has_none = (Template(matches, (args[0], tree.text(each + end)), tree.LIKE) for each in (_INSTANT, form))
        # A string without an offset would be in the time zone of the session.
        return case(
            (has_offset, tree.at_utc(tree.cast(args[0], "timestamptz"))),
            (has_none, tree.cast(args[0], TIMESTAMP)),
            default=failing(kind)(args, expr),
        )

    return build


def guarded(
    matches: str, failing: Callable[[str], Builder], *, end: str = "$", strip: str = "trim({}, {})"
) -> dict[tuple[str, str], Builder]:
    """Return casts that accept the same strings on every engine; other strings are an error.

    ``matches`` is the pattern of a regular expression test, ``end`` its end-of-string anchor; ``failing`` returns an
    expression that raises an error; ``strip`` is the pattern that removes characters from both ends of a string.
    """

    def build(kind: str, form: str) -> Builder:
        def convert(args: Sequence[Sql], expr: Expr) -> Sql:
            accepted = Template(matches, (args[0], tree.text(form + end)), tree.LIKE)
            return case((accepted, tree.cast(args[0], expr.type)), default=failing(kind)(args, expr))

        return convert

    def to_bool(args: Sequence[Sql], expr: Expr) -> Sql:
        lowered = func("lower", Template(strip, (args[0], tree.text(" \t\n\r"))))

        def within(words: Sequence[str]) -> Sql:
            return Template("{} IN (" + ", ".join(f"'{word}'" for word in words) + ")", (lowered,), tree.LIKE)

        # The CASE keeps NULL from the expression that raises the error.
        return case((within(_TRUE), Raw("TRUE")), (within(_FALSE), Raw("FALSE")), default=failing("a bool")(args, expr))

    casts: dict[tuple[str, str], Builder] = {("string", name): build(kind, form) for name, (kind, form) in _TEXT_FORMS.items()}
    return casts | {("string", "bool"): to_bool}
