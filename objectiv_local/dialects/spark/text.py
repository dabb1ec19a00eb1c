"""Spark: strings, Java regular expressions, and casts of strings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from objectiv_local.dialects.dialect import Builder
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Raw, Sql, Template, binary, case, func, number, text
from objectiv_local.dialects.standard import regex
from objectiv_local.dialects.standard.builders import LONGEST_TEXT, constant, function
from objectiv_local.dialects.standard.text_casts import guarded
from objectiv_local.plan.expr import Expr
from objectiv_local.types import INT64

#: Some versions of Java count letters beyond ASCII as word characters.
_JAVA = regex.POSIX


def constant_text(value: str) -> str:
    """Return a string literal. A backslash would start an escape, so it is doubled."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def whole(name: str) -> Builder:
    """Return the builder of a function whose 32-bit result is converted to an int64."""
    return lambda args, expr: tree.cast(func(name, *args), INT64)


# ---- parts of text


def _slice(args: Sequence[Sql], expr: Expr) -> Sql:
    value, (start, stop) = args[0], (_position(expr, index) for index in (1, 2))
    start = start or 0
    if start >= 0 and (stop is None or stop >= 0):
        return func("substring", value, number(start + 1), *(() if stop is None else (number(max(stop - start, 0)),)))
    # Positions are converted to counts from the start: the engine's own negative ones can go beyond the first character.
    length = func("length", value)
    first = func("greatest", binary("+", length, number(start)), number(0)) if start < 0 else number(start)
    last = number(stop) if stop is not None and stop >= 0 else binary("+", length, number(stop or 0))
    count = func("greatest", binary("-", last, first), number(0))
    return func("substring", value, binary("+", first, number(1)), count)


def _position(expr: Expr, index: int) -> int | None:
    value = constant(expr, index)
    assert isinstance(value, int | None)
    return None if value is None else max(-LONGEST_TEXT, min(value, LONGEST_TEXT))


def _trimmed(side: str) -> Builder:
    return lambda args, expr: Template(f"trim({side} {{}} FROM {{}})", (args[1], args[0]))


def _split(args: Sequence[Sql], expr: Expr) -> Sql:
    # The separator is a regular expression of the engine.
    separator = re.sub(r"([\\.^$|?*+(){}\[\]])", r"\\\1", str(constant(expr, 1)))
    return func("to_variant_object", func("split", args[0], text(separator), number(-1)))


def _hash(args: Sequence[Sql], expr: Expr) -> Sql:
    return Template("conv(left(md5({}), 15), 16, 10)::bigint", (args[0],), tree.CAST)


# ---- patterns


def _java(pattern: str) -> str:
    r"""Return a pattern in Java's syntax, where $ also matches before a final line terminator and \v is a class."""
    out, in_class = [], False
    for part in re.findall(r"\\.|.", pattern, re.DOTALL):
        if part == r"\v":
            out.append(r"\x0B")
        elif part == "$" and not in_class:
            out.append(r"\z")
        elif part == "&" and in_class:
            out.append(r"\&")
        else:
            in_class = part == "[" or (in_class and part != "]")
            out.append(part)
    return "".join(out)


def _re_contains(args: Sequence[Sql], expr: Expr) -> Sql:
    return func("regexp_like", args[0], text(_java(regex.pattern(str(constant(expr, 1)), _JAVA))))


def _re_extract(args: Sequence[Sql], expr: Expr) -> Sql:
    group = constant(expr, 2)
    assert isinstance(group, int)
    found = text(_java(regex.deterministic(str(constant(expr, 1)), _JAVA, group=group)))
    # Without a match, the engine extracts the empty string.
    return case((func("regexp_like", args[0], found), func("regexp_extract", args[0], found, number(group))))


def _re_replace(args: Sequence[Sql], expr: Expr) -> Sql:
    pattern = str(constant(expr, 1))
    found = text(_java(regex.deterministic(pattern, _JAVA, empty=False)))
    pieces = re.findall(r"\\.|[^\\]+", regex.replacement(str(constant(expr, 2)), regex.groups(pattern)), re.DOTALL)
    # A group is $1 in Java. The digit after it would be part of its number, if there were that many groups.
    new = "".join("$" + piece[1:] if re.fullmatch(r"\\[1-9]", piece) else piece.replace("$", r"\$") for piece in pieces)
    new = re.sub(r"(\$[1-9])(?=[0-9])", r"\1\\", new)
    return func("regexp_replace", args[0], found, text(new))


def _re_count(args: Sequence[Sql], expr: Expr) -> Sql:
    found = text(_java(regex.deterministic(str(constant(expr, 1)), _JAVA, empty=False)))
    return tree.cast(func("regexp_count", args[0], found), INT64)


# ---- casts


def failing(kind: str) -> Builder:
    """Return the builder of an expression that raises an error."""
    return lambda args, expr: func("raise_error", binary("||", text(f"not {kind}: "), args[0]))


def _unless_null(builder: Builder) -> Builder:
    # The engine also raises an error for NULL.
    def build(args: Sequence[Sql], expr: Expr) -> Sql:
        found = builder(args, expr)
        assert isinstance(found, tree.CaseWhen)
        return tree.CaseWhen(((tree.is_null(args[0]), Raw("NULL")), *found.whens), found.default)

    return build


_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z"


def _to_uuid(args: Sequence[Sql], expr: Expr) -> Sql:
    return case((func("regexp_like", args[0], text(_UUID)), func("lower", args[0])), default=failing("a uuid")(args, expr))


SCALAR: dict[str, Builder] = {
    "length": whole("length"),
    "slice": _slice,
    "contains": function("contains"),
    "startswith": function("startswith"),
    "endswith": function("endswith"),
    "strip": _trimmed("BOTH"),
    "lstrip": _trimmed("LEADING"),
    "rstrip": _trimmed("TRAILING"),
    "find": lambda args, expr: tree.cast(tree.operand(binary("-", func("instr", *args), number(1))), INT64),
    "split": _split,
    "hash": _hash,
    "re_contains": _re_contains,
    "re_extract": _re_extract,
    "re_replace": _re_replace,
    "re_count": _re_count,
}

CASTS: dict[tuple[str, str], Builder] = {
    pair: _unless_null(builder)
    for pair, builder in (
        guarded("regexp_like({}, {})", failing, end="\\z", strip="btrim({}, {})") | {("string", "uuid"): _to_uuid}
    ).items()
}

REPEATS = frozenset({"slice", "re_extract"})
