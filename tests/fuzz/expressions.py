"""Random expressions of a given type, from the signatures of the catalog."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import isfinite

from fuzz.values import ALL_TYPES, CONSTANTS, MONEY, POOLS, TIME_PARTS
from hypothesis import strategies as st

from objectiv_local.plan.expr import (
    Aggregation,
    Call,
    Case,
    Cast,
    Column,
    Expr,
    InQuery,
    Literal,
    Ordering,
    ScalarQuery,
    WindowFrame,
    aggregation,
    call,
    case,
    cast,
    literal,
    over,
)
from objectiv_local.plan.nodes import Aggregate, Filter, Node
from objectiv_local.plan.ops import OPS, Op, casts, common_type
from objectiv_local.plan.ops import ORDERED_TYPES as ORDERED
from objectiv_local.types import BOOL, DECIMAL, FLOAT64, INT64, JSON, STRING, TIME, TIMEDELTA, TIMESTAMP, Type

Draw = Callable[[st.SearchStrategy], object]

ORDERED_TYPES = tuple(MONEY if type_ == DECIMAL else type_ for type_ in ORDERED)
_NUMBERS = (INT64, FLOAT64, MONEY)
_WORDS = {"number": _NUMBERS, "T": ORDERED_TYPES, "V": ORDERED_TYPES, "any": ALL_TYPES, "decimal": (MONEY,)}
#: Functions whose last digit differs between libraries, so that their values are rounded.
INEXACT = ("exp", "log", "log10", "power")


@dataclass(frozen=True)
class Production:
    """An operation with the types of its arguments and its result. ``None`` stands for a constant argument."""

    op: Op
    args: tuple[Type | None, ...]
    result: Type


def _productions(op: Op) -> list[Production]:
    found: dict[Production, None] = {}
    for signature in op.signatures:
        left, _, right = (part.strip() for part in signature.partition("->"))
        words = left.split()
        choices: list[Sequence[Type | None]] = [(None,) if "!" in word else _WORDS.get(word, (Type(word),)) for word in words]
        for types in product(*choices):
            shared = {type_ for type_, word in zip(types, words, strict=True) if word in ("T", "V")}
            if len(shared) > 1 and not shared <= set(_NUMBERS):
                continue
            if right == "=1":
                result = types[0]
            elif right in ("T", "V"):
                result = common_type(shared)
            else:
                result = MONEY if right == "decimal" else Type(right)
            if words[:2] == ["number", "number"] and set(types) <= {INT64, MONEY} and result == FLOAT64:
                found_types = set(types)
                if op.name in ("add", "sub", "mul"):
                    result = INT64 if found_types == {INT64} else MONEY
                elif op.name in ("floordiv", "mod") and found_types == {INT64}:
                    result = INT64
            found[Production(op, types, result)] = None
    return list(found)


PRODUCTIONS = [production for op in OPS.values() for production in _productions(op)]


#: Productions by result and operation.
Table = dict[Type, dict[str, list[Production]]]


def _by_result(kinds: Sequence[str], **only: bool) -> Table:
    found: Table = {}
    for production in PRODUCTIONS:
        if production.op.kind in kinds and all(getattr(production.op, name) is value for name, value in only.items()):
            found.setdefault(production.result, {}).setdefault(production.op.name, []).append(production)
    return found


SCALAR = _by_result(["scalar"])
AGGREGATE = _by_result(["aggregate"])
UNORDERED = _by_result(["aggregate"], ordered=False)
WINDOWED = _by_result(["aggregate", "window"], windowed=True)


@dataclass(frozen=True)
class Scope:
    """The inputs of an expression: the columns of ``node``, where ``key`` identifies the rows.

    ``exact`` are float columns whose sums do not depend on the order of addition. ``others`` are plans for scalar queries.
    """

    node: Node
    key: tuple[str, ...]
    exact: frozenset[str]
    others: tuple[Node, ...] = ()
    windows: bool = True
    depth: int = field(default=3)

    def columns(self, type_: Type) -> list[Column]:
        return [Column(name, found) for name, found in self.node.types.items() if found == type_]

    def deeper(self) -> Scope:
        return replace(self, depth=self.depth - 1)

    def without_windows(self) -> Scope:
        return replace(self, windows=False, depth=self.depth - 1)


def pick(draw: Draw, items: Sequence[object]) -> object:
    return draw(st.sampled_from(items))


def chance(draw: Draw, percent: int) -> bool:
    return draw(st.integers(0, 99)) < percent


def constant(draw: Draw, type_: Type) -> Literal:
    return literal(None if chance(draw, 10) else pick(draw, POOLS[type_]), type_)


def expression(draw: Draw, type_: Type, scope: Scope) -> Expr:
    """Return an expression of ``type_`` over ``scope``."""
    columns = scope.columns(type_)
    if scope.depth <= 0 or chance(draw, 25):
        return pick(draw, columns) if columns and not chance(draw, 20) else constant(draw, type_)
    ways = [scalar, scalar, scalar, scalar, converted, chosen]
    if scope.windows:
        ways += [window, window]
    if scope.others:
        ways.append(queried)
    return pick(draw, ways)(draw, type_, scope)


def operation(draw: Draw, table: Table, type_: Type) -> Production:
    """Return one of the operations of ``table`` that give ``type_``."""
    ops = table[type_]
    return pick(draw, ops[pick(draw, sorted(ops))])


def scalar(draw: Draw, type_: Type, scope: Scope) -> Expr:
    if type_ not in SCALAR:
        return constant(draw, type_)
    return applied(draw, operation(draw, SCALAR, type_), scope)


def applied(draw: Draw, production: Production, scope: Scope) -> Expr:
    """Return a row-wise operation on random arguments."""
    name, type_ = production.op.name, production.result
    constants = iter(CONSTANTS.get(name, ()))
    args = [
        fixed(draw, next(constants)) if kind is None else operand(draw, name, kind, scope, i, type_)
        for i, kind in enumerate(production.args)
    ]
    if name == "date_part" and production.args[1] == TIME:
        args[0] = literal(pick(draw, TIME_PARTS))
    found = call(name, *args)
    if name in INEXACT:
        small = call("lt", call("abs", found), literal(1e6))
        return case([(small, call("round", found, literal(6)))], literal(1.0))
    return cast(found, type_) if found.type.name == "decimal" else found


def fixed(draw: Draw, strategy: st.SearchStrategy[object]) -> Literal:
    value = draw(strategy)
    return literal(value, INT64 if value is None else None)


def operand(draw: Draw, op: str, type_: Type, scope: Scope, position: int, result: Type) -> Expr:
    if type_ == FLOAT64 and op in ("floordiv", "mod"):
        # If a quotient is infinite or rounds to a whole number, engines and arithmetic differ: see the specs.
        return quarters(draw, scope)
    if op == "json_index_text":
        return call("split", expression(draw, STRING, scope.deeper()), literal(" "))  # its elements have a unique text
    if op == "json_range":
        return case([(expression(draw, BOOL, scope.deeper()), literal(pick(draw, (0, 1, 3))))], literal(-1))
    if op == "json_text":  # one engine writes blanks in the text of an array or object
        key = pick(draw, ("id", "n", "", "*", "$.id", "0"))
        return call("json_get", expression(draw, JSON, scope.deeper()), literal(key))
    if op == "parse_timestamp":
        moment = cast(expression(draw, TIMESTAMP, scope.deeper()), STRING)
        return call("concat", moment, literal(pick(draw, ("", "Z", "+02:00", "-0930", "+14"))))
    if op in INEXACT and type_ == FLOAT64:
        return quarters(draw, scope)
    if type_ == INT64 and (result == TIMEDELTA or op == "repeat"):
        return constant(draw, INT64)  # a product of products would leave the range of years of a moment
    if op == "failing":
        return literal(None, type_)  # for any other argument, it is an error
    found = expression(draw, type_, scope.deeper())
    if op == "truediv" and position == 1 and type_ == FLOAT64:
        return positive_zero(found)
    return found


def quarters(draw: Draw, scope: Scope) -> Expr:
    """Return a finite float that is a multiple of a quarter."""
    if chance(draw, 30):
        return literal(pick(draw, [value for value in POOLS[FLOAT64] if isfinite(value)]), FLOAT64)
    columns = scope.columns(INT64)
    return call("mul", cast(pick(draw, columns), FLOAT64) if columns else literal(7.0), literal(0.25))


def positive_zero(expr: Expr) -> Expr:
    """Return ``expr`` with 0.0 for -0.0, which is equal but has another text and is another divisor."""
    return call("add", expr, literal(0.0))


def converted(draw: Draw, type_: Type, scope: Scope) -> Expr:
    """Return a cast that is possible: text is generated from a value of the type."""
    sources = [MONEY if source == DECIMAL else source for source, target in casts() if target.name == type_.name]
    if not sources:
        return constant(draw, type_)
    return cast_from(draw, pick(draw, sources), type_, scope)


def cast_from(draw: Draw, source: Type, type_: Type, scope: Scope) -> Expr:
    """Return a cast of a value of ``source`` that has a result."""
    if source == STRING and type_ == JSON:
        return Cast(literal(pick(draw, POOLS[JSON]), STRING), JSON)
    if source == STRING:
        source = type_
        inner = cast(floats_as_text(expression(draw, source, scope.deeper())), STRING)
        return Cast(inner, type_)
    inner = expression(draw, source, scope.deeper())
    if source == type_:
        return inner
    if source == FLOAT64 and type_ in (INT64, MONEY):
        small = call("lt", call("abs", inner), literal(1e6))
        return case([(small, Cast(inner, type_))], constant(draw, type_))
    return Cast(floats_as_text(inner), type_) if type_ == STRING else Cast(inner, type_)


def floats_as_text(expr: Expr) -> Expr:
    return positive_zero(expr) if expr.type == FLOAT64 else expr


def chosen(draw: Draw, type_: Type, scope: Scope) -> Expr:
    inner = scope.deeper()
    whens = [(expression(draw, BOOL, inner), expression(draw, type_, inner)) for _ in range(draw(st.integers(1, 2)))]
    return case(whens, None if chance(draw, 30) else expression(draw, type_, inner))


def queried(draw: Draw, type_: Type, scope: Scope) -> Expr:
    """Return an aggregate over another plan."""
    other = Scope(pick(draw, scope.others), (), frozenset(), windows=False, depth=1)
    if type_ == BOOL and chance(draw, 50):
        return member(draw, scope, other)
    if type_ not in UNORDERED:
        return constant(draw, type_)
    call_ = aggregate(draw, type_, other, UNORDERED)
    return ScalarQuery(Aggregate(other.node, (), (("answer", call_),), "answer"), "answer")


def member(draw: Draw, scope: Scope, other: Scope) -> Expr:
    """Return whether a value is among those of a column of another plan."""
    names = [name for name, type_ in other.node.types.items() if type_ in ORDERED_TYPES]
    if not names:
        return constant(draw, BOOL)
    name = pick(draw, names)
    kept = Filter(other.node, call("not_null", other.node.column(name)))
    return InQuery(expression(draw, other.node.types[name], replace(scope, windows=False, depth=1)), kept, name)


def orders(draw: Draw, scope: Scope, *, complete: bool) -> tuple[Ordering, ...]:
    """Return an order; a complete one has no ties, because the key is appended."""
    keys = []
    for _ in range(draw(st.integers(0 if complete else 1, 2))):
        type_ = pick(draw, ORDERED_TYPES)
        columns = scope.columns(type_)
        expr = (
            pick(draw, columns)
            if columns and chance(draw, 60)
            else expression(draw, type_, replace(scope, windows=False, depth=1))
        )
        keys.append(Ordering(expr, draw(st.booleans()), draw(st.booleans())))
    if complete:
        keys += [Ordering(Column(name, scope.node.types[name]), draw(st.booleans())) for name in scope.key]
    return tuple(keys)


def aggregate(draw: Draw, type_: Type, scope: Scope, table: Table | None = None) -> Aggregation:
    """Return an aggregate of ``type_``."""
    return aggregated(draw, operation(draw, table or AGGREGATE, type_), scope)


def aggregated(draw: Draw, production: Production, scope: Scope) -> Aggregation:
    """Return an aggregate of random arguments."""
    args = arguments(draw, production, scope)
    order = orders(draw, scope, complete=True) if production.op.ordered else ()
    where = expression(draw, BOOL, scope.without_windows()) if chance(draw, 25) else None
    return aggregation(production.op.name, *args, order=order, where=where)


def arguments(draw: Draw, production: Production, scope: Scope) -> list[Expr]:
    name = production.op.name
    approximate = production.op.approximate
    if production.args[:1] == (FLOAT64,) and (approximate or name in ("sum", "sum_or_null", "mean", "quantile")):
        more = [fixed(draw, strategy) for strategy in CONSTANTS.get(name, ())]
        return [finite(exact(draw, scope)) if approximate else exact(draw, scope), *more]
    inner = scope.without_windows()
    constants = iter(CONSTANTS.get(name, ()))
    args: list[Expr] = []
    for kind in production.args:
        if kind is not None:
            args.append(expression(draw, kind, inner))
        elif name not in ("lag", "lead") or len(args) < 2:
            args.append(fixed(draw, next(constants)))
        else:  # the default of lag and lead
            args.append(literal(None, args[0].type) if args[0].type == JSON else constant(draw, args[0].type))
    return args


def exact(draw: Draw, scope: Scope) -> Expr:
    """Return a float expression whose sum does not depend on the order of adding."""
    columns = [Column(name, FLOAT64) for name in sorted(scope.exact)]
    expr = pick(draw, columns) if columns and chance(draw, 80) else quarters(draw, scope)
    return call(pick(draw, ("neg", "abs")), expr) if chance(draw, 20) else expr


def finite(expr: Expr) -> Expr:
    """Return ``expr`` without infinities and NaN, for which one engine has no variance."""
    return case([(call("lt", call("abs", expr), literal(1e6)), expr)], literal(1.0))


def is_exact(expr: Expr, columns: frozenset[str]) -> bool:
    """Return whether every value of ``expr`` is a small multiple of a quarter, infinite or NaN."""
    match expr:
        case Column(name):
            return name in columns
        case Literal():
            return True
        case Call("add" | "sub" | "neg" | "abs" | "coalesce", args):
            return all(is_exact(arg, columns) for arg in args)
        case Cast(arg):
            return arg.type == BOOL
        case Case(whens, default):
            return all(is_exact(value, columns) for _, value in whens) and is_exact(default, columns)
    return False


def window(draw: Draw, type_: Type, scope: Scope) -> Expr:
    """Return an operation over a window."""
    return windowed(draw, operation(draw, WINDOWED, type_), scope)


def windowed(draw: Draw, production: Production, scope: Scope) -> Expr:
    """Return an operation on random arguments over a random window."""
    args = arguments(draw, production, scope)
    op = production.op
    where = expression(draw, BOOL, scope.without_windows()) if op.kind == "aggregate" and chance(draw, 20) else None
    partition = [
        expression(draw, pick(draw, ORDERED_TYPES), replace(scope, windows=False, depth=draw(st.integers(0, 1))))
        for _ in range(draw(st.integers(0, 2)))
    ]
    frame = pick(draw, FRAMES) if op.framed else None
    if frame is not None or op.ordered or chance(draw, 50):
        # A RANGE frame contains all rows that tie, so an aggregate over it does not depend on their order.
        loose = op.kind == "aggregate" and (frame is None or frame.mode == "RANGE") and chance(draw, 60)
        order = orders(draw, scope, complete=not loose)
    else:
        order = ()
    if op.ordered and not order:
        order = (Ordering(literal(True)),)  # a single row: there is nothing to order
    found = over(aggregation(op.name, *args, where=where), partition, order, frame)
    return call("round", found, literal(6)) if op.approximate else found


FRAMES: tuple[WindowFrame | None, ...] = (
    None,
    WindowFrame("ROWS", None, 0),
    WindowFrame("ROWS", None, None),
    WindowFrame("ROWS", -1, 1),
    WindowFrame("ROWS", -2, -1),
    WindowFrame("ROWS", 0, None),
    WindowFrame("ROWS", 1, 2),
    WindowFrame("RANGE", None, 0),
    WindowFrame("RANGE", 0, None),
    WindowFrame("RANGE", 0, 0),
    WindowFrame("RANGE", None, None),
)
