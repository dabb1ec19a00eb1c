"""Steps with their own FROM or GROUP BY: joins, unions, the elements of arrays, grouping sets."""

from __future__ import annotations

import datetime
import decimal
import uuid

from objectiv_local.dialects.dialect import Dialect
from objectiv_local.dialects.lowering.block import Block, Stored, outermost_windows, replaced
from objectiv_local.dialects.lowering.building import Blocks
from objectiv_local.dialects.lowering.expressions import sql_of
from objectiv_local.dialects.lowering.scope import Cte, Select
from objectiv_local.dialects.lowering.text import select_text
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.names import unused
from objectiv_local.dialects.sql.printer import items
from objectiv_local.dialects.sql.tree import From, Name, Raw, Sql
from objectiv_local.plan.expr import Call, Column, Expr, call, literal, substitute
from objectiv_local.plan.nodes import GroupingSets, Join, Source, Union, Unnest
from objectiv_local.types import INT64, JSON, ROW_ID, Interval, Type

_UNION = "\nUNION ALL\n"
#: Maximum number of parts of a union; longer ones are split.
MOST_PARTS = 100

_JOIN_WORDS = {
    "inner": "the rows of both sides with equal keys",
    "left": "all rows on the left with those on the right that have equal keys",
    "outer": "all rows of both sides, next to each other where keys are equal",
}


def grouping_sets(blocks: Blocks, block: Block, node: GroupingSets) -> Block:
    """Return the block of several groupings of the same rows."""
    aggregates = [(name, expr) for name, expr in node.aggregates if name in blocks.needed[node]]
    parts = [*dict.fromkeys(outermost_windows([expr for _, expr in aggregates]))]
    names: dict[Expr, str] = {part: blocks.scope.new_name(part) for part in parts}
    aggregates = [(name, replaced(expr, names)) for name, expr in aggregates]
    # The keys are columns of a separate step, because a set names columns.
    keys = {
        name: blocks.scope.new_name(expr) if name in block.columns and expr is not node.child.column(name) else name
        for name, expr in node.keys
    }
    read = frozenset().union(*(expr.columns for _, expr in aggregates)) & block.columns.keys()
    added = {keys[name]: expr for name, expr in node.keys if keys[name] not in block.columns}
    block = blocks.add(block, {name: part for part, name in names.items()} | added, set(read) | set(keys.values()))
    block.columns = {
        name: expr for name, expr in block.columns.items() if name in read or name in keys.values() or name in names.values()
    }
    block = blocks.closed(block)
    if block.is_join or not all(isinstance(block.inputs[name], Name) for name in keys.values()):
        block = blocks.closed(block)
    shown = [block.inputs[key] for key in keys.values()]
    # A key that is in no set is NULL in all rows, and is not computed.
    used = sorted(set().union(*node.sets))
    level = blocks.dialect.grouping_level([shown[i] for i in used], [[used.index(i) for i in each] for each in node.sets])
    block.inputs = block.inputs | {".level": level}
    block.columns = (
        {
            name: Column(keys[name], expr.type) if i in used else literal(None, expr.type)
            for i, (name, expr) in enumerate(node.keys)
        }
        | {name: substitute(expr, block.columns) for name, expr in aggregates}
        | {node.level: Column(".level", INT64)}
    )
    block.group = [Column(keys[name], expr.type) for name, expr in node.keys]
    block.sets = ["(" + ", ".join(blocks.scope.printer.flat(shown[i]) for i in each) + ")" for each in node.sets]
    block.title = node.step or "by_" + "_".join(keys)
    block.steps.append("one row for each of several groupings")
    return block if blocks.dialect.totals_nothing or () not in node.sets else _with_total(blocks, block, node)


def _with_total(blocks: Blocks, block: Block, node: GroupingSets) -> Block:
    """Return the block of several grouping sets with the total as a separate query, which has a row even without input rows."""
    total = block.copy()
    total.group, total.sets = [], []
    keys = {name for name, _ in node.keys}
    total.columns = {name: literal(None, expr.type) if name in keys else expr for name, expr in block.columns.items()}
    total.columns[node.level] = literal(node.sets.index(()))
    block.sets = [each for each in block.sets if each != "()"]
    parts = [select_text(blocks.scope, each) for each in ([block, total] if block.sets else [total])]
    united = _united(blocks, block.title, parts)
    return Block(
        united,
        {name: Name(blocks.scope.identifier(name)) for name in block.columns},
        {name: Column(name, expr.type) for name, expr in block.columns.items()},
        block.title,
        depth=1 + block.depth,
    )


