"""Signatures: which argument types an operation accepts, the types to which it converts them, and the type of its result.

A signature reads ``argument types -> result type``. ``number`` is int64, float64 or decimal, ``T`` any type with an order,
``V`` any type with equality, ``any`` any type; equal letters mean equal types, with int64 widened to decimal, both to
float64, and date to timestamp. ``decimal`` also accepts int64. ``=1`` as a result is the type of the first argument including
its label. An argument with ``!`` has to be a constant, one with ``?`` can be the constant NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType
from objectiv_local.plan.ops.operation import Op
from objectiv_local.plan.ops.type_rules import NUMBERS, ORDERED_TYPES, common_type
from objectiv_local.types import FLOAT64, INT64, TYPES, Type, decimal_type

if TYPE_CHECKING:
    from objectiv_local.plan.expr import Expr

_CLASSES: dict[str, frozenset[str]] = {
    "number": NUMBERS,
    "decimal": frozenset(("int64", "decimal")),
    "T": frozenset(type_.name for type_ in ORDERED_TYPES),
    "V": frozenset(type_.name for type_ in ORDERED_TYPES),
    "any": frozenset(type_.name for type_ in TYPES),
}


def result_type(op: Op, kind: str, args: Sequence[Expr]) -> tuple[Type, tuple[Type, ...]]:
    """Return the result type of operation ``op`` on ``args``, and the types to which it converts them.

    Raises :class:`InvalidType` if no signature matches.
    """
    if (op.kind == "scalar") != (kind == "scalar"):
        raise InvalidType(f"{op.name} is {op.kind}, not {kind}")
    constant = tuple(_constancy(arg) for arg in args)
    found = _resolve(op, tuple(arg.type for arg in args), constant)
    if found is None:
        given = ", ".join(str(arg.type) for arg in args) or "nothing"
        kinds = (text.partition("->")[0].replace("!", "").replace("?", "").split() for text in op.signatures)
        accepted = " or ".join(f"({', '.join(each)})" for each in kinds)
        raise InvalidType(
            f"{op.name} cannot be computed from ({given})", hint=f"it needs {accepted}; cast an argument with astype"
        )
    return found


def _constancy(arg: Expr) -> str:
    """Return which constant an argument is: ``"!"`` for a value, ``"?"`` for NULL, and an empty string for no constant."""
    if arg.columns or arg.size > 1 or not hasattr(arg, "value"):
        return ""
    return "?" if arg.value is None else "!"


@lru_cache(maxsize=4096)
def _resolve(op: Op, types: tuple[Type, ...], constant: tuple[str, ...]) -> tuple[Type, tuple[Type, ...]] | None:
    for signature in op.signatures:
        found = match(op, signature, types, constant)
        if found is not None:
            return found
    return None


def match(op: Op, signature: str, types: tuple[Type, ...], constant: tuple[str, ...]) -> tuple[Type, tuple[Type, ...]] | None:
    """Return the types of the result and of the arguments for a signature, or None if it does not match."""
    left, _, result = (part.strip() for part in signature.partition("->"))
    wanted = left.split()
    if len(types) != len(wanted):
        return None
    bound: dict[str, list[Type]] = {}
    for word, type_, is_constant in zip(wanted, types, constant, strict=True):
        kind = word.rstrip("!?")
        if "!" in word and (not is_constant or (is_constant == "?" and "?" not in word)):
            return None
        accepted = _CLASSES.get(kind) or frozenset((kind,))
        if type_.name not in accepted:
            return None
        bound.setdefault(kind, []).append(type_)
    shared = {kind: common_type(found) for kind, found in bound.items() if kind in "TV"}
    if None in shared.values() or (bound.get("decimal") and all(type_ == INT64 for type_ in bound["decimal"])):
        return None
    if result == "decimal":
        scales = [type_.scale for type_ in types]
        final = decimal_type(sum(scales) if op.adds_scales else max(scales))
    else:
        final = types[0] if result == "=1" else (shared.get(result) or Type(result))

    def taken(kind: str, type_: Type) -> Type:
        if kind in shared:
            return shared[kind] or type_
        if kind == "number" and (final == FLOAT64 or type_.name == "decimal"):
            return FLOAT64
        return decimal_type(0) if kind == "decimal" and type_ == INT64 else type_

    return final, tuple(taken(word.rstrip("!?"), type_) for word, type_ in zip(wanted, types, strict=True))
