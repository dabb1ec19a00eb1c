"""The SQL of one SELECT."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from objectiv_local.dialects.lowering.block import Block
from objectiv_local.dialects.lowering.expressions import condition, sql_of
from objectiv_local.dialects.lowering.scope import Cte, Scope, Select
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.names import unused
from objectiv_local.dialects.sql.printer import Printer, items
from objectiv_local.dialects.sql.tree import From, Func, Name, Ordered, Raw, Sql, Template, Windowed
from objectiv_local.dialects.sql.walks import operands, parts, with_operands
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Aggregation, Column, Expr, Literal, Ordering, ScalarQuery, queries, transform, walk
from objectiv_local.plan.nodes import Node, is_single_row

#: Number of uses in one SELECT from which a window gets a name.
SHARED_WINDOW = 2
#: A shorter window is easier to read in place.
SHORT_WINDOW = 30


def select_text(scope: Scope, block: Block, *, is_result: bool = False) -> Select:
    """Return the SQL of ``block``, with conversions of the result if it ``is_result``.

    Raises NotSupported for more columns than the engine supports.
    """
    most = scope.dialect.most_columns
    count = len(block.columns) + len({key.expr for key in block.order} - set(block.columns.values()))
    if most is not None and count > most:
        raise NotSupported(
            f"{scope.dialect.name} supports at most {most:,} columns at once, but this program has a step that "
            f"selects or sorts by {count:,}",
            hint="select some of the columns, as in "
            "df[['a', 'b']], and pass a key for the frame, which then breaks ties in the order",
        )
    block = _sorted_apart(scope, _with_totals(scope, block))
    columns = {name: sql_of(scope, expr, block.inputs) for name, expr in block.columns.items()}
    if is_result:
        columns = {name: scope.dialect.result(sql, block.columns[name].type) for name, sql in columns.items()}
    where = [condition(scope, expr, block.inputs) for expr in block.where]
    having = [sql_of(scope, expr, block.inputs) for expr in block.having]
    steps = scope.read_by(block.source, [*columns.values(), *where, *having])
    order, below = _order_keys(scope, block, columns)
    steps |= below
    columns = scope.dialect.together(columns)
    windows = _shared_windows(scope.printer, list(columns.values()), scope.taken)
    if windows:
        columns = {name: _with_named(scope.printer, sql, windows) for name, sql in columns.items()}
    lines = ["SELECT" + items([_item(scope, name, sql) for name, sql in columns.items()], 0)]
    lines.append(f"FROM {block.source.text}")
    if where:
        lines.append("WHERE " + _conditions(scope.printer, where))
    # A constant that is not a column of the result has no effect on groups, and Postgres rejects it.
    selected = list(block.columns.values())
    keys = [key for key in block.group or () if not isinstance(key, Literal) or key in selected]
    if block.sets:
        lines.append("GROUP BY " + _grouping_sets(block.sets))
    elif keys:
        lines.append("GROUP BY" + items(_group_keys(scope, block, keys), 0))
    elif block.group and not block.sets:
        having.append(tree.binary(">", tree.func("count", Raw("*")), tree.number(0)))
    elif block.group is not None and not block.sets and not any(_aggregates(expr) for expr in selected):
        # Required to group all rows without keys.
        having.append(tree.binary(">=", tree.func("count", Raw("*")), tree.number(0)))
    if having:
        lines.append("HAVING " + _conditions(scope.printer, having))
    if windows:
        shown = [f"{name} AS ({text})" for text, name in windows.items()]
        lines.append("WINDOW" + (items(shown, 0) if len(shown) == 1 else "\n  " + ",\n  ".join(shown)))
    if order:
        lines.append("ORDER BY" + items(order, 0))
    if block.limit is not None:
        lines.append("LIMIT " + scope.limit.format(block.limit))
    if block.offset:
        lines.append(f"OFFSET {block.offset}")
    return Select("\n".join(lines), steps)


def _with_totals(scope: Scope, block: Block) -> Block:
    """Return the block with totals joined to its rows if they would be written as very many sub-selects."""
    most = scope.dialect.most_subselects
    exprs = [*block.columns.values(), *block.where]
    if most is None or block.group is not None or not any(expr.has_query for expr in exprs):
        return block
    counts = Counter(query.plan for expr in exprs for query in queries(expr) if isinstance(query, ScalarQuery))
    # For several rows, a sub-select is an error, whereas a join multiplies rows.
    for plan in [plan for plan, count in counts.items() if count > most and is_single_row(plan)]:
        total = scope.total(plan)
        own = {_shown(part) for sql in block.inputs.values() for part in parts(sql) if isinstance(part, Name)}
        there = {name: sql.text for name, sql in total.inputs.items() if isinstance(sql, Name)}
        if not own.isdisjoint(there.values()):
            # A name that both have would be ambiguous.
            continue

        def joined(part: Expr, plan: Node = plan) -> Expr | None:
            if isinstance(part, ScalarQuery) and part.plan is plan:
                return Column(f".total.{part.column}", part.type)
            return None

        block = replace(
            block,
            source=From(
                f"{block.source.text}\nLEFT JOIN {total.source.text} ON TRUE",
                block.source.qualifier,
                steps=block.source.steps | total.source.steps,
            ),
            inputs=block.inputs | {f".total.{name}": Name(text, total.source.text) for name, text in there.items()},
            columns={name: transform(expr, joined) for name, expr in block.columns.items()},
            where=[transform(expr, joined) for expr in block.where],
            order=tuple(Ordering(transform(key.expr, joined), key.ascending, key.nulls_last) for key in block.order),
        )
    return block


def _sorted_apart(scope: Scope, block: Block) -> Block:
    """Return a block whose sort keys are not aggregates, if the engine does not support these: they are columns of a step."""
    has_keys = not all(isinstance(key, Literal) for key in block.group or ())
    if scope.dialect.orders_by_aggregates or block.group is None or (has_keys and not block.having):
        return block
    names = {expr: name for name, expr in reversed(block.columns.items())}
    new = [key.expr for key in block.order if key.expr not in names]
    if not any(map(_aggregates, new)):
        return block
    names |= {expr: scope.new_name(expr) for expr in dict.fromkeys(new)}
    columns = {name: expr for expr, name in names.items()} | block.columns
    groups = select_text(scope, replace(block, columns=columns, order=(), limit=None, offset=0))
    name = scope.step_name(block.title)
    scope.ctes.append(Cte(name, groups, f"adds {', '.join(scope.identifier(names[expr]) for expr in dict.fromkeys(new))}"))
    return Block(
        tree.step(name),
        {each: Name(scope.identifier(each)) for each in columns},
        {each: Column(each, expr.type) for each, expr in block.columns.items()},
        block.title,
        order=tuple(Ordering(Column(names[key.expr], key.expr.type), key.ascending, key.nulls_last) for key in block.order),
        limit=block.limit,
        offset=block.offset,
    )


def _shown(name: Name) -> str:
    return f"{name.source}.{name.text}" if name.source else name.text


def _grouping_sets(sets: list[str]) -> str:
    """Return several grouping sets, in the short form if there is one."""
    whole = sets[0][1:-1].split(", ")
    if len(sets) > 1 and sets == ["(" + ", ".join(whole[:size]) + ")" for size in range(len(whole), -1, -1)]:
        return f"ROLLUP ({', '.join(whole)})"
    return f"GROUPING SETS ({', '.join(sets)})"


def _aggregates(expr: Expr) -> bool:
    return any(isinstance(part, Aggregation) for part in walk(expr))


def _item(scope: Scope, name: str, sql: Sql) -> str:
    alias = scope.identifier(name)
    text = scope.printer.layout(sql, 2)
    return text if isinstance(sql, Name) and sql.text == alias else f"{text} AS {alias}"


def _conditions(printer: Printer, conditions: list[Sql]) -> str:
    joined = conditions[0]
    for each in conditions[1:]:
        joined = tree.binary("AND", joined, each)
    return printer.layout(joined, 0)


def _group_keys(scope: Scope, block: Block, keys: list[Expr]) -> list[str]:
    positions = {expr: (position, name) for position, (name, expr) in reversed([*enumerate(block.columns.items(), 1)])}
    texts = []
    for key in keys:
        if key not in positions:
            texts.append(scope.printer.flat(sql_of(scope, key, block.inputs)))
            continue
        position, name = positions[key]
        sql = block.inputs[key.name] if isinstance(key, Column) else None
        plain = isinstance(sql, Name) and not sql.source and sql.text == scope.identifier(name)
        texts.append(scope.identifier(name) if plain else str(position))
    return texts


def _order_keys(scope: Scope, block: Block, columns: dict[str, Sql]) -> tuple[list[str], frozenset[str]]:
    """Return the keys of the ORDER BY of a SELECT of ``columns``, and the steps that they read."""
    names = {expr: scope.identifier(name) for name, expr in reversed(block.columns.items())}
    results = {scope.identifier(name): expr for name, expr in block.columns.items()}
    # The names whose column in the result is not the column of that name in the source.
    other = {scope.identifier(name) for name, sql in columns.items() if sql != Name(scope.identifier(name))}
    texts, steps = [], set()
    for key in block.order:
        sql = sql_of(scope, key.expr, block.inputs)
        if key.expr in names and not scope.dialect.collation(key.expr):
            sql = Name(names[key.expr])
        elif isinstance(sql, Name) and not sql.source and results.get(sql.text, key.expr) is not key.expr:
            # A bare name would refer to the result's column of that name instead of the intended one.
            qualifier = block.source.qualifier
            sql = Name(sql.text, qualifier) if qualifier else Template("({} || '')", (sql,))
        elif scope.dialect.orders_by_results and not isinstance(sql, Name):
            sql = _qualified(sql, other, block.source.qualifier)
        ordered = scope.dialect.ordered(key, sql)
        texts.append(scope.printer.flat(ordered.expr) + ordered.suffix)
        steps |= {name for part in parts(ordered.expr) if isinstance(part, From) for name in part.steps}
    return texts, frozenset(steps)


def _qualified(sql: Sql, names: set[str], qualifier: str) -> Sql:
    """Return an expression with its references to source columns in ``names`` qualified."""
    if isinstance(sql, Name):
        if sql.source or sql.text not in names:
            return sql
        # A bare name would silently sort by another column.
        assert qualifier, f"{sql.text} has no source to be qualified with"
        return Name(sql.text, qualifier)
    found = with_operands(sql, lambda part: _qualified(part, names, qualifier))
    if isinstance(found, Func):
        return replace(found, order=tuple(Ordered(_qualified(key.expr, names, qualifier), key.suffix) for key in found.order))
    return found


# ---- windows that several columns share


def _shared_windows(printer: Printer, columns: list[Sql], taken: set[str]) -> dict[str, str]:
    counts: dict[str, int] = {}
    for column in columns:
        for window in _windows(column):
            text = " ".join(printer.window_clauses(window.partition, window.order, window.frame))
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
            stack.extend(operands(node))
    return found


def _with_named(printer: Printer, sql: Sql, names: dict[str, str]) -> Sql:
    if isinstance(sql, Windowed):
        name = names.get(" ".join(printer.window_clauses(sql.partition, sql.order, sql.frame)))
        return sql if name is None else Template("{} OVER " + name, (sql.function,))
    return with_operands(sql, lambda part: _with_named(printer, part, names))
