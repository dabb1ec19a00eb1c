"""Specs of analyses: as JSON that recreates them on any engine, and as a file of named metrics."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Final

from objectiv_local import zones
from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import AttributeNotFound, DataInvalid, InvalidType, InvalidValue, NotSupported, ObjectivError, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    days_after_monday,
    decoded,
    encoded,
    expr_of,
    on_rows_of,
    queried,
    series_of,
    state_of,
)
from objectiv_local.hub.analyses.cohort_rules import Rule, read_rule, written_rule
from objectiv_local.hub.settings import Settings

#: The version of specs that are written. Other versions are rejected.
VERSION: Final = 1
#: Every analysis by name; the decorator ``analysis`` adds them.
ANALYSES: dict[str, Callable[..., Any]] = {}
#: Keys of objects that represent types which JSON does not have.
_UNITS: Final = ("days", "hours", "minutes", "seconds", "microseconds")
_FORMS: Final = ("expression", "query", "moment", "date", *_UNITS, "mapping", "tuple", "rule", "spec")


def spec_of(name: str, settings: Settings, events: DataFrame, arguments: Mapping[str, object]) -> dict[str, Any]:
    """Return the arguments of an analysis as a JSON-compatible dict. Raises NotSupported for arguments without a JSON form."""
    return {
        "version": VERSION,
        "analysis": name,
        "time_zone": settings.time_zone,
        "week_start": settings.week_start,
        "arguments": {key: _written(value, events, f"{key} of {name}") for key, value in arguments.items()},
    }


def from_spec(settings: Settings, spec: dict[str, Any] | str, events: DataFrame) -> Any:
    """Return the analysis that a spec was written from, computed over ``events``, an event frame on any engine.

    ``spec`` is the result of ``spec()`` of an analysis, or the same as a JSON string. Its time zone and week start take
    precedence over those of the hub, if it has them. In a spec written by hand, a condition is an event type, a list of event
    types, or ``{"query": "amount > 100"}`` with an expression as in ``DataFrame.query``; a duration is ``{"days": 7}``; and
    named steps of a funnel are a plain mapping.

    Raises InvalidValue for an invalid spec, a spec of another version, and unknown arguments; ColumnNotFound if ``events`` lack
    a column that it reads.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> weekly = hub.trend(hub.events(), by="week", where="PressEvent")
    >>> hub.from_spec(weekly.spec(), hub.events()).view_sql() == weekly.view_sql()
    True
    """
    given: Any = spec
    if isinstance(spec, str):
        try:
            given = json.loads(spec)
        except json.JSONDecodeError as error:
            raise InvalidValue(f"the spec is not JSON: {error}", hint="pass the result of spec() of an analysis") from None
    checked_spec(given, "the spec")
    name = given["analysis"]
    zone, week_start = given.get("time_zone", settings.time_zone), given.get("week_start", settings.week_start)
    if not isinstance(zone, str) or not isinstance(week_start, str):
        raise InvalidValue(f"time_zone and week_start of the spec have to be strings, not {zone!r} and {week_start!r}")
    days_after_monday(week_start)
    settings = replace(settings, time_zone=zones.zone(zone).key, week_start=week_start)
    arguments = {
        key: _read(_as_steps(key, value), events, f"{key} of {name}", settings)
        for key, value in given.get("arguments", {}).items()
    }
    # Rules of a cohort are positional arguments.
    several = [each.name for each in signature(ANALYSES[name]).parameters.values() if each.kind is Parameter.VAR_POSITIONAL]
    first = arguments.pop(several[0], []) if several else []
    if not isinstance(first, list | tuple):
        raise InvalidValue(f"{several[0]} of the spec has to be a list, not {in_words(first)}", hint=f'"{several[0]}": [...]')
    for each in signature(ANALYSES[name]).parameters.values():
        if (
            each.default is Parameter.empty
            and each.kind is Parameter.POSITIONAL_OR_KEYWORD
            and each.name not in ("settings", "events", *arguments)
        ):
            raise InvalidValue(
                f"the spec lacks the argument {each.name!r}, which {name} needs", hint=f'"arguments": {{"{each.name}": ...}}'
            )
    return checked(ANALYSES[name])(settings, events, *first, **arguments)


def checked_spec(spec: object, where: str) -> None:
    """Raise InvalidValue for anything but a spec of this version; ``where`` names the spec in errors."""
    if not isinstance(spec, dict) or not isinstance(spec.get("analysis"), str):
        raise InvalidValue(
            f"{where} needs a string 'analysis': it is {in_words(spec)}", hint='for instance {"analysis": "trend"}'
        )
    version = spec.get("version", VERSION)
    if version != VERSION:
        raise InvalidValue(
            f"{where} has version {version!r}, and this release reads version {VERSION}",
            hint="write it again with spec() of this release",
        )
    unknown = [key for key in spec if key not in ("version", "analysis", "time_zone", "week_start", "arguments", "description")]
    if unknown:
        raise InvalidValue(
            f"{where} has an unknown key {unknown[0]!r}", hint=f"arguments of {spec['analysis']} go into 'arguments'"
        )
    name = spec["analysis"]
    if name not in ANALYSES:
        raise InvalidValue(f"{where} uses an unknown analysis {name!r}", hint=near(name, ANALYSES))
    arguments = spec.get("arguments", {})
    if not isinstance(arguments, dict):
        raise InvalidValue(
            f"arguments of {where} have to be a mapping, not {in_words(arguments)}", hint='for instance {"by": "week"}'
        )
    known = [each for each in signature(ANALYSES[name]).parameters.values() if each.name not in ("settings", "events")]
    if any(each.kind is Parameter.VAR_KEYWORD for each in known):
        return
    for key in arguments:
        if key not in [each.name for each in known]:
            raise InvalidValue(
                f"{where} has the argument {key!r}, which {name} does not take",
                hint=near(str(key), [each.name for each in known]),
            )


@checked
class Metrics:
    """The named analyses of a file: each is a function of an event frame.

    ``metrics["weekly_buyers"](events)`` and ``metrics.weekly_buyers(events)`` both return the analysis.
    """

    def __init__(self, settings: Settings, specs: Mapping[str, dict[str, Any]], source: str) -> None:
        self._settings = settings
        self._specs = specs
        self._source = source

    def __getitem__(self, name: str) -> Callable[[DataFrame], Any]:
        if name not in self._specs:
            raise InvalidValue(f"{self._source} has no metric {name!r}", hint=near(str(name), self._specs))
        spec = self._specs[name]

        def metric(events: DataFrame) -> Any:
            try:
                return from_spec(self._settings, spec, events)
            except ObjectivError as error:
                raise type(error)(f"metric {name!r} of {self._source}: {error.what}", hint=error.hint) from None

        metric.__name__ = name
        metric.__doc__ = spec.get("description")
        return metric

    def __getattr__(self, name: str) -> Callable[[DataFrame], Any]:
        if name.startswith("_") or name not in self._specs:
            raise AttributeNotFound(f"{self._source} has no metric {name!r}", hint=near(name, self._specs))
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    def spec(self, name: str) -> dict[str, Any]:
        """Return the spec of a metric."""
        if name not in self._specs:
            raise InvalidValue(f"{self._source} has no metric {name!r}", hint=near(name, self._specs))
        return dict(self._specs[name])

    def __repr__(self) -> str:
        lines = [
            f"  {name}: {each['analysis']}" + (f", {each['description']}" if "description" in each else "")
            for name, each in self._specs.items()
        ]
        return "\n".join([f"<{len(self)} metrics of {self._source}>", *lines])


def metrics(settings: Settings, path: str | Path) -> Metrics:
    """Return the named analyses of a YAML or JSON file, each as a function of an event frame.

    The file maps names to specs, which are results of ``spec()`` or written by hand. ``description`` is a text for readers of
    the file::

        weekly_buyers:
          description: Users who bought, by week
          analysis: trend
          arguments: {by: week, where: purchase}
        large_orders:
          analysis: trend
          arguments: {measure: events, by: month, where: {query: amount > 100}}

    YAML needs ``pip install 'objectiv-local[metrics]'``; JSON does not.

    Raises DataInvalid for a file that does not map names to specs; InvalidValue for an invalid spec, which it names, and for a
    file that cannot be read. Columns are checked when a metric is computed.
    """
    path = Path(path)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}",
            hint="give the path of a YAML or JSON file",
        ) from None
    found = _parsed(text, path)
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise DataInvalid(f"{path} has to map names to specs", hint="for instance weekly_users: {analysis: trend}")
    for name, spec in found.items():
        checked_spec(spec, f"metric {name!r} of {path.name}")
    return Metrics(settings, found, path.name)


def _parsed(text: str, path: Path) -> Any:
    if path.suffix == ".json":
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise DataInvalid(f"{path} is not JSON: {error}") from None
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError:
        raise NotSupported(
            "PyYAML is not installed", hint="pip install 'objectiv-local[metrics]', or use a JSON file"
        ) from None

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """Reads plain values only, and rejects repeated keys, of which YAML would keep the last one."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            twice = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
            if twice is not None:
                raise yaml.constructor.ConstructorError(None, None, f"key {twice!r} occurs twice", node.start_mark)
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError) as error:
        # Dates that do not exist raise ValueError.
        raise DataInvalid(f"{path} is not YAML: {' '.join(str(error).split())}") from None


