"""Replacing values of a series: by a mapping, or by lists of old and new values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import InvalidValue
from objectiv_local.frame.values import is_listed
from objectiv_local.plan.expr import Expr, call, case, literal
from objectiv_local.types import python_value

if TYPE_CHECKING:
    from objectiv_local.frame.series.base import Series


def mapped(series: Series, mapping: Mapping[object, object]) -> Expr:
    """Return the values of the mapping for each value as the key; missing for values that are not keys."""
    if not mapping:
        raise InvalidValue("the mapping for map is empty")
    return case([(call("eq", series._expr, series._literal(old, "map")), literal(new)) for old, new in mapping.items()])


def replaced(series: Series, to_replace: Any, value: object) -> Expr:
    """Return the values with some replaced; see Series.replace. Raises InvalidValue for lists of different lengths."""
    whens = []
    for old, new in _pairs(to_replace, value):
        is_old = (
            call("is_null", series._expr)
            if python_value(old) is None
            else call("eq", series._expr, series._literal(old, "replace"))
        )
        made = literal(None, series._expr.type) if python_value(new) is None else series._literal(new, "replace")
        whens.append((is_old, made))
    return case(whens, series._expr) if whens else series._expr


def _pairs(to_replace: Any, value: Any) -> Iterable[tuple[object, object]]:
    if isinstance(to_replace, Mapping):
        if value is not None:
            raise InvalidValue("replace needs a mapping of old values to new ones, or a single new value, not both")
        return to_replace.items()
    olds = list(to_replace) if is_listed(to_replace) else [to_replace]
    news = list(value) if is_listed(to_replace) and is_listed(value) else [value] * len(olds)
    if len(news) != len(olds):
        raise InvalidValue(
            f"{len(olds)} values cannot be replaced with {len(news)} values", hint="pass one new value for all, or one for each"
        )
    return zip(olds, news, strict=True)
