"""Retention: how many users of a cohort come back, by the time since they started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Call, Expr, Literal, expr_of, frame_of
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.breakdown import breakdown_of, checked_top, groups_in_words
from objectiv_local.hub.analyses.base.calendar import checked_period
from objectiv_local.hub.analyses.base.cells import Check, between, one_of, period_in
from objectiv_local.hub.analyses.base.scope import Scope, scope_of
from objectiv_local.hub.analyses.retention_cells import COHORT, ELAPSED, NAMES, SINCE, Cells
from objectiv_local.hub.conditions import Condition, condition, not_a_day
from objectiv_local.hub.settings import Settings

MODES: Final = ("first_time", "first_time_filtered", "recurring")
CLOCKS: Final = ("calendar", "elapsed")
CRITERIA: Final = ("on", "on_or_after", "on_or_before", "streak")
_MOST_PERIODS: Final = 100_000


@checked
class Retention(Analysis):
    """The cells of a retention analysis: one row per cohort and number of periods since the start."""

    def mean(self, *, weighted: bool = True) -> DataFrame:
        """Return the overall rate of all cohorts for each number of periods since the start, over complete cells.

        Index ``periods_since``, after the breakdown if there is one. Columns: ``cohorts``, the number of cohorts that have
        users and whose cell is complete; ``cohort_users`` and ``users``, their totals; and ``rate``, ``users`` divided by
        ``cohort_users`` or, if not ``weighted``, the mean of the cohorts' rates. Rates at later periods cover fewer cohorts, so
        the curve may rise.

        >>> import objectiv_local as ol
        >>> hub = ol.ModelHub()
        >>> hub.retention(hub.events(), by="week").mean().columns
        ['cohorts', 'cohort_users', 'users', 'rate']
        """
        frame = self.frame
        keys = [name for name in frame.index_columns if name != COHORT]
        frame = frame[frame.complete & (frame.cohort_users > 0)].reset_index()
        found: DataFrame = frame.groupby(keys).agg(
            cohorts=("users", "count"), cohort_users=("cohort_users", "sum"), users=("users", "sum"), rate=("rate", "mean")
        )
        if weighted:
            found["rate"] = found.users / found.cohort_users
        return found.sort_index()

    def usage_interval(self) -> DataFrame:
        """Return how long users usually stay away, as one row; it helps to choose ``by``.

        The interval of a user is the median time between consecutive days on which they returned, in days of the hub's
        calendar; users who returned on a single day have none. Columns: ``users``, the number of users with an interval, and
        ``p50``, ``p80`` and ``p90``, the 50th, 80th and 90th percentile of the intervals, linearly interpolated. The
        percentiles are missing if there are no such users. All returns up to ``as_of`` count.

        Definition: usage interval of Amplitude, which recommends the 80th percentile as the period of retention.

        >>> import objectiv_local as ol
        >>> hub = ol.ModelHub()
        >>> hub.retention(hub.events()).usage_interval().columns
        ['users', 'p50', 'p80', 'p90']
        """
        cells: Cells = vars(self)["_plans"]
        plan = cells.usage_intervals()
        return frame_of(self._scope.state_over(plan), list(plan.types))

    def matrix(self, column: str | None = None) -> DataFrame:
        """Return a column (``rate`` by default) as a matrix: one row per cohort, one column per number of periods since.

        Runs one query. Raises ColumnNotFound.
        """
        return super().matrix("rate" if column is None else column)


@analysis
def retention(
    settings: Settings,
    events: DataFrame,
    start: object = None,
    returning: object = None,
    by: str = "day",
    mode: str = "first_time",
    clock: str = "calendar",
    criterion: str = "on",
    brackets: Sequence[tuple[int, int]] | None = None,
    measure: str | tuple[str, str] = "users",
    breakdown: object = None,
    *,
    where: object = None,
    top: int = 10,
    periods: int | None = None,
    start_date: object = None,
    end_date: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
) -> Retention:
    """Return how many users of each cohort came back: index ``cohort`` and ``periods_since``.

    Columns: ``cohort_users``, the size of the cohort; ``users``, the number of its users who came back; ``rate``, ``users``
    divided by ``cohort_users``; and ``complete``, false until the periods of the cell have ended. Cohorts are periods of the
    hub's calendar, identified by their first day (for hours, by the local time). Cohorts without users have 0 users and no
    rate. If the data span more than 1,000 periods, cohorts without users have no rows, so that a single event with a wrong
    clock does not add millions of rows.

    ``start`` selects the events that put a user into a cohort, and ``returning`` those that count as coming back. Each is an
    event type, a list of event types, a bool series of the frame, a function of the frame, or a frame of users; any event by
    default.

    ==========================  ========================================================================================
    ``mode``                    a user is in
    ==========================  ========================================================================================
    ``"first_time"``            the cohort of the user's first start ever, including events before ``start_date``
    ``"first_time_filtered"``   the cohort of the user's first start from ``start_date`` on
    ``"recurring"``             each cohort in which the user started
    ==========================  ========================================================================================

    ``by`` is hour, day, week, month, quarter or year. With ``clock="calendar"``, ``periods_since`` is the number of calendar
    periods from the period of the start to the period of the return. With ``"elapsed"``, it is the time since the user's first
    start in the cohort, divided by 1 hour, 24 hours, 7, 30, 90 or 365 days and rounded down.

    ====================  ==============================================================================================
    ``criterion``         a user counts for ``periods_since`` = k with
    ====================  ==============================================================================================
    ``"on"``              a return exactly k periods after the start
    ``"on_or_after"``     a return k or more periods after the start; the rate never rises with k
    ``"on_or_before"``    a return at most k periods after the start; the rate never falls with k
    ``"streak"``          a return in every one of the periods 1 to k; for k = 0, a return in period 0
    ====================  ==============================================================================================

    ``brackets`` combine periods, as in ``[(0, 1), (1, 4), (4, 8)]``, ends exclusive; ``periods_since`` is then the first period
    of the bracket. ``periods`` is the number of periods since the start to include, by default all up to ``as_of``.

    A return is an event at the moment of the start or later. The start event itself is not a return, unless ``start`` and
    ``returning`` are the same condition; then it counts, and every user returns in period 0. Of several starts at the same
    moment, the one with the smallest event id is the first.

    A cell is complete once its last period has ended, as of ``as_of``, for everyone who can be in the cohort. With
    ``"on_or_after"``, later returns still raise the rate, so compare cohorts only at the same age.

    ``measure=("sum", column)`` or ``("mean", column)`` adds the column ``value``: the sum or mean over the returns that count
    for the cell. Sums also add ``value_per_user``, the value divided by ``cohort_users``; with ``criterion="on_or_before"``,
    this is the lifetime value.

    ``breakdown`` groups users by their value at the start. It is a column, a series, a function of the frame, a frame of users,
    or a series of users that is indexed by the unit and has one value for each. It becomes the first index level: missing
    values are ``(none)``, and groups other than the ``top`` ones with the most starts are ``(other)``.

    ``where`` filters events; it is a condition, like ``start``. Other events count neither as starts nor as returns.

    ``start_date`` and ``end_date`` are the range of starts; returns count up to ``as_of``, by default the last moment of the
    data. ``unit`` is the column, or the list of columns, that identifies a user. Events without it are left out.

    ``users(cohort=..., periods_since=...)`` returns the users that a cell counts, ``mean()`` the curve over all cohorts, and
    ``matrix()`` the retention triangle.

    Raises InvalidValue for unknown options and empty or overlapping brackets; InvalidType and ColumnNotFound for invalid
    columns.

    Definitions: retention analysis of Amplitude (first_time, recurring; on, on or after, brackets), retention of Mixpanel and
    of PostHog. Amplitude starts a clock at every start, and this analysis only at a user's first start in a cohort.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> found = hub.retention(hub.events(), by="week", criterion="on_or_after")
    >>> found.index_columns, found.columns
    (['cohort', 'periods_since'], ['cohort_users', 'users', 'rate', 'complete'])
    """
    for name, given, known in (("mode", mode, MODES), ("clock", clock, CLOCKS), ("criterion", criterion, CRITERIA)):
        if given not in known:
            raise InvalidValue(f"{name} of retention cannot be {given!r}", hint=near(given, known))
    checked_period(by)
    scope = scope_of(
        settings, events, "retention", unit=unit, start=start_date, end=end_date, as_of=as_of, limits=("start_date", "end_date")
    )
    used = [name for name in (*scope.unit, *scope.event_key, *scope.data.index_columns) if name in NAMES]
    if used:
        raise InvalidValue(
            f"the unit or the index of the frame has a column {used[0]!r}, a name that retention uses itself", hint="rename it"
        )
    not_a_day(start, "start of retention", "start_date")
    tests = [
        None if given is None else condition(given, scope.data, f"{name} of retention", scope.unit)
        for name, given in (("start", start), ("returning", returning), ("where", where))
    ]
    label = (
        None
        if breakdown is None
        else breakdown_of(breakdown, scope.data, "retention", scope.unit, (*NAMES, *scope.unit, *scope.event_key, "moment"))
    )
    cells = Cells(
        scope,
        tests[0],
        tests[1],
        by,
        mode,
        clock == "elapsed",
        criterion,
        _brackets(brackets, periods),
        _measure(scope, measure, criterion),
        label,
        checked_top(top),
        is_same=_is_same(tests[0], tests[1]),
        periods=periods,
        where=tests[2],
    )
    types = tuple(each for test in tests if test is not None for each in test.types)
    found = Retention(
        "retention",
        cells.frame(),
        scope,
        Definition(_rule(cells), types),
        cells.members(),
        possible={COHORT: period_in(scope, by), SINCE: _since(cells)},
    )
    vars(found)["_plans"] = cells
    return found


def _since(cells: Cells) -> Check:
    if cells.brackets is not None:
        return one_of(low for low, _ in cells.brackets)
    return between(0, None if cells.periods is None else cells.periods - 1)


def _is_same(start: Condition | None, returning: Condition | None) -> bool:
    if start is None or returning is None:
        return start is returning
    return _plain(expr_of(start.holds)) == _plain(expr_of(returning.holds))


def _plain(test: Expr) -> Expr:
    """Return a condition without the part that turns NULL into false."""
    match test:
        case Call("coalesce", (inner, Literal(False))):
            return inner
    return test


def _brackets(brackets: Sequence[tuple[int, int]] | None, periods: int | None) -> tuple[tuple[int, int], ...] | None:
    """Return the brackets. Raises InvalidValue for brackets that are empty, overlap or are not ascending."""
    if periods is not None and (isinstance(periods, bool) or not 1 <= periods <= _MOST_PERIODS):
        raise InvalidValue(f"periods of retention is {periods}", hint=f"give a number from 1 to {_MOST_PERIODS:,}")
    if brackets is None:
        return None
    if periods is not None:
        raise InvalidValue(
            "retention takes either brackets or periods, not both", hint="leave out periods: the brackets set the range"
        )
    found = tuple(tuple(each) for each in brackets)
    least = 0
    for each in found:
        if (
            len(each) != 2
            or any(isinstance(end, bool) or not isinstance(end, int) for end in each)
            or not (least <= each[0] < each[1])
        ):
            raise InvalidValue(
                f"brackets of retention have to be pairs of ascending numbers from 0, not {list(brackets)!r}",
                hint="ends are exclusive, as in brackets=[(0, 1), (1, 4), (4, 8)]",
            )
        least = each[1]
    if not found:
        raise InvalidValue("brackets of retention are empty", hint="for instance brackets=[(0, 1), (1, 4), (4, 8)]")
    return tuple((first, end) for first, end in found)


def _measure(scope: Scope, measure: str | tuple[str, str], criterion: str) -> tuple[str, str] | None:
    """Return the aggregate and the column of a measure, None for users. Raises InvalidValue, InvalidType and ColumnNotFound."""
    if measure == "users":
        return None
    if isinstance(measure, str) or len(measure) != 2 or measure[0] not in ("sum", "mean"):
        raise InvalidValue(
            f"measure of retention cannot be {in_words(measure)}",
            hint="give 'users', or a pair ('sum', column) or ('mean', column)",
        )
    if criterion == "streak":
        raise InvalidValue("measure of retention has to be 'users' with criterion='streak'", hint="use another criterion")
    kind, column = measure
    if column not in scope.data.data_columns:
        raise ColumnNotFound(
            f"measure of retention names column {column!r}, which the frame does not have",
            hint=near(column, scope.data.data_columns),
        )
    dtype = scope.data.dtypes[column]
    if dtype not in ("int64", "float64") and not dtype.startswith("decimal"):
        raise InvalidType(
            f"retention cannot compute the {kind} of column {column!r} of type {dtype}", hint="cast it to a number"
        )
    return kind, column


def _rule(cells: Cells) -> tuple[str, ...]:
    """Return the definition in words."""
    unit, by = " and ".join(cells.scope.unit), cells.by
    start = "event" if cells.start is None else f"event of {cells.start.name}"
    back = "event" if cells.returning is None else f"event of {cells.returning.name}"
    cohort = {
        "first_time": f"its first {start} ever",
        "first_time_filtered": f"its first {start} in the range",
        "recurring": f"each {start}",
    }[cells.mode]
    when = {
        "on": f"the {by} that is periods_since {by}s later",
        "on_or_after": f"the {by} that is periods_since {by}s later, or after it",
        "on_or_before": f"the {by} that is periods_since {by}s later, or before it",
        "streak": f"every {by} up to the one that is periods_since {by}s later",
    }[cells.criterion]
    lines = [f"A {unit} is in the cohort of the {by} of {cohort}.", f"It came back if it has an {back} in {when}."]
    if cells.where is not None:
        lines.append(f"Only events that match {cells.where.title} are counted.")
    lines.append(
        f"Periods of {ELAPSED[by]} are counted from the first start in the cohort."
        if cells.is_elapsed
        else f"Periods are calendar {by}s."
    )
    lines.append(
        "The start event itself counts as a return, because both are the same condition."
        if cells.is_same
        else "The start event itself does not count as a return; another event at the same moment does."
    )
    if cells.brackets is not None:
        brackets = ", ".join(f"[{low}, {high})" for low, high in cells.brackets)
        lines.append(f"Periods are combined in brackets, ends exclusive: {brackets}.")
    if cells.measure is not None:
        lines.append(f"value is the {cells.measure[0]} of {cells.measure[1]} over the returns that count for the cell.")
    if cells.label is not None:
        lines.append(groups_in_words(f"{cells.label.name} at the start", cells.top))
    lines.append("A cell is complete once its last period has ended for all users who can be in the cohort.")
    return tuple(lines)