def _written(value: object, events: DataFrame, what: str) -> Any:
    """Return an argument as JSON."""
    if hasattr(value, "item") and not isinstance(value, str | Series | DataFrame):
        value = value.item()  # numpy
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime.timedelta):
        days, rest = divmod(value, datetime.timedelta(days=1))
        return {"microseconds": value // datetime.timedelta(microseconds=1)} if rest else {"days": days}
    if isinstance(value, datetime.datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    if isinstance(value, Rule):
        return {"rule": written_rule(value, lambda each: _written(each, events, what))}
    if hasattr(value, "spec"):
        return {"spec": value.spec()}
    if isinstance(value, DataFrame):
        raise NotSupported(f"{what} is a frame of users, which has no spec", hint="pass the condition itself, or a cohort")
    if callable(value) and not isinstance(value, Series):
        value = value(events.copy())
    if isinstance(value, Series):
        placed = on_rows_of(events, value)
        if placed is None:
            raise NotSupported(
                f"{what} reads other rows than the events, so it cannot be written as a spec",
                hint="assign it to a column of the events, and use that column",
            )
        return {"expression": encoded(expr_of(placed), what), "name": value.name}
    if isinstance(value, Mapping):
        return {"mapping": [[_written(each, events, what) for each in pair] for pair in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_written(each, events, what) for each in value]}
    if isinstance(value, list | set | frozenset):
        return [_written(each, events, what) for each in (value if isinstance(value, list) else sorted(value))]
    raise NotSupported(f"{what} is {in_words(value)}, which cannot be written as a spec")


def _as_steps(name: str, value: Any) -> Any:
    """Return the steps of a funnel; in specs written by hand, a plain mapping names them."""
    is_plain = name == "steps" and isinstance(value, dict) and not any(each in value for each in _FORMS)
    return {"mapping": list(value.items())} if is_plain else value


def _read(value: Any, events: DataFrame, what: str, settings: Settings) -> Any:
    """Return the Python value of an argument from JSON."""
    if isinstance(value, list):
        return [_read(each, events, what, settings) for each in value]
    if not isinstance(value, dict):
        return value
    form = next((each for each in _FORMS if each in value), None)
    if form is None or len(value) > (2 if form == "expression" else 1):
        raise InvalidValue(
            f"{what} in the spec has an unknown form: {value!r}"[:300], hint=f"an object has one of {', '.join(_FORMS)}"
        )
    inner = value[form]
    try:
        match form:
            case "moment":
                return datetime.datetime.fromisoformat(inner)
            case "date":
                return datetime.date.fromisoformat(inner)
            case "days" | "hours" | "minutes" | "seconds" | "microseconds":
                return datetime.timedelta(**{form: inner})
            case "mapping":
                return {_read(key, events, what, settings): _read(each, events, what, settings) for key, each in inner}
            case "tuple":
                return tuple(_read(each, events, what, settings) for each in inner)
    except (TypeError, ValueError, OverflowError):
        raise InvalidValue(f"{what} in the spec is not a valid {form}: {inner!r}"[:300]) from None
    if form == "rule":
        return read_rule(inner, lambda each: _read(each, events, what, settings))
    if form == "spec":
        return from_spec(settings, inner, events)
    if form == "query":
        if not isinstance(inner, str):
            raise InvalidType(f"query of {what} in the spec has to be a string, not {in_words(inner)}")
        return queried(events, inner)
    state = state_of(events)
    return series_of(state, decoded(inner, state.plan, what), str(value.get("name", "condition")))