def unnest(blocks: Blocks, block: Block, node: Unnest) -> Block:
    """Return the block of the elements of an array, with the columns of their row."""
    kept = blocks.needed[node] - {node.item, node.position}
    array = node.array
    # Numbers are generated directly instead of as an array, which engines would copy with each of its elements.
    is_range = False
    if isinstance(array, Call) and array.op == "json_range":
        is_range, (array,) = True, array.args
    if isinstance(array, Column):
        name = array.name
    else:
        name = blocks.scope.new_name(array)
        block = blocks.add(block, {name: array}, kept)
    block.columns = {each: expr for each, expr in block.columns.items() if each in kept or each == name}
    block = blocks.closed(block)
    alias = unused("element", blocks.scope.taken | {block.source.text})
    here = block.source.alias("l")
    inputs: dict[str, Sql] = {}
    for each in block.columns:
        column = block.inputs[each]
        assert isinstance(column, Name)
        inputs[each] = Name(column.text, here)
    rows = blocks.dialect.counted(inputs[name], alias) if is_range else blocks.dialect.unnested(inputs[name], alias)
    steps = blocks.scope.read_by(block.source, [rows.joined])
    source = From(f"{block.source.named(here)}\n{blocks.scope.printer.flat(rows.joined)}", steps=steps)
    columns: dict[str, Expr] = {each: Column(each, expr.type) for each, expr in block.columns.items() if each in kept}
    columns[node.item] = Column(".item", JSON)
    columns[node.position] = Column(".position", INT64)
    inputs |= {".item": rows.value, ".position": rows.position}
    title = node.step or f"elements_of_{name}"
    words = "one row for each number" if is_range else "one row for each element of an array"
    return Block(source, inputs, columns, title, [words], is_join=True, depth=block.depth)


def union(blocks: Blocks, node: Union) -> Block:
    """Return the block of the rows of several inputs."""
    names = [name for name in node.columns if name in blocks.needed[node]]
    texts = []
    for part in node.parts:
        block = blocks.take(part)
        if block.order or block.is_limited or not names:
            block = blocks.closed(block)
        block.columns = {name: block.columns[name] for name in names} or {"one": literal(1)}
        texts.append(block)
    if not names:
        blocks.scope.name_the_one()
    selects = [select_text(blocks.scope, block) for block in texts]
    title = node.step or "all_rows"
    while len(selects) > MOST_PARTS:
        # Engines parse a long union as nested unions.
        parts = [
            _united(blocks, f"{title}_part", selects[start : start + MOST_PARTS])
            for start in range(0, len(selects), MOST_PARTS)
        ]
        shown = items([blocks.scope.identifier(name) for name in names or ["one"]], 0)
        selects = [Select(f"SELECT{shown}\nFROM {part.text}", part.steps) for part in parts]
    united = _united(blocks, title, selects)
    inputs: dict[str, Sql] = {name: Name(blocks.scope.identifier(name)) for name in names}
    columns: dict[str, Expr] = {name: Column(name, node.types[name]) for name in names}
    return Block(united, inputs, columns, united.text, depth=1 + max(block.depth for block in texts))


def _united(blocks: Blocks, title: str, selects: list[Select]) -> From:
    """Return the rows of several queries as a step."""
    name = blocks.scope.step_name(title)
    steps = frozenset().union(*(select.steps for select in selects))
    query = Select(_UNION.join(select.text for select in selects), steps)
    blocks.scope.ctes.append(Cte(name, query, "the rows of all of these"))
    return tree.step(name)


