"""The text of one SELECT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objectiv_local.dialects import tree
from objectiv_local.dialects.block import Block
from objectiv_local.dialects.names import unused
from objectiv_local.dialects.printer import flat, items, layout, window_clauses
from objectiv_local.dialects.tree import Func, Postfix, Raw, Sql, Template, Windowed
from objectiv_local.plan.expr import Aggregation, Column, Expr, Literal, Ordering, walk

if TYPE_CHECKING:
    from objectiv_local.dialects.select import Lowering

#: A window that is written this often in one SELECT gets a name.
SHARED_WINDOW = 2
#: A window shorter than this reads best where it stands.
SHORT_WINDOW = 30


def select_text(lowering: Lowering, block: Block) -> str:
    """Return the text of ``block``."""
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
        lines.append("GROUP BY" + items([_group_key(lowering, block, key) for key in keys], 0))
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
        lines.append("ORDER BY" + items([_order_key(lowering, block, key) for key in block.order], 0))
    if block.limit is not None:
        lines.append("LIMIT " + lowering.limit.format(block.limit))
    if block.offset:
        lines.append(f"OFFSET {block.offset}")
    return "\n".join(lines)


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


def _group_key(lowering: Lowering, block: Block, key: Expr) -> str:
    for position, (name, expr) in enumerate(block.columns.items(), 1):
        if expr is key:
            sql = block.inputs[key.name] if isinstance(key, Column) else None
            plain = isinstance(sql, Raw) and sql.text == lowering.identifier(name)
            return lowering.identifier(name) if plain else str(position)
    return flat(lowering.sql(key, block.inputs))


def _order_key(lowering: Lowering, block: Block, key: Ordering) -> str:
    sql = lowering.sql(key.expr, block.inputs)
    for name, expr in block.columns.items():
        if expr is key.expr and not lowering.dialect.collation(key.expr):
            sql = Raw(lowering.identifier(name))
            break
    else:
        aliases = {lowering.identifier(name) for name, expr in block.columns.items() if expr is not key.expr}
        if isinstance(sql, Raw) and sql.text in aliases and "\n" not in block.source:
            # A bare name would be read as the result's column of that name, not as the one that is meant.
            sql = Raw(f"{block.source}.{sql.text}") if "(" not in block.source else Template("({} || '')", (sql,))
    ordered = lowering.dialect.ordered(key, sql)
    return flat(ordered.expr) + ordered.suffix


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
