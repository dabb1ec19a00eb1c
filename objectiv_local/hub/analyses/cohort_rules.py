"""Rules of cohorts: what users did, combined with and, or and not; as objects and as JSON."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, Series

#: Kinds of rules in JSON, with their keys.
_KINDS: Final = {
    "did": ("event", "count", "within", "between", "first", "where"),
    "did_in_order": ("events", "within"),
    "was": ("column", "values"),
    "among": (),
    "all": (),
    "any": (),
    "not": (),
}
#: Types that a property can be compared with.
Plain = str | int | float | bool | None


@checked
class Rule:
    """A condition on a user.

    ``a & b`` is met by users who meet both, ``a | b`` by those who meet at least one, and ``~a`` by those who do not meet it.

    >>> import objectiv_local as ol
    >>> ol.did("buy", count=2) & ~ol.did("refund")
    did('buy', count=2) & ~did('refund')
    """

    __slots__ = ()

    def __and__(self, other: Rule) -> Rule:
        return All((*_parts(self, All), *_parts(other, All)))

    def __or__(self, other: Rule) -> Rule:
        return Either((*_parts(self, Either), *_parts(other, Either)))

    def __bool__(self) -> bool:
        raise InvalidType("a rule has no truth value", hint="combine rules with &, | and ~, in parentheses")

    def __invert__(self) -> Rule:
        return self.part if isinstance(self, Not) else Not(self)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Did(Rule):
    """Users with at least ``count`` events that match ``event``, in a time range."""

    event: object
    where: tuple[tuple[str, tuple[Plain, ...]], ...]
    count: int
    within: datetime.timedelta | None
    between: tuple[object, object] | None
    first: datetime.timedelta | None

    def __repr__(self) -> str:
        given = [] if self.event is None else [_shown(self.event)]
        where = {name: values[0] if len(values) == 1 else list(values) for name, values in self.where}
        given += [f"where={where!r}"] * bool(where)
        given += [f"count={self.count}"] * (self.count > 1)
        given += [f"{name}={value!r}" for name in ("within", "between", "first") if (value := getattr(self, name)) is not None]
        return f"did({', '.join(given)})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class InOrder(Rule):
    """Users with a matching event for each of several conditions, in order."""

    events: tuple[object, ...]
    within: datetime.timedelta | None

    def __repr__(self) -> str:
        ends = "" if self.within is None else f", within={self.within!r}"
        return f"did_in_order({', '.join(map(_shown, self.events))}{ends})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Was(Rule):
    """Users whose last known value of a column is one of several values."""

    column: str
    values: tuple[Plain, ...]

    def __repr__(self) -> str:
        return f"was({self.column!r}, {', '.join(map(repr, self.values))})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Among(Rule):
    """Users in a frame of users, or in a list of ids."""

    users: object

    def __repr__(self) -> str:
        return f"among({_shown(self.users)})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class All(Rule):
    """Users who meet all of several rules."""

    parts: tuple[Rule, ...]

    def __repr__(self) -> str:
        return " & ".join(f"({part})" if isinstance(part, Either) else repr(part) for part in self.parts)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Either(Rule):
    """Users who meet at least one of several rules."""

    parts: tuple[Rule, ...]

    def __repr__(self) -> str:
        return " | ".join(f"({part})" if isinstance(part, All) else repr(part) for part in self.parts)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Not(Rule):
    """Users who do not meet a rule."""

    part: Rule

    def __repr__(self) -> str:
        return f"~({self.part})" if isinstance(self.part, All | Either) else f"~{self.part}"


@checked
def did(
    event: object = None,
    count: int = 1,
    *,
    within: datetime.timedelta | None = None,
    between: tuple[object, object] | None = None,
    first: datetime.timedelta | None = None,
    where: Mapping[str, object] | None = None,
) -> Rule:
    """Return the rule that a user has at least ``count`` events that match ``event``.

    ``event`` is an event type, a list of event types, a bool series of the event frame or a function of it; any event by
    default. ``where`` also requires columns to have a value: it maps each column to a value or a list of values. The other
    arguments limit the events by time: ``within`` to those at most that long before ``as_of``, ``between`` to those from a
    first day or moment (inclusive) to a second one (exclusive), and ``first`` to those less than that long after the user's
    first event. A user enters with the event that completes the count.

    Raises InvalidValue for a count below 1, a duration that is not positive, and values that cannot be compared.

    Definition: behavioral cohorts of Amplitude and Mixpanel.

    >>> import datetime
    >>> import objectiv_local as ol
    >>> ol.did("buy", count=2, within=datetime.timedelta(days=30), where={"country": ["NL", "BE"]})
    did('buy', where={'country': ['NL', 'BE']}, count=2, within=datetime.timedelta(days=30))
    """
    if isinstance(count, bool) or not 1 <= count <= 1_000_000_000:
        raise InvalidValue(f"count of did is {count}, and has to be at least 1", hint="use did_not for users without the event")
    _positive("did", within=within, first=first)
    _checked_event(event, "event of did")
    tests = tuple((str(name), _values(value, f"where of did for column {name!r}")) for name, value in (where or {}).items())
    return Did(event, tests, count, within, None if between is None else (between[0], between[1]), first)


@checked
def did_not(
    event: object = None,
    count: int = 1,
    *,
    within: datetime.timedelta | None = None,
    between: tuple[object, object] | None = None,
    first: datetime.timedelta | None = None,
    where: Mapping[str, object] | None = None,
) -> Rule:
    """Return the rule that a user has fewer than ``count`` events that match ``event``, the same as ``~did(...)``.

    Takes the arguments of ``did``. Only users with at least one event of any kind count; they enter with their first event.

    >>> import objectiv_local as ol
    >>> ol.did("view") & ol.did_not("buy")
    did('view') & ~did('buy')
    """
    return ~did(event, count, within=within, between=between, first=first, where=where)


@checked
def did_in_order(*events: object, within: datetime.timedelta | None = None) -> Rule:
    """Return the rule that a user has an event for each of ``events``, in this order; other events may lie in between.

    ``within`` is the maximum time between the first and the last of them. Events at the same moment are ordered by id. A user
    enters with the first event that completes a sequence.

    Raises InvalidValue without events, for more than 20 events, and for a duration that is not positive.

    >>> import objectiv_local as ol
    >>> ol.did_in_order("view", "buy")
    did_in_order('view', 'buy')
    """
    if not 1 <= len(events) <= 20:
        raise InvalidValue(f"did_in_order takes from 1 to 20 events, not {len(events)}", hint="did_in_order('view', 'buy')")
    for number, each in enumerate(events, 1):
        _checked_event(each, f"event {number} of did_in_order")
    _positive("did_in_order", within=within)
    return InOrder(events, within)


@checked
def was(column: str, *values: str | float | bool) -> Rule:
    """Return the rule that the last value of a column that is not missing is one of ``values``.

    Of several events at the same moment, the one with the largest id is the last. A user enters with the last event that has a
    value in the column.

    Raises InvalidValue without values and for missing ones.

    >>> import objectiv_local as ol
    >>> ol.was("country", "NL", "BE")
    was('country', 'NL', 'BE')
    """
    if not values or any(each is None for each in values):
        raise InvalidValue("was takes at least one value, and no missing values", hint="for instance was('country', 'NL')")
    return Was(column, _values(list(values), "a value of was"))


@checked
def among(users: object) -> Rule:
    """Return the rule that a user is in a frame of users (such as a cohort, or ``users()`` of an analysis) or in a list of ids.

    Users of a frame enter at the moment in its column ``entered_at``, if it has one, and otherwise with their first event.

    >>> import objectiv_local as ol
    >>> ol.among(["a", "b"]) & ol.did("buy")
    among(['a', 'b']) & did('buy')
    """
    if isinstance(users, list | tuple | set | frozenset):
        found = _values(sorted(users, key=str) if isinstance(users, set | frozenset) else list(users), "a user of among")
        if not found or any(each is None for each in found):
            raise InvalidValue(
                "users of among have to be at least one id, and none can be missing", hint="for instance among(['a'])"
            )
        return Among(found)
    if hasattr(users, "index_columns"):
        return Among(users)
    raise InvalidType(
        f"users of among have to be a frame of users or a list of ids, not {in_words(users)}",
        hint="for instance hub.funnel(...).users(step=2)",
    )


def written_rule(rule: Rule, write: Callable[[object], Any]) -> dict[str, Any]:
    """Return a rule as JSON values; ``write`` converts a condition, a duration, a moment or a frame."""
    match rule:
        case Did():
            given: dict[str, object] = {
                "event": rule.event,
                "count": None if rule.count == 1 else rule.count,
                "within": rule.within,
                "between": None if rule.between is None else list(rule.between),
                "first": rule.first,
            }
            found = {name: write(value) for name, value in given.items() if value is not None}
            return {"did": found | ({"where": {name: list(values) for name, values in rule.where}} if rule.where else {})}
        case InOrder():
            found = {"events": [write(each) for each in rule.events]}
            return {"did_in_order": found | ({} if rule.within is None else {"within": write(rule.within)})}
        case Was():
            return {"was": {"column": rule.column, "values": list(rule.values)}}
        case Among():
            return {"among": list(rule.users) if isinstance(rule.users, tuple) else write(rule.users)}
        case All():
            return {"all": [written_rule(part, write) for part in rule.parts]}
        case Either():
            return {"any": [written_rule(part, write) for part in rule.parts]}
        case Not():
            return {"not": written_rule(rule.part, write)}
    raise AssertionError(rule)


def read_rule(found: object, reads: Callable[[Any], Any]) -> Rule:
    """Return the rule of JSON values from :func:`written_rule`. Raises InvalidValue and InvalidType for other values."""
    if not isinstance(found, dict) or len(found) != 1:
        raise InvalidValue(
            f"a rule cannot be read: it has to be an object with one key, not {in_words(found)}",
            hint='for instance {"did": {"event": "buy"}}',
        )
    ((kind, given),) = found.items()
    if kind not in _KINDS:
        raise InvalidValue(f"a rule cannot be read: unknown kind of rule {kind!r}", hint=near(str(kind), _KINDS))
    if kind == "not":
        return ~read_rule(given, reads)
    if kind == "among":
        return among(given if isinstance(given, list) else reads(given))
    if kind in ("all", "any"):
        if not isinstance(given, list) or not given:
            raise InvalidValue(
                f"a rule cannot be read: {kind} has to be a list of rules, not {in_words(given)}", hint="give a list"
            )
        parts = tuple(read_rule(each, reads) for each in given)
        return All(parts) if kind == "all" else Either(parts)
    if not isinstance(given, dict):
        raise InvalidValue(
            f"a rule cannot be read: {kind} has to be an object, not {in_words(given)}",
            hint='for instance {"did": {"event": "buy"}}',
        )
    unknown = [name for name in given if name not in _KINDS[kind]]
    if unknown:
        raise InvalidValue(f"a rule cannot be read: {kind} has no key {unknown[0]!r}", hint=near(str(unknown[0]), _KINDS[kind]))
    as_given = ("where", "values", "column")
    options: dict[str, Any] = {name: value if name in as_given else reads(value) for name, value in given.items()}
    if kind == "did":
        return did(**options)
    items = options.pop("events" if kind == "did_in_order" else "values", [])
    if not isinstance(items, list):
        raise InvalidValue(f"a rule cannot be read: {kind} needs a list, not {in_words(items)}", hint="give a list")
    return did_in_order(*items, **options) if kind == "did_in_order" else was(options.pop("column", None), *items)


def _checked_event(event: object, what: str) -> None:
    """Raise InvalidType for a value that cannot be a condition; the rest is checked once the events are known."""
    is_list = isinstance(event, list | tuple | set | frozenset) and event and all(isinstance(each, str) for each in event)
    is_other = event is None or isinstance(event, str | Series | DataFrame) or callable(event) or hasattr(event, "members")
    if not is_list and not is_other:
        raise InvalidType(
            f"{what} is {in_words(event)}",
            hint="give an event type, a list of them, a bool series of the event frame, a function of it, or a frame of users",
        )


def _values(value: object, what: str) -> tuple[Plain, ...]:
    found: list[Any] = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
    for each in found:
        if each is not None and not isinstance(each, str | int | float | bool):
            raise InvalidType(f"{what} is {in_words(each)}", hint="give strings, numbers, bools or None")
    if not found:
        raise InvalidValue(f"{what} has no values", hint="give at least one")
    return tuple(found)


def _positive(name: str, **spans: datetime.timedelta | None) -> None:
    for each, span in spans.items():
        if span is not None and span <= datetime.timedelta(0):
            raise InvalidValue(
                f"{each} of {name} is {span}, and has to be positive", hint="for instance datetime.timedelta(days=30)"
            )


def _parts(rule: Rule, kind: type[All | Either]) -> tuple[Rule, ...]:
    return rule.parts if isinstance(rule, kind) else (rule,)


def _shown(value: object) -> str:
    if isinstance(value, str | list):
        return repr(value)
    if isinstance(value, tuple):
        return repr(list(value))
    own = getattr(value, "__name__", "")
    return own if own.isidentifier() else f"<{type(value).__name__}>"
