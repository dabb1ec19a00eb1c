"""Paths: which events follow each other in a session, step by step."""

from __future__ import annotations

from typing import Final

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Node, frame_of
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.breakdown import NONE
from objectiv_local.hub.analyses.base.cells import between
from objectiv_local.hub.analyses.base.given import label_of
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.analyses.path_steps import SOURCE, STEP, TAKEN, TARGET, Sequences, counted
from objectiv_local.hub.checks import column_names, require
from objectiv_local.hub.conditions import condition, not_a_day
from objectiv_local.hub.settings import Settings

MOST_STEPS: Final = 100
_EXAMPLE: Final = "for instance label='event_type', or label=lambda events: events.url.str.split('?').str[0]"
_MEASURES: Final = ("share", "count", "users")


@analysis
def paths(
    settings: Settings,
    events: DataFrame,
    label: object = "event_type",
    steps: int = 5,
    by: str | list[str] = "session_id",
    start: object = None,
    end: object = None,
    collapse: bool = False,
    top: int | None = None,
    *,
    where: object = None,
    start_date: object = None,
    end_date: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
) -> Paths:
    """Return how often one label follows another at each step of a path: index ``step``, ``source`` and ``target``.

    ===============  ============================================================================================
    column           value of a transition
    ===============  ============================================================================================
    ``count``        number of paths with it
    ``users``        number of distinct users with such a path
    ``median_time``  median time between both events, missing where the path ends
    ===============  ============================================================================================

    A path is the first ``steps`` labels of the events that have one value of ``by``, such as a session, in the order of
    moments, then of event ids. Step 1 is the transition from the first to the second label. A path that is over has the target
    ``(exit)``, so that as many paths leave a label as come to it. Missing labels are ``(none)``.

    ``label`` is a column, a series or a function of the frame, whose values are used as strings. With ``collapse``, repeats of
    a label right after each other are one event, the first one. With ``top``, only the most frequent labels of each place are
    kept, and the others are ``(other)``; of equal counts, the first ones by alphabet are kept.

    ``start`` and ``end`` are conditions: event types, lists of these, bool series, or functions of the frame. With ``start``, a
    path begins with the first event for which it holds. With ``end``, it ends with the first such event, and steps are counted
    from there: step 1 leads to it, and a path that begins there has the source ``(entry)``. With both, a path begins with the
    first start, ends with the first end after it, and steps are counted from the start. Other sequences are left out.

    ``where`` keeps some events, ``start_date`` (inclusive) and ``end_date`` (exclusive) those of a range; sequences are made of
    the events that are left. Events without the unit or without ``by`` are in no path.

    ``matrix()`` is the step matrix, and ``transitions()`` counts transitions wherever they are in a sequence.
    ``users(step=1, source=..., target=...)`` are the users behind a transition.

    Reads moment, the unit, the columns of ``by`` and ``label``. Raises InvalidValue for fewer than 2 steps or more than 100.

    Definitions: paths of PostHog; Journeys of Amplitude; step matrix and transition matrix of retentioneering.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> found = hub.paths(hub.events(), steps=3, start="InputChangeEvent", collapse=True)
    >>> found["count"].to_pandas().loc[1, "InputChangeEvent"].nlargest(1).index[0]
    'PressEvent'
    """
    scope = scope_of(
        settings, events, "paths", unit=unit, start=start_date, end=end_date, as_of=as_of, limits=("start_date", "end_date")
    )
    keys = tuple(dict.fromkeys(column_names(by)))
    if not keys:
        raise InvalidValue("paths need what sequences are made by", hint="for instance by='session_id'")
    require(scope.data, "paths", keys)
    taken = [name for name in (*scope.unit, *keys) if name in TAKEN or name == MOMENT]
    if taken:
        raise InvalidValue(
            f"column {taken[0]!r} has a name that paths use themselves",
            hint=f"rename it: events.rename(columns={{{taken[0]!r}: ...}})",
        )
    for name, value, least in (("steps", steps, 2), ("top", top, 1)):
        if value is not None and not least <= value <= MOST_STEPS:
            raise InvalidValue(f"{name} of paths is {value}", hint=f"a number from {least} to {MOST_STEPS}")
    for name, each in (("start", start), ("end", end)):
        not_a_day(each, f"{name} of paths", f"{name}_date")
    tests = {
        name: condition(each, scope.data, f"{name} of paths", scope.unit)
        for name, each in (("start", start), ("end", end), ("where", where))
        if each is not None
    }
    asked = Sequences(
        scope,
        _label(label, scope.data),
        str(label) if isinstance(label, str) else "label",
        keys,
        steps,
        tests,
        collapse=collapse,
        top=top,
    )
    pairs = asked.labeled(asked.pairs())
    plan = counted(pairs, scope, (STEP, SOURCE, TARGET))
    frame = frame_of(scope.state_over(plan, (STEP, SOURCE, TARGET)), ["count", "users", "median_time"])
    types = tuple(name for test in tests.values() for name in test.types)
    return Paths("paths", frame, scope, Definition(asked.rule(), types), pairs, asked=asked)


@checked
class Paths(Analysis):
    """The transitions of paths, with their step matrix and with the transitions of whole sequences."""

    def __init__(
        self, name: str, frame: DataFrame, scope: Scope, definition: Definition, members: Node, *, asked: Sequences
    ) -> None:
        possible = {} if asked.is_reversed else {STEP: between(1, asked.steps - 1)}
        super().__init__(name, frame, scope, definition, members, possible=possible)
        self._asked = asked

    def matrix(self, column: str | None = None) -> DataFrame:
        """Return the step matrix: a row for each label, a column for each place in the paths, ``1``, ``2`` and so on.

        Values are the ``share`` of the paths that have the label there, by default, or their ``count``. ``(exit)`` are those
        that were over, so that columns add up to 1, or to the number of paths. Where steps are counted from an end, place 1 is
        the end, and ``(entry)`` are the paths that had not begun. ``users`` are the distinct users of these paths.

        Raises InvalidValue for another column.
        """
        column = "share" if column is None else column
        if column not in _MEASURES:
            raise InvalidValue(f"a step matrix is of {', '.join(_MEASURES)}, not of {column!r}", hint=near(column, _MEASURES))
        return self._asked.matrix(column)

    def transitions(self, length: int = 2) -> Analysis:
        """Return how often labels follow each other anywhere in the sequences: index ``source`` and ``target``.

        Columns are ``count``, ``users``, ``probability``, the share of the transitions from the source that lead to the target,
        and ``median_time`` between both events. The last label of a sequence leads to ``(exit)``. ``matrix("probability")`` of
        the result is the transition matrix.

        With a greater ``length``, up to 10, they are n-grams: index ``label_1``, ``label_2`` and so on, columns ``count`` and
        ``users``. Neither ``steps`` nor ``top`` makes a difference.

        Raises InvalidValue for another length.
        """
        if not 2 <= length <= 10:
            raise InvalidValue(f"length of transitions is {length}", hint="a number from 2 to 10")
        return self._asked.transitions(length)


def _label(given: object, data: DataFrame) -> Series:
    """Return the label of each event, as a string that is never missing."""
    found: Series = label_of(given, data, "label of paths", _EXAMPLE).fillna(NONE)
    return found
