"""A small SQL tree: the structure of an expression, and the precedence of its outermost operator.

Parentheses are printed only where precedence requires them. Precedence is that of Postgres; the JSON arrows have another
precedence in DuckDB, so they count as the lowest and are always parenthesized inside another expression.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

from objectiv_local.types import Type

ARROW, OR, AND, NOT, IS, COMPARE, LIKE, OTHER, ADD, MULTIPLY, AT_ZONE, COLLATE, NEGATE, CAST, ATOM = range(15)


@dataclass(frozen=True, slots=True)
class Sql:
    """A node of the tree, with its ``precedence``."""

    @property
    def precedence(self) -> int:
        return ATOM


@dataclass(frozen=True, slots=True)
class Raw(Sql):
    """SQL that is written verbatim: a keyword, a constant, an expression of one engine."""

    text: str


@dataclass(frozen=True, slots=True)
class Name(Sql):
    """A column, as the dialect's identifier, with the step or alias that qualifies it, if necessary."""

    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Text(Sql):
    """A string literal, by its value."""

    value: str


@dataclass(frozen=True, slots=True)
class Number(Sql):
    """An integer literal, with its type if the context does not determine it."""

    value: int
    bare: bool = False

    @property
    def precedence(self) -> int:
        return (ATOM if self.value >= 0 else NEGATE) if self.bare else CAST


@dataclass(frozen=True, slots=True)
class Ordered:
    """An expression of an ORDER BY with its direction, as the SQL that follows it."""

    expr: Sql
    suffix: str


@dataclass(frozen=True, slots=True)
class Func(Sql):
    """A function call, or an aggregate with DISTINCT, ORDER BY and FILTER."""

    name: str
    args: tuple[Sql, ...] = ()
    distinct: bool = False
    order: tuple[Ordered, ...] = ()
    where: Sql | None = None
    #: Whether the order is after the parentheses, in WITHIN GROUP.
    within: bool = False


@dataclass(frozen=True, slots=True)
class Binary(Sql):
    """An operator between two operands; ``associative`` ones need no parentheses around an equal one on the right."""

    operator: str
    left: Sql
    right: Sql
    strength: int
    associative: bool = False

    @property
    def precedence(self) -> int:
        return self.strength


@dataclass(frozen=True, slots=True)
class Prefix(Sql):
    """NOT or minus before an operand."""

    operator: str
    arg: Sql
    strength: int

    @property
    def precedence(self) -> int:
        return self.strength


@dataclass(frozen=True, slots=True)
class Cast(Sql):
    """A cast to a type of the plan, or to one that only the engine has, by name."""

    arg: Sql
    type: Type | str

    @property
    def precedence(self) -> int:
        return CAST


@dataclass(frozen=True, slots=True)
class Fixed(Sql):
    """An expression that is unchanged when aggregates in other expressions get a filter or a window."""

    arg: Sql


@dataclass(frozen=True, slots=True)
class Postfix(Sql):
    """Words after an operand: IS NULL, COLLATE, AT TIME ZONE, a subscript."""

    arg: Sql
    text: str
    strength: int

    @property
    def precedence(self) -> int:
        return self.strength


@dataclass(frozen=True, slots=True)
class CaseWhen(Sql):
    """CASE WHEN condition THEN value ... ELSE default END; ``default`` None omits the ELSE."""

    whens: tuple[tuple[Sql, Sql], ...]
    default: Sql | None


@dataclass(frozen=True, slots=True)
class Windowed(Sql):
    """A function over a window."""

    function: Sql
    partition: tuple[Sql, ...]
    order: tuple[Ordered, ...]
    frame: str


@dataclass(frozen=True, slots=True)
class Template(Sql):
    """SQL around operands, for special syntax. ``{}`` is a placeholder for each operand in turn.

    Operands are printed without parentheses, so a template has to use them where any expression is allowed.
    """

    pattern: str
    args: tuple[Sql, ...] = ()
    strength: int = ATOM

    @property
    def precedence(self) -> int:
        return self.strength


@dataclass(frozen=True, slots=True)
class From(Sql):
    """A FROM clause: a step, a table, files, or a join of several of these."""

    text: str
    #: The name with which its columns can be qualified, if it has one.
    qualifier: str = ""
    #: Whether the qualifier is a plain name, which needs no alias in a join.
    is_plain: bool = False
    #: The steps of the statement that it reads.
    steps: frozenset[str] = frozenset()

    def alias(self, fallback: str) -> str:
        """Return its name in a join."""
        return self.qualifier if self.is_plain else fallback

    def named(self, alias: str) -> str:
        """Return it with an alias."""
        return self.text if self.text == alias else f"{self.text} AS {alias}"


