"""Steps with a FROM or a GROUP BY of their own: joins, unions, the elements of arrays, several groupings at once."""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
from typing import TYPE_CHECKING

from objectiv_local.dialects import tree
from objectiv_local.dialects.base import Dialect
from objectiv_local.dialects.block import Block, Stored, outermost_windows, replaced
from objectiv_local.dialects.names import unused
from objectiv_local.dialects.printer import flat, layout
from objectiv_local.dialects.text import select_text
from objectiv_local.dialects.tree import Raw, Sql
from objectiv_local.plan.expr import Column, Expr, call, literal, substitute
from objectiv_local.plan.nodes import GroupingSets, Join, Source, Union, Unnest
from objectiv_local.types import INT64, JSON, ROW_ID, Interval, Type

if TYPE_CHECKING:
    from objectiv_local.dialects.select import Lowering

_JOIN_WORDS = {
    "inner": "the rows of both sides with equal keys",
    "left": "all rows on the left with those on the right that have equal keys",
    "outer": "all rows of both sides, next to each other where keys are equal",
}


def grouping_sets(lowering: Lowering, block: Block, node: GroupingSets) -> Block:
    """Return the block of several groupings of the same rows."""
    aggregates = [(name, expr) for name, expr in node.aggregates if name in lowering.needed[node]]
    parts = [*dict.fromkeys(outermost_windows([expr for _, expr in aggregates]))]
    names: dict[Expr, str] = {part: lowering.new_name(part, block) for part in parts}
    aggregates = [(name, replaced(expr, names)) for name, expr in aggregates]
    # The keys are columns of a step of their own, because a set names columns.
    keys = {name: lowering.new_name(expr, block) if name in block.columns and expr is not node.child.column(name) else name
            for name, expr in node.keys}
    read = frozenset().union(*(expr.columns for _, expr in aggregates)) & block.columns.keys()
    added = {keys[name]: expr for name, expr in node.keys if keys[name] not in block.columns}
    block = lowering.add(block, {name: part for part, name in names.items()} | added, set(read) | set(keys.values()))
    block.columns = {name: expr for name, expr in block.columns.items()
                     if name in read or name in keys.values() or name in names.values()}
    block = lowering.closed(block)
    if block.is_join or not all(isinstance(block.inputs[name], Raw) for name in keys.values()):
        block = lowering.closed(block)
    shown = [flat(block.inputs[key]) for key in keys.values()]
    # A key of no set is NULL everywhere, and is not asked for.
    used = sorted(set().union(*node.sets))
    masks = [sum(1 << position for position, i in enumerate(reversed(used)) if i not in each) for each in node.sets]
    cases = " ".join(f"WHEN {mask} THEN {position}" for position, mask in enumerate(masks))
    level = f"(CASE grouping({', '.join(shown[i] for i in used)}) {cases} END)::bigint" if used else "0::bigint"
    block.inputs = block.inputs | {".level": tree.Template("{}", (Raw(level),), tree.CAST)}
    block.columns = ({name: Column(keys[name], expr.type) if i in used else literal(None, expr.type)
                      for i, (name, expr) in enumerate(node.keys)}
                     | {name: substitute(expr, block.columns) for name, expr in aggregates}
                     | {node.level: Column(".level", INT64)})
    block.group = [Column(keys[name], expr.type) for name, expr in node.keys]
    block.sets = ["(" + ", ".join(shown[i] for i in each) + ")" for each in node.sets]
    block.title = node.step or "by_" + "_".join(keys)
    block.steps.append("one row for each of several groupings")
    return block


def unnest(lowering: Lowering, block: Block, node: Unnest) -> Block:
    """Return the block of the elements of an array, next to the columns of their row."""
    kept = lowering.needed[node] - {node.item, node.position}
    array = node.array
    if isinstance(array, Column):
        name = array.name
    else:
        name = lowering.new_name(array, block)
        block = lowering.add(block, {name: array}, kept)
    block.columns = {each: expr for each, expr in block.columns.items() if each in kept or each == name}
    block = lowering.closed(block)
    alias = unused("element", lowering.taken | {block.source})
    inputs: dict[str, Sql] = {each: Raw(f"{_alias(block.source, 'l')}.{flat(block.inputs[each])}")
                              for each in block.columns}
    rows = lowering.dialect.unnest(inputs[name])
    lowering.count_reads(block.source, [rows])
    call_ = flat(rows)
    shown = block.source if block.source == _alias(block.source, "l") else f"{block.source} AS l"
    source = f"{shown}\nCROSS JOIN LATERAL {call_} WITH ORDINALITY AS {alias} (value, position)"
    columns: dict[str, Expr] = {each: Column(each, expr.type) for each, expr in block.columns.items() if each in kept}
    columns[node.item] = Column(".item", JSON)
    columns[node.position] = Column(".position", INT64)
    inputs[".item"] = Raw(f"{alias}.value")
    inputs[".position"] = tree.binary("-", Raw(f"{alias}.position"), tree.number(1))
    title = node.step or f"elements_of_{name}"
    return Block(source, inputs, columns, title, ["one row for each element of an array"], is_join=True)


