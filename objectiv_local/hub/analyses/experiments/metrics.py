"""Metrics of units: whether an event happened, totals, and ratios of two totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from objectiv_local.arguments import in_words
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import case, expr_of, literal, series_of, state_of
from objectiv_local.hub.analyses.base.event_values import number_of
from objectiv_local.hub.conditions import Condition, condition

PROPORTION, MEAN, RATIO = "proportion", "mean", "ratio"
_FORMS: Final = (
    "give a condition for a proportion, ('count', condition) or ('sum', column) for a mean, or ('ratio', "
    "numerator, denominator) of two of these; for several metrics a mapping, {'orders': ('count', 'buy')}"
)


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over the events of a unit: a float for each event. ``rule`` describes it in words."""

    value: Series
    rule: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its name, its kind, and its sums; a ratio has a numerator and a denominator."""

    name: str
    kind: str
    totals: tuple[Total, ...]

    @property
    def rule(self) -> str:
        """The metric in words."""
        if self.kind == PROPORTION:
            return f"the share of units with an event that matches {self.totals[0].rule}"
        if self.kind == MEAN:
            return f"the mean over units of {self.totals[0].rule}"
        return f"{self.totals[0].rule} divided by {self.totals[1].rule}, both over all units"


def metrics_of(given: object, data: DataFrame, what: str, unit: tuple[str, ...]) -> tuple[Metric, ...]:
    """Return the metrics of an argument: one, or several by name. Raises InvalidType and InvalidValue."""
    if not isinstance(given, Mapping):
        return (_metric(None, given, data, what, unit),)
    if not given:
        raise InvalidValue(f"{what} is an empty mapping", hint=_FORMS)
    for name in given:
        if not isinstance(name, str) or not name:
            raise InvalidType(f"names of {what} have to be strings, not {in_words(name)}", hint=_FORMS)
    return tuple(_metric(name, each, data, f"{what} {name!r}", unit) for name, each in given.items())


def _metric(name: str | None, given: object, data: DataFrame, what: str, unit: tuple[str, ...]) -> Metric:
    if isinstance(given, list) and given[:1] in (["ratio"], ["count"], ["sum"]) and len(given) > 1:
        given = tuple(given)  # from JSON and YAML, which have no tuples
    if isinstance(given, tuple | list) and len(given) == 2 and given[1] in data.data_columns and not _is_total(given):
        raise InvalidType(f"{what} is {in_words(given)}, which is not a metric of column {given[1]!r}", hint=_FORMS)
    if isinstance(given, tuple) and given[:1] == ("ratio",):
        if len(given) != 3:
            raise InvalidType(
                f"{what} is a ratio of {len(given) - 1} parts, and has to have a numerator and a denominator",
                hint="for instance ('ratio', ('sum', 'amount'), ('count', 'buy'))",
            )
        parts = tuple(
            _total(each, data, f"{place} of {what}", unit)
            for place, each in zip(("numerator", "denominator"), given[1:], strict=True)
        )
        return Metric(name or f"{parts[0].value.name} / {parts[1].value.name}", RATIO, parts)
    if _is_total(given):
        total = _total(given, data, what, unit)
        return Metric(name or str(total.value.name), MEAN, (total,))
    total = _flagged(_condition(given, data, what, unit))
    return Metric(name or str(total.value.name), PROPORTION, (total,))


def _is_total(given: object) -> bool:
    return isinstance(given, tuple) and given[:1] in (("count",), ("sum",))


def _total(given: object, data: DataFrame, what: str, unit: tuple[str, ...]) -> Total:
    """Return the sum of a metric: over events that match a condition, or over a column of these."""
    if not isinstance(given, tuple) or not _is_total(given):
        counted = _flagged(_condition(given, data, what, unit))
        return Total(counted.value, f"the number of events that match {counted.rule}", counted.types)
    kind, *rest = given
    if (kind == "count" and len(rest) != 1) or (kind == "sum" and len(rest) not in (1, 2)):
        raise InvalidType(
            f"{what} is {in_words(given)}", hint="give ('count', condition), ('sum', column) or ('sum', column, condition)"
        )
    if kind == "count":
        return _total(rest[0], data, what, unit)
    number = number_of(rest[0], data, what, "for instance ('sum', 'amount')")
    if len(rest) == 1:
        return Total(number, f"the sum of {number.name}", ())
    test = _condition(rest[1], data, what, unit)
    rule = f"the sum of {number.name} over events that match {test.title}"
    return Total(number.where(test.holds, 0.0).rename(number.name), rule, test.types)


def _condition(given: object, data: DataFrame, what: str, unit: tuple[str, ...]) -> Condition:
    try:
        return condition(given, data, what, unit)
    except InvalidType as error:
        raise InvalidType(error.what, hint=error.hint if callable(given) or isinstance(given, Series) else _FORMS) from None


def _flagged(test: Condition) -> Total:
    holds = expr_of(test.holds)
    value = series_of(state_of(test.holds), case([(holds, literal(1.0))], literal(0.0)), test.name)
    return Total(value, test.title, test.types)
