"""The house layout of SQL text: keywords in capitals, two spaces a level, one line while it fits, else one part a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from objectiv_local.dialects.sql.tree import (
    ARROW,
    AT_ZONE,
    CAST,
    COMPARE,
    IS,
    Binary,
    CaseWhen,
    Func,
    Number,
    Ordered,
    Postfix,
    Prefix,
    Raw,
    Sql,
    Subselect,
    Template,
    Windowed,
)

WIDTH = 100
#: Columns that the comment of a step names.
MOST_NAMED = 8


def flat(node: Sql) -> str:
    """Return ``node`` on one line."""
    match node:
        case Raw(text):
            return text
        case Number(value, is_bare):
            if is_bare:
                return str(value)
            return f"{value}::bigint" if value >= 0 else f"({value})::bigint"
        case Func(name, args, distinct, order, where, within):
            inner = ("DISTINCT " if distinct else "") + ", ".join(map(flat, args))
            if within:
                inner += f") WITHIN GROUP (ORDER BY {ordering(order)}"
            elif order:
                inner += " ORDER BY " + ordering(order)
            tail = f" FILTER (WHERE {flat(where)})" if where is not None else ""
            return f"{name}({inner}){tail}"
        case Binary(operator, strength=strength, associative=True):
            # As a list, because a chain of conditions may be thousands long.
            return f" {operator} ".join(operand(part, strength) for part in _chain(node, operator))
        case Binary(operator, left, right):
            return f"{operand(left, left_strength(node))} {operator} {operand(right, right_strength(node))}"
        case Prefix(operator, arg, strength):
            return operator + operand(arg, strength + (operator == "-"))
        case Postfix(arg, text):
            return operand(arg, postfix_strength(node)) + text
        case CaseWhen(whens, default):
            parts = [f"WHEN {flat(condition)} THEN {flat(value)}" for condition, value in whens]
            end = f" ELSE {flat(default)} END" if default is not None else " END"
            return "CASE " + " ".join(parts) + end
        case Windowed(function, partition, order, frame):
            return f"{flat(function)} OVER ({' '.join(window_clauses(partition, order, frame))})"
        case Template(pattern, args):
            return pattern.format(*map(flat, args))
        case Subselect(value, source, where):
            tail = f" WHERE {flat(where)}" if where is not None else ""
            return f"(SELECT {flat(value)} FROM {flat(source)}{tail})"
    raise AssertionError(node)


def operand(node: Sql, strength: int) -> str:
    """Return ``node`` as an operand of something that binds as strongly as ``strength``."""
    return f"({flat(node)})" if needs_parentheses(node, strength) else flat(node)


def left_strength(node: Binary) -> int:
    """Return how strongly the left operand has to bind. Comparisons do not chain."""
    return node.strength + (node.strength in (COMPARE, IS))


def right_strength(node: Binary) -> int:
    """Return how strongly the right operand has to bind."""
    return node.strength if node.associative else node.strength + 1


def postfix_strength(node: Postfix) -> int:
    """Return the precedence that the operand before a postfix needs."""
    return CAST if node.strength == CAST else AT_ZONE


def needs_parentheses(node: Sql, strength: int) -> bool:
    """Return whether ``node`` has to be parenthesised inside something that binds as strongly as ``strength``."""
    return node.precedence < strength or node.precedence == ARROW


def window_clauses(partition: Sequence[Sql], order: Sequence[Ordered], frame: str) -> list[str]:
    """Return the clauses of a window."""
    clauses = []
    if partition:
        clauses.append("PARTITION BY " + ", ".join(map(flat, partition)))
    if order:
        clauses.append("ORDER BY " + ordering(order))
    if frame:
        clauses.append(frame)
    return clauses


def ordering(order: Sequence[Ordered]) -> str:
    """Return the expressions of an ORDER BY."""
    return ", ".join(flat(key.expr) + key.suffix for key in order)


def layout(node: Sql, indent: int = 0, room: int = WIDTH) -> str:
    """Return ``node`` on one line if it fits behind ``indent`` spaces, else broken over lines of deeper indent."""
    line = flat(node)
    if len(line) + indent <= room or "\n" in line:
        return line
    pad, deeper = "\n" + " " * indent, "\n" + " " * (indent + 2)
    match node:
        case Binary(operator, strength=strength, associative=associative):
            if associative:
                shown = [_nested(part, strength, indent + 2) for part in _chain(node, operator)]
                return (pad + operator + " ").join(shown)
            return pad.join(_operands(node, indent + 2))
        case CaseWhen(whens, default):
            lines = [f"WHEN {layout(condition, indent + 4)} THEN {layout(value, indent + 4)}"
                     for condition, value in whens]
            if default is not None:
                lines.append(f"ELSE {layout(default, indent + 4)}")
            return "CASE" + "".join(deeper + text for text in lines) + pad + "END"
        case Func(within=True):
            return line
        case Func(name, args, distinct, order, where):
            inner = ("DISTINCT " if distinct else "") + ("," + deeper).join(layout(arg, indent + 2) for arg in args)
            if order:
                inner += deeper + "ORDER BY " + ordering(order)
            tail = f" FILTER (WHERE {layout(where, indent + 2)})" if where is not None else ""
            return f"{name}({deeper}{inner}{pad}){tail}" if inner else f"{name}(){tail}"
        case Windowed(function, partition, order, frame):
            clauses = window_clauses(partition, order, frame)
            return f"{layout(function, indent)} OVER ({deeper}{deeper.join(clauses)}{pad})"
        case Postfix(arg, text):
            return _nested(arg, postfix_strength(node), indent) + text
        case Template(pattern, args):
            return pattern.format(*(layout(arg, indent + 2) for arg in args))
        case Subselect(value, source, where):
            parts = [f"SELECT {layout(value, indent + 4)}", f"FROM {layout(source, indent + 2)}"]
            if where is not None:
                parts.append(f"WHERE {layout(where, indent + 4)}")
            return f"({deeper}{deeper.join(parts)}{pad})"
        case Prefix(operator, arg, strength):
            return operator + _nested(arg, strength + (operator == "-"), indent)
    return line


def _nested(node: Sql, strength: int, indent: int) -> str:
    if not needs_parentheses(node, strength):
        return layout(node, indent)
    text = layout(node, indent + 2)
    return f"({text})" if "\n" not in text else f"(\n{' ' * (indent + 2)}{text}\n{' ' * indent})"


def _operands(node: Binary, indent: int) -> list[str]:
    """Return the operands of equally strong operators from left to right, each behind its operator: a + b - c."""
    rights: list[str] = []
    left: Sql = node
    while isinstance(left, Binary) and left.strength == node.strength and not left.associative and (
            left is node or not needs_parentheses(left, left_strength(node))):
        rights.append(f"{left.operator} {_nested(left.right, right_strength(left), indent)}")
        left = left.left
    return [_nested(left, left_strength(node), indent), *reversed(rights)]


def _chain(node: Sql, operator: str) -> list[Sql]:
    parts: list[Sql] = []
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, Binary) and current.operator == operator:
            stack += [current.right, current.left]
        else:
            parts.append(current)
    return parts


def items(texts: Sequence[str], indent: int) -> str:
    """Return a list, behind a keyword: on the keyword's line if it fits, else one a line."""
    line = ", ".join(texts)
    if len(line) + indent + 8 <= WIDTH and len(texts) <= 6 and "\n" not in line:
        return " " + line
    pad = "\n" + " " * (indent + 2)
    return pad + ("," + pad).join(texts)


def indented(text: str) -> str:
    """Return text two spaces further in; lines within a quoted text or name are left as they are."""
    lines = []
    quote = ""
    for line in text.split("\n"):
        lines.append("  " + line if line and not quote else line)
        for mark in re.findall("['\"]", line):
            if mark == quote:
                quote = ""
            elif not quote:
                quote = mark
    return "\n".join(lines)


def shortened(step: str) -> str:
    """Return what a step does, with only the first of many columns that it adds."""
    names = step.removeprefix("adds ").split(", ")
    if not step.startswith("adds ") or len(names) <= MOST_NAMED:
        return step
    return f"adds {', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"


def merged(steps: list[str]) -> list[str]:
    """Return descriptions of steps with neighbors of the same kind told as one."""
    out: list[str] = []
    for step in steps:
        if out and step.startswith("adds ") and out[-1].startswith("adds "):
            out[-1] += ", " + step.removeprefix("adds ")
        elif not out or out[-1] != step:
            out.append(step)
    return out


def one_line(text: str) -> str:
    """Return text on one line, for a comment."""
    return re.sub(r"\s+", " ", text)