@dataclass(frozen=True, slots=True)
class Subselect(Sql):
    """A query with a single value as its result. ``source`` is its FROM clause."""

    value: Sql
    source: Sql
    where: Sql | None = None


# ---- short ways to make nodes

_AT_UTC = " AT TIME ZONE 'UTC'"


def step(name: str) -> From:
    """Return a step of the statement as a FROM clause."""
    return From(name, name, is_plain=True, steps=frozenset((name,)))


def func(name: str, *args: Sql) -> Func:
    """Return a function call."""
    return Func(name, args)


def binary(operator: str, left: Sql, right: Sql) -> Binary:
    """Return an operator between two operands. Its constants need no explicit type."""
    strength, associative = _OPERATORS[operator]
    if strength in (COMPARE, ADD, MULTIPLY, IS):
        if isinstance(left, Number) and not isinstance(right, Number):
            left = bare(left)
        elif isinstance(right, Number) and not isinstance(left, Number):
            right = bare(right)
    return Binary(operator, left, right, strength, associative)


def cast(arg: Sql, type_: Type | str) -> Cast:
    """Return a cast to a type of the plan, or to one that only the engine has, by name."""
    target = type_.plain if isinstance(type_, Type) else type_
    return arg if isinstance(arg, Cast) and arg.type == target else Cast(arg, target)


def at_utc(arg: Sql) -> Sql:
    """Return a timestamp with a time zone as one in UTC; a cast after it without parentheses would apply to the zone name."""
    return Postfix(arg, _AT_UTC, AT_ZONE)


def is_at_utc(arg: Sql) -> TypeGuard[Postfix]:
    """Return whether an expression is a timestamp with a time zone converted to UTC."""
    return isinstance(arg, Postfix) and arg.text == _AT_UTC


def by_clocks(arg: Sql, zone: Sql) -> Sql:
    """Return a timestamp with a time zone as local time in ``zone``, or local time as a timestamp with a time zone."""
    return Template("{} AT TIME ZONE {}", (operand(arg), zone), AT_ZONE)


def collated(arg: Sql, collation: str) -> Sql:
    """Return a string expression with a COLLATE clause; the collation is given as SQL."""
    return Postfix(arg, collation, COLLATE)


def is_null(arg: Sql) -> Sql:
    """Return a test for NULL."""
    return Postfix(arg, " IS NULL", IS)


def negated(arg: Sql) -> Sql:
    """Return NOT of a condition."""
    return Prefix("NOT ", arg, NOT)


def case(*whens: tuple[Sql, Sql], default: Sql | None = None) -> Sql:
    """Return a CASE."""
    return CaseWhen(whens, default)


def text(value: str) -> Text:
    """Return a string literal."""
    return Text(value)


def number(value: int) -> Number:
    """Return an integer literal with the type that the context determines."""
    return Number(value, bare=True)


def operand(arg: Sql) -> Sql:
    """Return an operand of a template, in parentheses unless it is a name, a constant or a call."""
    return arg if arg.precedence >= CAST else Template("({})", (arg,))


def subscript(arg: Sql, position: int) -> Sql:
    """Return an element of an array, numbered from 1."""
    inner = arg if isinstance(arg, Raw | Name) else Template("({})", (arg,))
    return Postfix(inner, f"[{position}]", CAST)


def bare(arg: Sql) -> Sql:
    """Return an integer literal without its type; any other expression unchanged."""
    return Number(arg.value, bare=True) if isinstance(arg, Number) else arg


_OPERATORS: dict[str, tuple[int, bool]] = {
    "OR": (OR, True),
    "AND": (AND, True),
    "=": (COMPARE, False),
    "<>": (COMPARE, False),
    "<": (COMPARE, False),
    "<=": (COMPARE, False),
    ">": (COMPARE, False),
    ">=": (COMPARE, False),
    "IS DISTINCT FROM": (IS, False),
    "IS NOT DISTINCT FROM": (IS, False),
    "||": (OTHER, True),
    "@>": (OTHER, False),
    "->": (ARROW, False),
    "->>": (ARROW, False),
    "#>>": (ARROW, False),
    "+": (ADD, False),
    "-": (ADD, False),
    "*": (MULTIPLY, False),
    "/": (MULTIPLY, False),
    "//": (MULTIPLY, False),
    "div": (MULTIPLY, False),
    "%": (MULTIPLY, False),
}
