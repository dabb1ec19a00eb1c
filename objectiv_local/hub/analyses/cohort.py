"""Cohorts: users who did something, or did not do something else, as a frame that every analysis accepts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Node,
    Ordering,
    Select,
    WindowFrame,
    aggregation,
    call,
    case,
    expr_of,
    frame_of,
    literal,
    over,
    series_of,
    state_of,
    unused_name,
)
from objectiv_local.hub.analyses.base.analysis import ENTERED_AT, Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.joins import looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.analyses.base.specs import from_spec
from objectiv_local.hub.analyses.cohort_rules import All, Among, Did, Either, InOrder, Not, Rule, Was, among, did
from objectiv_local.hub.conditions import Condition, condition
from objectiv_local.hub.events.moments import limit
from objectiv_local.hub.settings import Settings


@checked
class Cohort(Analysis):
    """Users who meet a rule, with the moment at which they entered."""

    @property
    def rule(self) -> Rule:
        """The rule that the users meet."""
        found: Rule = vars(self)["_rule"]
        return found

    @property
    def members(self) -> DataFrame:
        """The users as a frame, which any analysis accepts."""
        return self.frame

    def save(self, path: str | Path) -> None:
        """Write the spec of the cohort as JSON to a file; ``hub.read_cohort`` reads it.

        Raises NotSupported for cohorts without a spec (conditions that look at other rows, and frames of users that are not
        cohorts), and InvalidValue for a file that cannot be written.
        """
        text = json.dumps(self.spec(), indent=2) + "\n"
        try:
            Path(path).write_text(text, "utf-8")
        except (OSError, ValueError) as error:
            raise InvalidValue(
                f"{str(path)!r} cannot be written: {getattr(error, 'strerror', None) or error}", hint="give the path of a file"
            ) from None


@analysis
def cohort(
    settings: Settings, events: DataFrame, *rules: object, as_of: object = None, unit: str | list[str] = "user_id"
) -> Cohort:
    """Return the users who meet all of ``rules``: a frame indexed by the unit, with a column ``entered_at``.

    A rule is made by ``did``, ``did_not``, ``did_in_order``, ``was`` or ``among``, and combined with ``&``, ``|`` and ``~``. An
    event type, a list of event types, a bool series or a function of the event frame is short for ``did(...)``, and a frame of
    users is short for ``among(...)``.

    ``entered_at`` is the moment at which a user first met the rule. For a count or a sequence, it is the moment of the event
    that completes it; for ``&`` the last of the moments of its parts, and for ``|`` the first; for ``did_not`` and ``~`` the
    first event of the user.

    Only users with an event up to ``as_of`` (by default the last moment of the data) are considered; events without the unit
    are left out. A cohort is lazy and computed by each query that uses it; ``cohort.materialize('temp_table')`` stores it.

    Every analysis accepts a cohort as a condition or as a breakdown. ``save`` writes it to a file.

    Raises InvalidType and InvalidValue for invalid rules, and ColumnNotFound if a rule names a column that the frame lacks.

    Definition: behavioral cohorts of Amplitude and Mixpanel.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> events = hub.events()
    >>> pressing = hub.cohort(events, ol.did("PressEvent", count=3), ol.did_not("MediaPlayEvent"))
    >>> pressing.columns
    ['entered_at']
    >>> hub.trend(events, by="month", breakdown=pressing).index_columns
    ['period', 'member']
    """
    if not rules:
        raise InvalidValue("cohort takes at least one rule", hint="for instance hub.cohort(events, ol.did('buy'))")
    scope = scope_of(settings, events, "cohort", unit=unit, as_of=as_of)
    parts = tuple(_rule(each) for each in rules)
    rule = parts[0] if len(parts) == 1 else All(parts)
    made = _Members(scope)
    plan = made.plan(rule)
    members = Select(plan, (*((name, plan.column(name)) for name in scope.unit), (MOMENT, plan.column(ENTERED_AT))), "members")
    frame = frame_of(scope.state_over(plan, scope.unit), [ENTERED_AT])
    words = (f"Users who meet: {rule}.", "entered_at is the moment at which a user first met it.")
    found = Cohort("cohort", frame, scope, Definition(words, tuple(dict.fromkeys(made.types))), members)
    vars(found)["_rule"] = rule
    return found


def read_cohort(settings: Settings, events: DataFrame, path: str | Path) -> Cohort:
    """Return the cohort in a file written by ``save``, computed over ``events``. The file sets the time zone and week start.

    Raises InvalidValue for a file that cannot be read or does not contain the spec of a cohort, and ColumnNotFound if
    ``events`` lacks a column that the cohort reads.

    >>> import objectiv_local as ol
    >>> import tempfile
    >>> hub, directory = ol.ModelHub(), tempfile.mkdtemp()
    >>> hub.cohort(hub.events(), ol.did("PressEvent")).save(f"{directory}/pressing.json")
    >>> hub.read_cohort(hub.events(), f"{directory}/pressing.json").rule
    did('PressEvent')
    """
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InvalidValue(f"{str(path)!r} cannot be read: {reason}", hint="give a file written by Cohort.save") from None
    found = from_spec(settings, text, events)
    if not isinstance(found, Cohort):
        raise InvalidValue(f"{path} contains another analysis, not a cohort", hint="read it with hub.from_spec")
    return found


def _rule(given: object) -> Rule:
    if isinstance(given, Rule):
        return given
    if isinstance(given, DataFrame) or hasattr(given, "members"):
        return among(given)
    if isinstance(given, str | list | Series) or callable(given):
        return did(given)
    raise InvalidType(f"a rule of cohort cannot be {in_words(given)}", hint="for instance ol.did('buy')")


@dataclass
class _Members:
    """The plan of a rule: event columns, one row per user, and for each rule the moment at which it was met."""

    scope: Scope
    #: Columns of the events, and the conditions that filter them unless a rule needs all events.
    columns: dict[str, Series] = field(default_factory=dict)
    conditions: list[Series] = field(default_factory=list)
    needs_all: bool = False
    types: list[str] = field(default_factory=list)
    #: User columns: for each leaf of the rule, by name, the moment at which it was met.
    leaves: dict[str, Rule] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    joined: int = 0

    def plan(self, rule: Rule) -> Node:
        """Return the users who meet a rule, with ``entered_at``."""
        self._collect(rule)
        where = None
        if not self.needs_all and self.conditions:
            where = self.conditions[0]
            for each in self.conditions[1:]:
                where = where | each
        rows = self.scope.rows(self.columns, where, ranged=False)
        rows = self._tested(rows)
        values: list[tuple[str, Expr]] = [(self.first_event, aggregation("min", rows.column(MOMENT)))]
        for name, leaf in self.leaves.items():
            values += self._values(rows, name, leaf)
        users: Node = Aggregate(rows, tuple((name, rows.column(name)) for name in self.scope.unit), tuple(values), "users")
        for name, leaf in self.leaves.items():
            users = self._met(users, name, leaf)
        users, entered = self._combined(users, rule)
        plan = Filter(users, call("not_null", entered), "cohort")
        return Select(plan, (*((name, plan.column(name)) for name in self.scope.unit), (ENTERED_AT, entered)), "cohort")

    @property
    def first_event(self) -> str:
        """The column with the first event of a user."""
        return self._free("first_event")

    def _free(self, name: str) -> str:
        return unused_name(name, self.scope.state.plan.types)

    # ---- columns read from events

    def _collect(self, rule: Rule) -> None:
        """Collect the leaves of a rule, and the event columns that they read."""
        if isinstance(rule, All | Either):
            for part in rule.parts:
                self._collect(part)
            return
        if isinstance(rule, Not):
            self.needs_all = True
            self._collect(rule.part)
            return
        name = self._free(f"rule_{len(self.leaves) + 1}")
        self.leaves[name] = rule
        self.names[id(rule)] = name
        if isinstance(rule, Did):
            self.needs_all |= rule.first is not None
            self._condition(name, rule.event, rule.where)
        elif isinstance(rule, InOrder):
            for number, each in enumerate(rule.events):
                self._condition(self._free(f"{name}_event_{number}"), each, ())
        else:
            self.needs_all = True
        if isinstance(rule, Was):
            self.columns[name] = self._column(rule.column, rule.values, "was")

    def _condition(self, name: str, event: object, where: tuple[tuple[str, tuple[object, ...]], ...]) -> None:
        """Add the condition of an event under a name; without a condition, all events are needed."""
        tests: list[Series] = []
        if event is not None:
            found: Condition = condition(event, self.scope.data, "an event of cohort", self.scope.unit)
            self.types += found.types
            tests.append(found.holds)
        for column, values in where:
            series = self._column(column, values, "where")
            given = [each for each in values if each is not None]
            test = series.isin(given) if given else series.isnull()
            tests.append(test | series.isnull() if given and len(given) < len(values) else test)
        if not tests:
            self.needs_all = True
            return
        holds = tests[0]
        for test in tests[1:]:
            holds = holds & test
        self.conditions.append(holds)
        self.columns[name] = holds.fillna(False)

    def _column(self, column: str, values: tuple[object, ...], what: str) -> Series:
        """Return a column of the events. Raises ColumnNotFound, and InvalidType if its values cannot be compared."""
        data = self.scope.data.reset_index()
        if column not in data.data_columns:
            raise ColumnNotFound(
                f"{what} of a rule names column {column!r}, which the frame does not have", hint=near(column, data.data_columns)
            )
        series: Series = data[column]
        wanted = {"string": str, "uuid": str, "int64": int, "float64": int | float, "bool": bool}.get(series.dtype)
        if wanted is None and not series.dtype.startswith("decimal"):
            raise InvalidType(
                f"{what} of a rule names column {column!r} of type {series.dtype}, which rules cannot compare",
                hint="rules compare strings, numbers, bools and uuids",
            )
        for each in values:
            is_one = each is None or isinstance(each, wanted or int | float)
            if not is_one or (isinstance(each, bool) and series.dtype != "bool"):
                raise InvalidType(
                    f"{what} of a rule compares column {column!r} of type {series.dtype} with {in_words(each)}",
                    hint=f"give values of {series.dtype}",
                )
        return series

    # ---- events that count

    def _tested(self, rows: Node) -> Node:
        """Return the events with a bool column for each leaf that is true if the event counts for it."""
        scope = self.scope
        units, order = scope.units(rows), scope.order(rows)
        so_far = WindowFrame("ROWS", None, 0)
        ranged: list[tuple[str, Expr]] = []
        for name, leaf in self.leaves.items():
            if isinstance(leaf, Did):
                ranged.append((name, self._in_time(rows, self._flag(rows, name), leaf)))
        rows = Extend(rows, tuple(ranged), "in_time") if ranged else rows
        counted: list[tuple[str, Expr]] = []
        for name, leaf in self.leaves.items():
            if isinstance(leaf, Did) and leaf.count > 1:
                test = rows.column(name)
                number = over(aggregation("size", where=test), units, order, so_far)
                counted.append((name, call("and", test, call("ge", number, literal(leaf.count)))))
        rows = Extend(rows, tuple(counted), "counted") if counted else rows
        if any(isinstance(leaf, InOrder) for leaf in self.leaves.values()):
            place = self._free("place")
            rows = Extend(rows, ((place, over(aggregation("row_number"), units, order)),), "in_order")
            for name, leaf in self.leaves.items():
                if isinstance(leaf, InOrder):
                    rows = self._sequences(rows, name, leaf, place)
        return rows

    def _sequences(self, rows: Node, name: str, leaf: InOrder, place: str) -> Node:
        """Return the events with the start of the sequence that each one completes, NULL if it completes none.

        If several sequences end at an event, the one with the latest start is kept: it is the shortest.
        """
        moment, earlier = rows.column(MOMENT), WindowFrame("ROWS", None, -1)
        rows = Extend(rows, ((name, case([(self._flag(rows, self._free(f"{name}_event_0")), moment)])),), "sequences")
        for number in range(1, len(leaf.events)):
            begun = over(aggregation("max", rows.column(name)), self.scope.units(rows), [Ordering(rows.column(place))], earlier)
            test = self._flag(rows, self._free(f"{name}_event_{number}"))
            if leaf.within is not None:
                test = call("and", test, call("le", call("sub", moment, begun), literal(leaf.within)))
            rows = Extend(rows, ((name, case([(test, begun)])),), "sequences")
        return rows

    def _flag(self, rows: Node, name: str) -> Expr:
        return rows.column(name) if name in rows.types else literal(True)

    def _in_time(self, rows: Node, test: Expr, leaf: Did) -> Expr:
        moment = rows.column(MOMENT)
        if leaf.within is not None:
            begin = call("sub", self.scope.last_moment(), literal(leaf.within))
            test = call("and", test, call("ge", moment, begin))
        if leaf.between is not None:
            zone = self.scope.settings.time_zone
            start, end = (limit(each, name, zone) for name, each in zip(("start", "end"), leaf.between, strict=True))
            if start is not None and end is not None and end <= start:
                raise InvalidValue(
                    f"between of did ends at {leaf.between[1]}, which is not after {leaf.between[0]}",
                    hint="the start is inclusive and the end is not",
                )
            for op, bound in (("ge", start), ("lt", end)):
                if bound is not None:
                    test = call("and", test, call(op, moment, literal(bound)))
        if leaf.first is not None:
            passed = call("sub", moment, over(aggregation("min", moment), self.scope.units(rows)))
            test = call("and", test, call("lt", passed, literal(leaf.first)))
        return test

    # ---- values per user

    def _values(self, rows: Node, name: str, leaf: Rule) -> list[tuple[str, Expr]]:
        moment = rows.column(MOMENT)
        if isinstance(leaf, Did):
            return [(name, aggregation("min", moment, where=rows.column(name)))]
        if isinstance(leaf, InOrder):
            return [(name, aggregation("min", moment, where=call("not_null", rows.column(name))))]
        if isinstance(leaf, Was):
            there = call("not_null", rows.column(name))
            return [
                (name, aggregation("max", moment, where=there)),
                (f"{name}_value", aggregation("last", rows.column(name), order=self.scope.order(rows))),
            ]
        return []

    def _met(self, users: Node, name: str, leaf: Rule) -> Node:
        """Return users with the moment at which a leaf was met, NULL if it was not."""
        if isinstance(leaf, Was):
            test = self._one_of(users, f"{name}_value", leaf.values)
            return Extend(users, ((name, case([(test, users.column(name))])),), "met")
        if not isinstance(leaf, Among):
            return users
        if isinstance(leaf.users, tuple):
            return self._listed(users, name, leaf.users)
        members = getattr(leaf.users, "members", leaf.users)
        members = getattr(members, "frame", members)
        assert isinstance(members, DataFrame)
        unit = self.scope.unit
        if len(members.index_columns) != len(unit):
            raise InvalidValue(
                f"among takes a frame of users indexed by {', '.join(unit)}, not one indexed by "
                f"{', '.join(members.index_columns) or 'nothing'}",
                hint="give a cohort, or what users() of an analysis returns",
            )
        state, own = state_of(members), self.scope.state
        if state.engine is not own.engine:
            raise InvalidValue(
                "the users of among are a frame of another connection than the events", hint="load the frame there"
            )
        pairs = list(zip(unit, members.index_columns, strict=True))
        for here, there in pairs:
            if state.plan.types[there] != own.plan.types[here]:
                raise InvalidType(
                    f"among takes users whose {here} is {own.plan.types[here]}, not {state.plan.types[there]}",
                    hint="cast the index of the frame of users",
                )
        has_moment = members.dtypes.get(ENTERED_AT) == "timestamp" if ENTERED_AT in members.data_columns else False
        entered: Expr = aggregation("min", state.plan.column(ENTERED_AT)) if has_moment else aggregation("size")
        ids = tuple((here, state.plan.column(there)) for here, there in pairs)
        found = looked_up(users, Aggregate(state.plan, ids, ((name, entered),), "among"), unit, "with_members")
        if has_moment:
            return found
        there_ = call("not_null", found.column(name))
        return Extend(found, ((name, case([(there_, found.column(self.first_event))])),), "met")

    def _listed(self, users: Node, name: str, ids: tuple[object, ...]) -> Node:
        if len(self.scope.unit) > 1:
            raise InvalidValue("among takes a frame of users, not a list, if the unit has several columns", hint="give a frame")
        self._column(self.scope.unit[0], ids, "among")
        test = self._one_of(users, self.scope.unit[0], ids)
        return Extend(users, ((name, case([(test, users.column(self.first_event))])),), "met")

    def _one_of(self, users: Node, name: str, values: tuple[object, ...]) -> Expr:
        """Return whether a column of users is one of several values, which may be strings for uuids."""
        column = series_of(self.scope.state.with_rows(users, ()), users.column(name), name)
        return expr_of(column.isin(list(values)))

    def _combined(self, users: Node, rule: Rule) -> tuple[Node, Expr]:
        """Return users, and the moment at which a rule was met, NULL if it was not."""
        if isinstance(rule, Not):
            users, entered = self._combined(users, rule.part)
            return users, case([(call("is_null", entered), users.column(self.first_event))])
        if not isinstance(rule, All | Either):
            return users, users.column(self.names[id(rule)])
        users, found = self._combined(users, rule.parts[0])
        for part in rule.parts[1:]:
            users, entered = self._combined(users, part)
            self.joined += 1
            name = self._free(f"met_{self.joined}")
            both = _later(found, entered) if isinstance(rule, All) else _earlier(found, entered)
            users = Extend(users, ((name, both),), "met")
            found = users.column(name)
        return users, found


def _later(one: Expr, other: Expr) -> Expr:
    """Return the later of two moments, NULL if either is NULL."""
    return case([(call("ge", one, other), one), (call("lt", one, other), other)])


def _earlier(one: Expr, other: Expr) -> Expr:
    """Return the earlier of two moments, ignoring NULL."""
    return case([(call("le", one, other), one), (call("is_null", other), one)], other)
