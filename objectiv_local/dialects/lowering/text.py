"""The text of one SELECT."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from objectiv_local.dialects.lowering.block import Block
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.names import unused
from objectiv_local.dialects.sql.printer import flat, items, layout, window_clauses
from objectiv_local.dialects.sql.tree import Func, Postfix, Raw, Sql, Template, Windowed
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import (
    Aggregation,
    Column,
    Expr,
    Literal,
    Ordering,
    ScalarQuery,
    queries,
    transform,
    walk,
)
from objectiv_local.plan.nodes import Node, is_single_row

if TYPE_CHECKING:
    from objectiv_local.dialects.lowering.lowering import Lowering

#: A window that is written this often in one SELECT gets a name.
SHARED_WINDOW = 2
#: A window shorter than this reads best where it stands.
SHORT_WINDOW = 30


def select_text(lowering: Lowering, block: Block) -> str:
    """Return the text of ``block``. Raises NotSupported for more columns than the engine takes."""
    most = lowering.dialect.most_columns
    count = len(block.columns) + len({key.expr for key in block.order} - set(block.columns.values()))
    if most is not None and count > most:
        raise NotSupported(f"{lowering.dialect.name} takes at most {most:,} columns at once, and this program has a step that "
                           f"selects or sorts by {count:,}", hint="work on a part of the columns at a time, as in "
                           "df[['a', 'b']], and give the frame a key, which then decides the order of equal rows")
    block = _with_totals(lowering, block)
    columns = {name: lowering.sql(expr, block.inputs) for name, expr in block.columns.items()}
    where = [lowering.condition(expr, block.inputs) for expr in block.where]
    having = [lowering.sql(expr, block.inputs) for expr in block.having]
    lowering.count_reads(block.source, [*columns.values(), *where, *having])
    columns = lowering.dialect.together(columns)
    windows = _shared_windows(list(columns.values()), lowering.taken)
    if windows:
        columns = {name: _with_named(sql, windows) for name, sql in columns.items()}
    lines = ["SELECT" + items([_item(lowering, name, sql) for name, sql in columns.items()], 0)]
    lines.append(f"FROM {block.source}")
    if where:
        lines.append("WHERE " + _conditions(where))
    # A constant that is not among the columns makes no groups, and Postgres refuses it.
    selected = list(block.columns.values())
    keys = [key for key in block.group or () if not isinstance(key, Literal) or key in selected]
    if block.sets:
        lines.append("GROUP BY " + _grouping_sets(block.sets))
    elif keys:
        lines.append("GROUP BY" + items(_group_keys(lowering, block, keys), 0))
    elif block.group and not block.sets:
        having.append(tree.binary(">", tree.func("count", Raw("*")), tree.number(0)))
    elif block.group is not None and not block.sets and not any(_aggregates(expr) for expr in selected):
        # Nothing else says that all rows make one.
        having.append(tree.binary(">=", tree.func("count", Raw("*")), tree.number(0)))
    if having:
        lines.append("HAVING " + _conditions(having))
    if windows:
        shown = [f"{name} AS ({text})" for text, name in windows.items()]
        lines.append("WINDOW" + (items(shown, 0) if len(shown) == 1 else "\n  " + ",\n  ".join(shown)))
    if block.order:
        lines.append("ORDER BY" + items(_order_keys(lowering, block), 0))
    if block.limit is not None:
        lines.append("LIMIT " + lowering.limit.format(block.limit))
    if block.offset:
        lines.append(f"OFFSET {block.offset}")
    return "\n".join(lines)


def _with_totals(lowering: Lowering, block: Block) -> Block:
    """Return the block with totals joined to its rows that would be written as very many sub-selects."""
    most = lowering.dialect.most_subselects
    exprs = [*block.columns.values(), *block.where]
    if most is None or block.group is not None or not any(expr.has_query for expr in exprs):
        return block
    counts = Counter(query.plan for expr in exprs for query in queries(expr) if isinstance(query, ScalarQuery))
    # Of several rows, a sub-select is an error and a join repeats what it meets.
    for plan in [plan for plan, count in counts.items() if count > most and is_single_row(plan)]:
        total = lowering.total(plan)
        own = {part.text for sql in block.inputs.values() for part in tree.parts(sql) if isinstance(part, Raw)}
        there = {name: sql.text for name, sql in total.inputs.items() if isinstance(sql, Raw)}
        if not own.isdisjoint(there.values()):
            # A name of both would be ambiguous.
            continue

        def joined(part: Expr, plan: Node = plan) -> Expr | None:
            if isinstance(part, ScalarQuery) and part.plan is plan:
                return Column(f".total.{part.column}", part.type)
            return None

        block = replace(
            block, source=f"{block.source}\nLEFT JOIN {total.source} ON TRUE",
            inputs=block.inputs | {f".total.{name}": Raw(f"{total.source}.{text}") for name, text in there.items()},
            columns={name: transform(expr, joined) for name, expr in block.columns.items()},
            where=[transform(expr, joined) for expr in block.where],
            order=tuple(Ordering(transform(key.expr, joined), key.ascending, key.nulls_last) for key in block.order))
    return block


def _grouping_sets(sets: list[str]) -> str:
    """Return several groupings, in the short form where there is one."""
    whole = sets[0][1:-1].split(", ")
    if len(sets) > 1 and sets == ["(" + ", ".join(whole[:size]) + ")" for size in range(len(whole), -1, -1)]:
        return f"ROLLUP ({', '.join(whole)})"
    return f"GROUPING SETS ({', '.join(sets)})"


def _aggregates(expr: Expr) -> bool:
    return any(isinstance(part, Aggregation) for part in walk(expr))


def _item(lowering: Lowering, name: str, sql: Sql) -> str:
    alias = lowering.identifier(name)
    text = layout(sql, 2)
    return text if text == alias or (isinstance(sql, Raw) and text.endswith(f".{alias}")) else f"{text} AS {alias}"


def _conditions(conditions: list[Sql]) -> str:
    joined = conditions[0]
    for condition in conditions[1:]:
        joined = tree.binary("AND", joined, condition)
    return layout(joined, 0)


def _group_keys(lowering: Lowering, block: Block, keys: list[Expr]) -> list[str]:
    positions = {expr: (position, name) for position, (name, expr) in reversed([*enumerate(block.columns.items(), 1)])}
    texts = []
    for key in keys:
        if key not in positions:
            texts.append(flat(lowering.sql(key, block.inputs)))
            continue
        position, name = positions[key]
        sql = block.inputs[key.name] if isinstance(key, Column) else None
        plain = isinstance(sql, Raw) and sql.text == lowering.identifier(name)
        texts.append(lowering.identifier(name) if plain else str(position))
    return texts


def _order_keys(lowering: Lowering, block: Block) -> list[str]:
    names = {expr: lowering.identifier(name) for name, expr in reversed(block.columns.items())}
    results = {lowering.identifier(name): expr for name, expr in block.columns.items()}
    texts = []
    for key in block.order:
        sql = lowering.sql(key.expr, block.inputs)
        if key.expr in names and not lowering.dialect.collation(key.expr):
            sql = Raw(names[key.expr])
        elif isinstance(sql, Raw) and results.get(sql.text, key.expr) is not key.expr and "\n" not in block.source:
            # A bare name would be read as the result's column of that name, not as the one that is meant.
            sql = Raw(f"{block.source}.{sql.text}") if "(" not in block.source else Template("({} || '')", (sql,))
        ordered = lowering.dialect.ordered(key, sql)
        texts.append(flat(ordered.expr) + ordered.suffix)
    return texts


# ---- windows that several columns share


def _shared_windows(columns: list[Sql], taken: set[str]) -> dict[str, str]:
    counts: dict[str, int] = {}
    for column in columns:
        for window in _windows(column):
            text = " ".join(window_clauses(window.partition, window.order, window.frame))
            counts[text] = counts.get(text, 0) + 1
    shared = [text for text, count in counts.items() if count >= SHARED_WINDOW and len(text) >= SHORT_WINDOW]
    names: dict[str, str] = {}
    used = set(taken)
    for text in shared:
        names[text] = unused("w", used)
        used.add(names[text])
    return names


def _windows(sql: Sql) -> list[Windowed]:
    found: list[Windowed] = []
    stack: list[Sql] = [sql]
    while stack:
        node = stack.pop()
        if isinstance(node, Windowed):
            found.append(node)
        else:
            stack.extend(tree.operands(node))
    return found


def _with_named(sql: Sql, names: dict[str, str]) -> Sql:
    match sql:
        case Windowed(function, partition, order, frame):
            name = names.get(" ".join(window_clauses(partition, order, frame)))
            return sql if name is None else Template("{} OVER " + name, (function,))
        case Func(name, args, distinct, order, where, within):
            return Func(name, tuple(_with_named(arg, names) for arg in args), distinct, order,
                        None if where is None else _with_named(where, names), within)
        case Template(pattern, args, strength):
            return Template(pattern, tuple(_with_named(arg, names) for arg in args), strength)
        case tree.Binary(operator, left, right, strength, associative):
            return tree.Binary(operator, _with_named(left, names), _with_named(right, names), strength, associative)
        case tree.Prefix(operator, arg, strength):
            return tree.Prefix(operator, _with_named(arg, names), strength)
        case Postfix(arg, text, strength):
            return Postfix(_with_named(arg, names), text, strength)
        case tree.CaseWhen(whens, default):
            pairs = tuple((_with_named(condition, names), _with_named(value, names)) for condition, value in whens)
            return tree.CaseWhen(pairs, None if default is None else _with_named(default, names))
    return sql
