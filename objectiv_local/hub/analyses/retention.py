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
    """The cells of a retention analysis: a row for each cohort and each number of periods since."""

    def mean(self, *, weighted: bool = True) -> DataFrame:
        """Return the rate of all cohorts together for each number of periods since, over complete cells.

        Index ``periods_since``, behind the breakdown if there is one; columns ``cohorts``, the number of cohorts with users
        whose cell is complete, ``cohort_users`` and ``users``, their sums, and ``rate``: the second sum divided by the first
        one, or the mean of the rates if not ``weighted``. A later rate is over fewer cohorts, so the line may rise.

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
        """Return how long users usually stay away, as one row, which helps to choose ``by``.

        For each user who returned on two days or more, it takes the median time between one of these days and the next one, in
        days of the hub's calendar. Columns are ``users``, the number of these users, and ``p50``, ``p80`` and ``p90``: half,
        80 % and 90 % of them have at most that interval, linearly interpolated. Durations are missing without such users. All
        returns up to ``as_of`` count.

        Definition: usage interval of Amplitude, which takes the 80th percentile for the period of retention.

        >>> import objectiv_local as ol
        >>> hub = ol.ModelHub()
        >>> hub.retention(hub.events()).usage_interval().columns
        ['users', 'p50', 'p80', 'p90']
        """
        cells: Cells = vars(self)["_plans"]
        plan = cells.usage_intervals()
        return frame_of(self._scope.state_over(plan), list(plan.types))

    def matrix(self, column: str | None = None) -> DataFrame:
        """Return a column, ``rate`` by default, with a row for each cohort and a column for each number of periods since.

        Asking for these is one query. Raises ColumnNotFound.
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

    Columns are ``cohort_users``, the size of the cohort; ``users``, how many of them came back; ``rate``, the second divided by
    the first; and ``complete``, false while the cell's periods are not over. Cohorts are periods of the hub's calendar, by
    their first day (for hours what the clock shows); those without users have 0 users and no rate. Where the data span more
    than 1,000 periods, cohorts without users have no rows, so that one event with a wrong clock does not make millions.

    ``start`` is the event that puts a user into a cohort and ``returning`` the one that counts as coming back; both are an
    event type, a list of them, a bool series of the frame, a function of it or a frame of users, and any event by default.

    ==========================  ========================================================================================
    ``mode``                    a user is in
    ==========================  ========================================================================================
    ``"first_time"``            the cohort of the first start of all; events before ``start_date`` are looked at for it
    ``"first_time_filtered"``   the cohort of the first start from ``start_date`` on
    ``"recurring"``             each cohort in which the user started
    ==========================  ========================================================================================

    ``by`` is hour, day, week, month, quarter or year. With ``clock="calendar"``, ``periods_since`` is the number of periods of
    the calendar from that of the start to that of the return. With ``"elapsed"``, the time since the first start in the cohort
    is divided by 1 hour, 24 hours, 7, 30, 90 or 365 days, and rounded down.

    ====================  ==============================================================================================
    ``criterion``         a user counts for ``periods_since`` = k with
    ====================  ==============================================================================================
    ``"on"``              a return exactly k periods after the start
    ``"on_or_after"``     a return k or more periods after it; the rate never rises with k
    ``"on_or_before"``    a return at most k periods after it; the rate never falls with k
    ``"streak"``          a return in every one of the periods 1 to k; for k = 0, a return in period 0
    ====================  ==============================================================================================

    ``brackets`` put several periods together, as in ``[(0, 1), (1, 4), (4, 8)]``, ends exclusive; ``periods_since`` is then the
    first period of the bracket. ``periods`` is how many periods since the start there are, by default all up to ``as_of``.

    A return is an event at the moment of the start or later, and not the event of the start itself, unless ``start`` and
    ``returning`` are the same condition: then the start counts, and every user returns in period 0. Of starts at one moment,
    the one with the smallest event id is the first.

    A cell is complete once its last period is over for all who may be in the cohort, as of ``as_of``. With ``"on_or_after"``,
    a later return still raises it: compare cohorts at an equal age only.

    ``measure=("sum", column)`` or ``("mean", column)`` add ``value``, that of the column over the returns that count for the
    cell, and for sums ``value_per_user``, the value divided by ``cohort_users``: with ``criterion="on_or_before"``, this is the
    lifetime value.

    ``breakdown`` is the value at the start, a column, a series, a function of the frame, a frame of users, or a series of users
    with one value for each, which is indexed by the unit. It becomes the first index level: missing values are ``(none)``, and
    all but the ``top`` groups with most starts are ``(other)``.

    ``where`` keeps some events, a condition as ``start`` is; the others neither start nor return.

    ``start_date`` and ``end_date`` are the range of starts; returns count up to ``as_of``, by default the last moment of the
    data. ``unit`` is the column, or the columns together, of what counts as a user. Events without it are left out.

    ``users(cohort=..., periods_since=...)`` are the users behind a cell, ``mean()`` is the line over all cohorts, and
    ``matrix()`` the triangle. Amplitude opens a clock at every start where this one takes the first start of a cohort.

    Raises InvalidValue for unknown options and empty or overlapping brackets, InvalidType and ColumnNotFound for columns.

    Definitions: retention analysis of Amplitude (first_time, recurring; on, on or after, brackets), retention of Mixpanel and
    of PostHog.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> found = hub.retention(hub.events(), by="week", criterion="on_or_after")
    >>> found.index_columns, found.columns
    (['cohort', 'periods_since'], ['cohort_users', 'users', 'rate', 'complete'])
    """
    for name, given, known in (("mode", mode, MODES), ("clock", clock, CLOCKS), ("criterion", criterion, CRITERIA)):
        if given not in known:
            raise InvalidValue(f"{name} of retention is not known: {given!r}", hint=near(given, known))
    checked_period(by)
    scope = scope_of(
        settings, events, "retention", unit=unit, start=start_date, end=end_date, as_of=as_of, limits=("start_date", "end_date")
    )
    used = [name for name in (*scope.unit, *scope.event_key, *scope.data.index_columns) if name in NAMES]
    if used:
        raise InvalidValue(
            f"the unit or the index of the frame is column {used[0]!r}, whose name retention uses itself", hint="rename it"
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
    """Return a condition without what makes it false where it is missing."""
    match test:
        case Call("coalesce", (inner, Literal(False))):
            return inner
    return test


def _brackets(brackets: Sequence[tuple[int, int]] | None, periods: int | None) -> tuple[tuple[int, int], ...] | None:
    """Return brackets as given. Raises InvalidValue for brackets that are empty, overlap, or go down."""
    if periods is not None and (isinstance(periods, bool) or not 1 <= periods <= _MOST_PERIODS):
        raise InvalidValue(f"periods of retention is {periods}", hint=f"a number from 1 to {_MOST_PERIODS:,}")
    if brackets is None:
        return None
    if periods is not None:
        raise InvalidValue("retention takes either brackets or periods", hint="leave periods out: brackets say how far to look")
    found = tuple(tuple(each) for each in brackets)
    least = 0
    for each in found:
        if (
            len(each) != 2
            or any(isinstance(end, bool) or not isinstance(end, int) for end in each)
            or not (least <= each[0] < each[1])
        ):
            raise InvalidValue(
                f"brackets of retention are pairs of rising numbers from 0, not {list(brackets)!r}",
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
            f"measure of retention is not known: {in_words(measure)}", hint="'users', or ('sum', column) or ('mean', column)"
        )
    if criterion == "streak":
        raise InvalidValue("measure of retention is 'users' for streaks", hint="another criterion adds up a column")
    kind, column = measure
    if column not in scope.data.data_columns:
        raise ColumnNotFound(
            f"measure of retention is of column {column!r}, which the frame does not have",
            hint=near(column, scope.data.data_columns),
        )
    dtype = scope.data.dtypes[column]
    if dtype not in ("int64", "float64") and not dtype.startswith("decimal"):
        raise InvalidType(
            f"retention cannot take the {kind} of column {column!r}, which is {dtype}", hint="cast it to a number"
        )
    return kind, column


def _rule(cells: Cells) -> tuple[str, ...]:
    """Return the rule in words."""
    unit, by = " and ".join(cells.scope.unit), cells.by
    start = "event" if cells.start is None else f"event of {cells.start.name}"
    back = "event" if cells.returning is None else f"event of {cells.returning.name}"
    cohort = {
        "first_time": f"its first {start} of all",
        "first_time_filtered": f"its first {start} in the range",
        "recurring": f"each {start}",
    }[cells.mode]
    when = {
        "on": f"the {by} that is periods_since later",
        "on_or_after": f"the {by} that is periods_since later, or after it",
        "on_or_before": f"the {by} that is periods_since later, or before it",
        "streak": f"every {by} up to the one that is periods_since later",
    }[cells.criterion]
    lines = [f"A {unit} is in the cohort of the {by} of {cohort}.", f"It came back if it has an {back} in {when}."]
    if cells.where is not None:
        lines.append(f"Only events that match {cells.where.title} are counted.")
    lines.append(
        f"Periods are of {ELAPSED[by]} since the first start in the cohort."
        if cells.is_elapsed
        else f"Periods are those of the calendar: {by}s."
    )
    lines.append(
        "The start itself counts as a return, because both are the same condition."
        if cells.is_same
        else "The event of the start does not count as a return; another event at the same moment does."
    )
    if cells.brackets is not None:
        brackets = ", ".join(f"[{low}, {high})" for low, high in cells.brackets)
        lines.append(f"Periods are put together in brackets, ends exclusive: {brackets}.")
    if cells.measure is not None:
        lines.append(f"value is the {cells.measure[0]} of {cells.measure[1]} over the returns that count for the cell.")
    if cells.label is not None:
        lines.append(groups_in_words(f"{cells.label.name} at the start", cells.top))
    lines.append("A cell is complete once its last period is over for all users that may be in the cohort.")
    return tuple(lines)
