"""The layout of SQL: keywords in capitals, two spaces per level, one line if it fits, otherwise one part per line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from objectiv_local.dialects.sql.tree import (
    ARROW,
    AT_ZONE,
    CAST,
    COMPARE,
    IS,
    Binary,
    CaseWhen,
    Cast,
    Fixed,
    From,
    Func,
    Name,
    Number,
    Ordered,
    Postfix,
    Prefix,
    Raw,
    Sql,
    Subselect,
    Template,
    Text,
    Windowed,
)
from objectiv_local.types import INT64, Type

WIDTH = 100
#: Maximum number of columns that the comment of a step lists.
MOST_NAMED = 8


def left_strength(node: Binary) -> int:
    """Return the minimum precedence of the left operand. Comparisons do not chain."""
    return node.strength + (node.strength in (COMPARE, IS))


def right_strength(node: Binary) -> int:
    """Return the minimum precedence of the right operand."""
    return node.strength if node.associative else node.strength + 1


def postfix_strength(node: Postfix) -> int:
    """Return the minimum precedence of the operand before a postfix."""
    return CAST if node.strength == CAST else AT_ZONE


def needs_parentheses(node: Sql, strength: int) -> bool:
    """Return whether ``node`` has to be parenthesized inside an operator with the precedence ``strength``."""
    return node.precedence < strength or node.precedence == ARROW


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


class Style(Protocol):
    """The differences between engines in the SQL of a tree."""

    def text(self, value: str) -> str:
        """Return a string literal."""

    def type_name(self, type_: Type) -> str:
        """Return the name of a type."""


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints trees as SQL, in the style of one engine."""

    style: Style

    def flat(self, node: Sql) -> str:
        """Return ``node`` on one line."""
        match node:
            case Raw(text) | From(text):
                return text
            case Name(text, source):
                return f"{source}.{text}" if source else text
            case Text(value):
                return self.style.text(value)
            case Number(value, is_bare):
                if is_bare:
                    return str(value)
                return (str(value) if value >= 0 else f"({value})") + self._suffix(INT64)
            case Cast(arg, type_):
                return self.operand(arg, CAST) + self._suffix(type_)
            case Fixed(arg):
                return self.flat(arg)
            case Func(name, args, distinct, order, where, within):
                inner = ("DISTINCT " if distinct else "") + ", ".join(map(self.flat, args))
                if within:
                    inner += f") WITHIN GROUP (ORDER BY {self.ordering(order)}"
                elif order:
                    inner += " ORDER BY " + self.ordering(order)
                tail = f" FILTER (WHERE {self.flat(where)})" if where is not None else ""
                return f"{name}({inner}){tail}"
            case Binary(operator, strength=strength, associative=True):
                # As a list, because a chain of conditions may have thousands of parts.
                return f" {operator} ".join(self.operand(part, strength) for part in _chain(node, operator))
            case Binary(operator, left, right):
                return f"{self.operand(left, left_strength(node))} {operator} {self.operand(right, right_strength(node))}"
            case Prefix(operator, arg, strength):
                return operator + self.operand(arg, strength + (operator == "-"))
            case Postfix(arg, text):
                return self.operand(arg, postfix_strength(node)) + text
            case CaseWhen(whens, default):
                parts = [f"WHEN {self.flat(condition)} THEN {self.flat(value)}" for condition, value in whens]
                end = f" ELSE {self.flat(default)} END" if default is not None else " END"
                return "CASE " + " ".join(parts) + end
            case Windowed(function, partition, order, frame):
                return f"{self.flat(function)} OVER ({' '.join(self.window_clauses(partition, order, frame))})"
            case Template(pattern, args):
                return pattern.format(*map(self.flat, args))
            case Subselect(value, source, where):
                tail = f" WHERE {self.flat(where)}" if where is not None else ""
                return f"(SELECT {self.flat(value)} FROM {self.flat(source)}{tail})"
        raise AssertionError(node)

    def _suffix(self, type_: Type | str) -> str:
        return f"::{type_ if isinstance(type_, str) else self.style.type_name(type_)}"

    def operand(self, node: Sql, strength: int) -> str:
        """Return ``node`` as an operand of an operator with the precedence ``strength``."""
        return f"({self.flat(node)})" if needs_parentheses(node, strength) else self.flat(node)

    def window_clauses(self, partition: Sequence[Sql], order: Sequence[Ordered], frame: str) -> list[str]:
        """Return the clauses of a window."""
        clauses = []
        if partition:
            clauses.append("PARTITION BY " + ", ".join(map(self.flat, partition)))
        if order:
            clauses.append("ORDER BY " + self.ordering(order))
        if frame:
            clauses.append(frame)
        return clauses

    def ordering(self, order: Sequence[Ordered]) -> str:
        """Return the expressions of an ORDER BY."""
        return ", ".join(self.flat(key.expr) + key.suffix for key in order)

    def layout(self, node: Sql, indent: int = 0, room: int = WIDTH) -> str:
        """Return ``node`` on one line if it fits after ``indent`` spaces, otherwise on several lines, indented deeper."""
        line = self.flat(node)
        if len(line) + indent <= room or "\n" in line:
            return line
        pad, deeper = "\n" + " " * indent, "\n" + " " * (indent + 2)
        match node:
            case Binary(operator, strength=strength, associative=associative):
                if associative:
                    shown = [self._nested(part, strength, indent + 2) for part in _chain(node, operator)]
                    return (pad + operator + " ").join(shown)
                return pad.join(self._operands(node, indent + 2))
            case CaseWhen(whens, default):
                lines = [
                    f"WHEN {self.layout(condition, indent + 4)} THEN {self.layout(value, indent + 4)}"
                    for condition, value in whens
                ]
                if default is not None:
                    lines.append(f"ELSE {self.layout(default, indent + 4)}")
                return "CASE" + "".join(deeper + text for text in lines) + pad + "END"
            case Func(within=True):
                return line
            case Func(name, args, distinct, order, where):
                inner = ("DISTINCT " if distinct else "") + ("," + deeper).join(self.layout(arg, indent + 2) for arg in args)
                if order:
                    inner += deeper + "ORDER BY " + self.ordering(order)
                tail = f" FILTER (WHERE {self.layout(where, indent + 2)})" if where is not None else ""
                return f"{name}({deeper}{inner}{pad}){tail}" if inner else f"{name}(){tail}"
            case Windowed(function, partition, order, frame):
                clauses = self.window_clauses(partition, order, frame)
                return f"{self.layout(function, indent)} OVER ({deeper}{deeper.join(clauses)}{pad})"
            case Postfix(arg, text):
                return self._nested(arg, postfix_strength(node), indent) + text
            case Cast(arg, type_):
                return self._nested(arg, CAST, indent) + self._suffix(type_)
            case Template(pattern, args):
                return pattern.format(*(self.layout(arg, indent + 2) for arg in args))
            case Subselect(value, source, where):
                parts = [f"SELECT {self.layout(value, indent + 4)}", f"FROM {self.layout(source, indent + 2)}"]
                if where is not None:
                    parts.append(f"WHERE {self.layout(where, indent + 4)}")
                return f"({deeper}{deeper.join(parts)}{pad})"
            case Prefix(operator, arg, strength):
                return operator + self._nested(arg, strength + (operator == "-"), indent)
        return line

    def _nested(self, node: Sql, strength: int, indent: int) -> str:
        if not needs_parentheses(node, strength):
            return self.layout(node, indent)
        text = self.layout(node, indent + 2)
        return f"({text})" if "\n" not in text else f"(\n{' ' * (indent + 2)}{text}\n{' ' * indent})"

    def _operands(self, node: Binary, indent: int) -> list[str]:
        """Return the operands of operators of equal precedence from left to right, each after its operator: a + b - c."""
        rights: list[str] = []
        left: Sql = node
        while (
            isinstance(left, Binary)
            and left.strength == node.strength
            and not left.associative
            and (left is node or not needs_parentheses(left, left_strength(node)))
        ):
            rights.append(f"{left.operator} {self._nested(left.right, right_strength(left), indent)}")
            left = left.left
        return [self._nested(left, left_strength(node), indent), *reversed(rights)]


def items(texts: Sequence[str], indent: int) -> str:
    """Return a list after a keyword: on the keyword's line if it fits, otherwise one item per line."""
    line = ", ".join(texts)
    if len(line) + indent + 8 <= WIDTH and len(texts) <= 6 and "\n" not in line:
        return " " + line
    pad = "\n" + " " * (indent + 2)
    return pad + ("," + pad).join(texts)


def indented(text: str) -> str:
    """Return SQL indented by two spaces; lines within a quoted string or name are unchanged."""
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
    """Return the description of a step, with only the first of many columns that it adds."""
    names = step.removeprefix("adds ").split(", ")
    if not step.startswith("adds ") or len(names) <= MOST_NAMED:
        return step
    return f"adds {', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"


def merged(steps: list[str]) -> list[str]:
    """Return descriptions of steps, with consecutive ones of the same kind combined."""
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