def join(blocks: Blocks, node: Join) -> Block:
    """Return the block of two inputs side by side."""
    left, right = blocks.take(node.left), blocks.take(node.right)
    if not right.is_bare and not _converts_later(node, right, 1):
        right = blocks.closed(right, kept=right.costs_again(blocks.dialect))
    if left.takes_joins:
        own = unused(right.source.alias("r"), set(left.aliases))
        aliases, shown, taken = [own], [left.source.text], (*left.aliases, own)
    else:
        if not left.is_bare and not _converts_later(node, left, 0):
            left = blocks.closed(left, kept=left.costs_again(blocks.dialect))
        aliases = [left.source.alias("l"), right.source.alias("r")]
        if aliases[0] == aliases[1]:
            aliases = [f"{aliases[0]}_l", f"{aliases[1]}_r"]
        shown, taken = [left.source.named(aliases[0])], tuple(aliases)
    shown.append(right.source.named(aliases[-1]))
    inputs: dict[str, Sql] = {}
    for prefix, side, alias in (("left.", left, aliases[0]), ("right.", right, aliases[-1])):
        for name, expr in side.columns.items():
            inner = side.inputs[expr.name if isinstance(expr, Column | Stored) else name]
            assert isinstance(inner, Name)
            inputs[prefix + name] = inner if side.is_join else Name(inner.text, alias)

    def column(side: str, name: str) -> Expr:
        found = (left if side == "left" else right).columns.get(name)
        type_ = (node.left if side == "left" else node.right).types[name]
        named = f"{side}.{name}"
        return Stored(named, found.stored, type_) if isinstance(found, Stored) else Column(named, type_)

    columns: dict[str, Expr] = {}
    for name, from_side, (here, there) in node.columns:
        if from_side == "both":
            columns[name] = call("coalesce", column("left", here), column("right", there))
        else:
            columns[name] = column(from_side, here if from_side == "left" else there)
    conditions = [
        _equal(inputs[f"left.{here}"], inputs[f"right.{there}"], node.left.types[here], node.nulls_match, blocks.dialect)
        for here, there in node.on
    ]
    if node.condition is not None:
        conditions.append(sql_of(blocks.scope, substitute(node.condition, columns), inputs))
    steps = blocks.scope.read_by(From("", steps=left.source.steps | right.source.steps), conditions)
    keyword = {"inner": "JOIN", "left": "LEFT JOIN", "outer": "FULL JOIN"}[node.how]
    if not conditions and node.how == "inner":
        keyword, met = "CROSS JOIN", ""
    else:
        joined = conditions[0] if conditions else Raw("TRUE")
        for condition in conditions[1:]:
            joined = tree.binary("AND", joined, condition)
        met = f"\n  ON {blocks.scope.printer.layout(joined, 2)}"
    source = From(f"{shown[0]}\n{keyword} {shown[1]}{met}", steps=steps)
    words = _JOIN_WORDS[node.how] if node.on else "every row of both sides next to each other"
    if node.total and node.right.step:
        words = f"each row with its {node.right.step.removeprefix('of_')}"
    if node.on and all(node.left.types[name] == ROW_ID for name, _ in node.on):
        late = [name for name, type_ in node.left.types.items() if type_ != ROW_ID]
        words = (
            f"reads {', '.join(late)} of the rows that are left"
            if isinstance(node.left, Source)
            else ("the rows that are left with what was read of them")
        )
    depth = max(left.depth, right.depth) + blocks.dialect.join_steps
    return Block(source, inputs, columns, node.step or "joined", [*left.steps, words], is_join=True, aliases=taken, depth=depth)


def _converts_later(node: Join, side: Block, position: int) -> bool:
    """Return whether stored columns of a side are converted after a join that does not repeat its rows."""
    other = node.inputs()[1 - position]
    compared = [pair[position] for pair in node.on]
    is_single = (node.single == "right" and position == 0) or (
        other.key is not None and {pair[1 - position] for pair in node.on}.issuperset(other.key)
    )
    return (
        side.is_stored
        and is_single
        and node.how == "inner"
        and node.condition is None
        and not any(isinstance(side.columns[name], Stored) for name in compared)
    )


def _equal(left: Sql, right: Sql, type_: Type, nulls_match: bool, dialect: Dialect) -> Sql:
    equal = tree.binary("=", left, right)
    if not nulls_match:
        return equal
    # Equivalent to IS NOT DISTINCT FROM, which Postgres does not support in a FULL JOIN and cannot hash in the others.
    value = {
        "bool": False,
        "int64": 0,
        "float64": 0.0,
        "decimal": decimal.Decimal(0),
        "string": "",
        "date": datetime.date(1970, 1, 1),
        "time": datetime.time(),
        "timestamp": datetime.datetime(1970, 1, 1),
        "timedelta": datetime.timedelta(0),
        "uuid": uuid.UUID(int=0),
        "numeric_interval": Interval(0.0, 0.0),
    }[type_.name]
    filler = tree.bare(dialect.literal(literal(value, type_)))
    same = tree.binary("=", tree.func("coalesce", left, filler), tree.func("coalesce", right, filler))
    return tree.binary(
        "AND", same, tree.binary("=", tree.Template("({} IS NULL)", (left,)), tree.Template("({} IS NULL)", (right,)))
    )
