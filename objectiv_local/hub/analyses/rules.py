"""Rules of cohorts: what a user did, and, or and not; as objects and as JSON."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import InvalidType, InvalidValue, near

VERSION: Final = 1
#: What a property may be compared with.
Plain = str | int | float | bool | None


@checked
class Rule:
    """A rule that a user meets or not.

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

    def __invert__(self) -> Rule:
        return self.part if isinstance(self, Not) else Not(self)

    def to_json(self) -> str:
        """Return the rule as JSON text, which ``Rule.from_json`` reads.

        Raises InvalidValue for a condition that is a function or a series, and for a frame of users: these have no JSON.
        """
        return json.dumps({"version": VERSION, "rule": written(self)}, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Rule:
        """Return the rule of JSON text that ``to_json`` wrote. Raises InvalidValue for other text.

        >>> import objectiv_local as ol
        >>> Rule.from_json((~ol.did("refund")).to_json())
        ~did('refund')
        """
        try:
            found = json.loads(text)
        except ValueError as error:
            raise InvalidValue(f"a rule cannot be read: the text is not JSON: {error}",
                               hint="write it with rule.to_json()") from None
        if not isinstance(found, dict) or found.get("version") != VERSION:
            raise InvalidValue(f"a rule cannot be read: it has no version, or another one than {VERSION}",
                               hint="write it with rule.to_json()")
        return read(found.get("rule"))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Did(Rule):
    """Users with at least ``count`` events for which ``event`` holds, in a range of time."""

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
    """Users with an event for each of several conditions, one after the other."""

    events: tuple[object, ...]
    within: datetime.timedelta | None

    def __repr__(self) -> str:
        ends = "" if self.within is None else f", within={self.within!r}"
        return f"did_in_order({', '.join(map(_shown, self.events))}{ends})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Was(Rule):
    """Users of whom the last known value of a column is one of several."""

    column: str
    values: tuple[Plain, ...]

    def __repr__(self) -> str:
        return f"was({self.column!r}, {', '.join(map(repr, self.values))})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Among(Rule):
    """Users of a frame of users, or of a list of ids."""

    users: object

    def __repr__(self) -> str:
        return f"among({_shown(self.users)})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class All(Rule):
    """Users who meet every one of several rules."""

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
def did(event: object = None, count: int = 1, *, within: datetime.timedelta | None = None,
        between: tuple[object, object] | None = None, first: datetime.timedelta | None = None,
        where: Mapping[str, object] | None = None) -> Rule:
    """Return the rule that a user has at least ``count`` events for which ``event`` holds.

    ``event`` is an event type, a list of them, a bool series of the event frame or a function of it; any event by default.
    ``where`` maps columns to the value, or the list of values, that they must have too. ``within`` counts the events from that
    long before ``as_of`` on, ``between`` those from the first day or moment to the second one, exclusive, and ``first`` those
    in that long a time from the first event of the user on, exclusive. A user enters with the event that completes the count.

    Raises InvalidValue for a count below 1, a time that is not above 0 and values that cannot be compared.

    Definition: behavioral cohorts of Amplitude and Mixpanel.

    >>> import datetime
    >>> import objectiv_local as ol
    >>> ol.did("buy", count=2, within=datetime.timedelta(days=30), where={"country": ["NL", "BE"]})
    did('buy', where={'country': ['NL', 'BE']}, count=2, within=datetime.timedelta(days=30))
    """
    if isinstance(count, bool) or not 1 <= count <= 1_000_000_000:
        raise InvalidValue(f"count of did is {count}, and must be at least 1", hint="use did_not for none at all")
    _positive("did", within=within, first=first)
    tests = tuple((str(name), _values(value, f"where of did for column {name!r}")) for name, value in (where or {}).items())
    return Did(event, tests, count, within, None if between is None else (between[0], between[1]), first)


@checked
def did_not(event: object = None, count: int = 1, *, within: datetime.timedelta | None = None,
            between: tuple[object, object] | None = None, first: datetime.timedelta | None = None,
            where: Mapping[str, object] | None = None) -> Rule:
    """Return the rule that a user has fewer than ``count`` events for which ``event`` holds: that is ``~did(...)``.

    Arguments are those of ``did``. Users have at least one event of any kind, with which they enter.

    >>> import objectiv_local as ol
    >>> ol.did("view") & ol.did_not("buy")
    did('view') & ~did('buy')
    """
    return ~did(event, count, within=within, between=between, first=first, where=where)


@checked
def did_in_order(*events: object, within: datetime.timedelta | None = None) -> Rule:
    """Return the rule that a user has an event for each of ``events``, one after the other; others may lie between.

    ``within`` is how long after the first of them the last one may be. Events at one moment are in the order of their ids. A
    user enters with the first event that completes a sequence.

    Raises InvalidValue for fewer than two events, more than 20, and a time that is not above 0.

    >>> import objectiv_local as ol
    >>> ol.did_in_order("view", "buy")
    did_in_order('view', 'buy')
    """
    if not 2 <= len(events) <= 20:
        raise InvalidValue(f"did_in_order takes from 2 to 20 events, not {len(events)}", hint="did('buy') is for a single one")
    _positive("did_in_order", within=within)
    return InOrder(events, within)


@checked
def was(column: str, *values: str | float | bool) -> Rule:
    """Return the rule that the last known value of a column is one of ``values``; missing values are not known ones.

    Of events at one moment, the one with the largest id is the last. A user enters with the last event that has a value.

    Raises InvalidValue without values.

    >>> import objectiv_local as ol
    >>> ol.was("country", "NL", "BE")
    was('country', 'NL', 'BE')
    """
    if not values:
        raise InvalidValue("was takes at least one value", hint="for instance was('country', 'NL')")
    return Was(column, _values(list(values), "a value of was"))


@checked
def among(users: object) -> Rule:
    """Return the rule that a user is in a frame of users, such as another cohort or ``users()`` of an analysis, or in a list.

    Users of a frame enter with its column ``entered_at`` if it has one, and otherwise with their first event.

    >>> import objectiv_local as ol
    >>> ol.among(["a", "b"]) & ol.did("buy")
    among(['a', 'b']) & did('buy')
    """
    if isinstance(users, list | tuple | set | frozenset):
        found = _values(sorted(users, key=str) if isinstance(users, set | frozenset) else list(users), "a user of among")
        if not found or None in found:
            raise InvalidValue("users of among are ids that are not missing, and at least one",
                               hint="for instance among(['a'])")
        return Among(found)
    if hasattr(users, "index_columns"):
        return Among(users)
    raise InvalidType(f"users of among are a frame of users or a list of ids, not {in_words(users)}",
                      hint="for instance hub.funnel(...).users(step=2)")


def written(rule: Rule) -> dict[str, Any]:
    """Return a rule as values that JSON has."""
    match rule:
        case Did():
            found: dict[str, Any] = {}
            if rule.event is not None:
                found["event"] = _types(rule.event)
            if rule.where:
                found["where"] = {name: list(values) for name, values in rule.where}
            if rule.count > 1:
                found["count"] = rule.count
            if rule.between is not None:
                found["between"] = [None if each is None else str(each) for each in rule.between]
            for name in ("within", "first"):
                span = getattr(rule, name)
                if span is not None:
                    found[f"{name}_seconds"] = span.total_seconds()
            return {"did": found}
        case InOrder():
            found = {"events": [_types(each) for each in rule.events]}
            return {"did_in_order": found | ({} if rule.within is None else {"within_seconds": rule.within.total_seconds()})}
        case Was():
            return {"was": {"column": rule.column, "values": list(rule.values)}}
        case Among(tuple() as users):
            return {"among": list(users)}
        case Among():
            raise InvalidValue("a rule with a frame of users cannot be saved",
                               hint="give the rule that the users meet, or a list")
        case All(parts):
            return {"all": [written(part) for part in parts]}
        case Either(parts):
            return {"any": [written(part) for part in parts]}
        case Not(part):
            return {"not": written(part)}
    raise AssertionError(rule)


def read(found: object) -> Rule:
    """Return the rule of values that :func:`written` returned. Raises InvalidValue for others."""
    if not isinstance(found, dict) or len(found) != 1:
        raise InvalidValue(f"a rule cannot be read: {in_words(found)} is not one", hint="a rule is an object with one member")
    ((kind, given),) = found.items()
    if kind in ("all", "any") and isinstance(given, list) and given:
        parts = tuple(read(each) for each in given)
        return All(parts) if kind == "all" else Either(parts)
    if kind == "not":
        return ~read(given)
    if kind == "among" and isinstance(given, list):
        return among(given)
    if kind in _READERS and isinstance(given, dict):
        return _READERS[kind](dict(given))
    raise InvalidValue(f"a rule cannot be read: {str(kind)!r} with {in_words(given)}",
                       hint=near(str(kind), ("did", "did_in_order", "was", "among", "all", "any", "not")))


def _read_did(given: dict[str, Any]) -> Rule:
    between = given.pop("between", None)
    options: dict[str, Any] = {name: given.pop(name) for name in ("event", "count", "where") if name in given}
    options |= _spans(given, "within", "first")
    _none_left(given)
    if between is not None and (not isinstance(between, list) or len(between) != 2):
        raise InvalidValue(f"a rule cannot be read: between is {in_words(between)}", hint="a list of two days or moments")
    return did(**options, between=None if between is None else (between[0], between[1]))


def _read_in_order(given: dict[str, Any]) -> Rule:
    events = given.pop("events", [])
    spans = _spans(given, "within")
    _none_left(given)
    return did_in_order(*events, **spans)


def _read_was(given: dict[str, Any]) -> Rule:
    column, values = given.pop("column", None), given.pop("values", [])
    _none_left(given)
    return was(column, *values)


_READERS: Final = {"did": _read_did, "did_in_order": _read_in_order, "was": _read_was}


def _spans(given: dict[str, Any], *names: str) -> dict[str, datetime.timedelta]:
    found = {}
    for name in names:
        seconds = given.pop(f"{name}_seconds", None)
        if seconds is None:
            continue
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 1e11:
            raise InvalidValue(f"a rule cannot be read: {name}_seconds is {in_words(seconds)}", hint="a number above 0")
        found[name] = datetime.timedelta(seconds=seconds)
    return found


def _none_left(given: Mapping[str, object]) -> None:
    if given:
        raise InvalidValue(f"a rule cannot be read: it has no member {next(iter(given))!r}",
                           hint="write it with rule.to_json()")


def _types(event: object) -> str | list[str]:
    if isinstance(event, str):
        return event
    if isinstance(event, Sequence) and all(isinstance(each, str) for each in event):
        return list(event)
    raise InvalidValue(f"a rule with a condition given as {in_words(event)} cannot be saved",
                       hint="give event types, and properties by where={'country': 'NL'}")


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
            raise InvalidValue(f"{each} of {name} is {span}, and must be above 0",
                               hint="for instance datetime.timedelta(days=30)")


def _parts(rule: Rule, kind: type[All | Either]) -> tuple[Rule, ...]:
    return rule.parts if isinstance(rule, kind) else (rule,)


def _shown(value: object) -> str:
    if isinstance(value, str | list):
        return repr(value)
    if isinstance(value, tuple):
        return repr(list(value))
    own = getattr(value, "__name__", "")
    return own if own.isidentifier() else f"<{type(value).__name__}>"