def union(lowering: Lowering, node: Union) -> Block:
    """Return the block of the rows of several inputs."""
    names = [name for name in node.columns if name in lowering.needed[node]]
    texts = []
    for part in node.parts:
        block = lowering.take(part)
        if block.order or block.is_limited or not names:
            block = lowering.closed(block)
        block.columns = {name: block.columns[name] for name in names} or {"one": literal(1)}
        texts.append(block)
    if not names:
        lowering.names.setdefault("one", unused("one", {alias.casefold() for alias in lowering.names.values()}))
    from objectiv_local.dialects.select import Cte

    body = "\nUNION ALL\n".join(select_text(lowering, block) for block in texts)
    title = lowering.cte_name(node.step or "all_rows")
    lowering.ctes.append(Cte(title, body, "the rows of all of these"))
    inputs: dict[str, Sql] = {name: Raw(lowering.identifier(name)) for name in names}
    columns: dict[str, Expr] = {name: Column(name, node.types[name]) for name in names}
    return Block(title, inputs, columns, title)


def join(lowering: Lowering, node: Join) -> Block:
    """Return the block of two inputs side by side."""
    sides = [lowering.take(node.left), lowering.take(node.right)]
    sides = [side if side.is_bare or _converts_later(node, side, position) else lowering.closed(side)
             for position, side in enumerate(sides)]
    aliases = [_alias(sides[0].source, "l"), _alias(sides[1].source, "r")]
    if aliases[0] == aliases[1]:
        aliases = [f"{aliases[0]}_l", f"{aliases[1]}_r"]
    inputs: dict[str, Sql] = {}
    for prefix, alias, side in zip(("left.", "right."), aliases, sides, strict=True):
        for name in side.columns:
            inner = side.inputs[name]
            assert isinstance(inner, Raw)
            inputs[prefix + name] = Raw(f"{alias}.{inner.text}")

    def column(side: str, name: str) -> Expr:
        found = sides[side == "right"].columns.get(name)
        type_ = (node.left if side == "left" else node.right).types[name]
        named = f"{side}.{name}"
        return Stored(named, found.stored, type_) if isinstance(found, Stored) else Column(named, type_)

    columns: dict[str, Expr] = {}
    for name, from_side, (left, right) in node.columns:
        if from_side == "both":
            columns[name] = call("coalesce", column("left", left), column("right", right))
        else:
            columns[name] = column(from_side, left if from_side == "left" else right)
    conditions = [_equal(inputs[f"left.{left}"], inputs[f"right.{right}"], node.left.types[left],
                         node.nulls_match, lowering.dialect) for left, right in node.on]
    if node.condition is not None:
        conditions.append(lowering.sql(substitute(node.condition, columns), inputs))
    lowering.count_reads("", conditions)
    shown = [side.source if side.source == alias else f"{side.source} AS {alias}"
             for side, alias in zip(sides, aliases, strict=True)]
    keyword = {"inner": "JOIN", "left": "LEFT JOIN", "outer": "FULL JOIN"}[node.how]
    if not conditions and node.how == "inner":
        keyword, met = "CROSS JOIN", ""
    else:
        joined = conditions[0] if conditions else Raw("TRUE")
        for condition in conditions[1:]:
            joined = tree.binary("AND", joined, condition)
        met = f"\n  ON {layout(joined, 2)}"
    source = f"{shown[0]}\n{keyword} {shown[1]}{met}"
    words = _JOIN_WORDS[node.how] if node.on else "every row of both sides next to each other"
    if node.on and all(node.left.types[name] == ROW_ID for name, _ in node.on):
        late = [name for name, type_ in node.left.types.items() if type_ != ROW_ID]
        words = f"reads {', '.join(late)} of the rows that are left" if isinstance(node.left, Source) else (
            "the rows that are left with what was read of them")
    return Block(source, inputs, columns, node.step or "joined", [words], is_join=True)


def _converts_later(node: Join, side: Block, position: int) -> bool:
    """Return whether stored columns of a side are converted after a join that repeats none of its rows."""
    other = node.inputs()[1 - position]
    compared = [pair[position] for pair in node.on]
    is_single = (node.single == "right" and position == 0) or (
        other.key is not None and {pair[1 - position] for pair in node.on}.issuperset(other.key))
    return (side.is_stored and is_single and node.how == "inner" and node.condition is None
            and not any(isinstance(side.columns[name], Stored) for name in compared))


def _equal(left: Sql, right: Sql, type_: Type, nulls_match: bool, dialect: Dialect) -> Sql:
    equal = tree.binary("=", left, right)
    if not nulls_match:
        return equal
    # IS NOT DISTINCT FROM would say this, but Postgres refuses it in a FULL JOIN and cannot hash it in the others.
    value = {"bool": False, "int64": 0, "float64": 0.0, "decimal": decimal.Decimal(0), "string": "",
             "date": datetime.date(1970, 1, 1), "time": datetime.time(), "timestamp": datetime.datetime(1970, 1, 1),
             "timedelta": datetime.timedelta(0), "uuid": uuid.UUID(int=0),
             "numeric_interval": Interval(0.0, 0.0)}[type_.name]
    filler = tree.bare(dialect.typed_literal(literal(value, type_)))
    same = tree.binary("=", tree.func("coalesce", left, filler), tree.func("coalesce", right, filler))
    return tree.binary("AND", same, tree.binary("=", tree.Template("({} IS NULL)", (left,)),
                                                tree.Template("({} IS NULL)", (right,))))


def _alias(source: str, fallback: str) -> str:
    return source if re.fullmatch(r"[a-z_][a-z0-9_]*", source) else fallback
