"""Paths: the events that follow each other in a session, step by step."""

from __future__ import annotations

from typing import Final

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Node, frame_of
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.breakdown import NONE
from objectiv_local.hub.analyses.base.cells import between
from objectiv_local.hub.analyses.base.event_values import label_of
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
    ``count``        number of paths with the transition
    ``users``        number of distinct users with such a path
    ``median_time``  median time between the two events, missing if the path ends
    ===============  ============================================================================================

    A sequence is all events with the same value of ``by``, such as a session, ordered by moment and event id. A path is the
    first ``steps`` labels of a sequence. Step 1 is the transition from the first to the second label. A path that ends early
    has the target ``(exit)``, so that as many paths leave a label as reach it. Missing labels are ``(none)``.

    ``label`` is a column, a series or a function of the frame, whose values are used as strings. With ``collapse``, consecutive
    events with the same label count as one event, the first. With ``top``, only the ``top`` most frequent labels of each place
    are kept, and the others become ``(other)``; ties are broken alphabetically.

    ``start`` and ``end`` are conditions: event types, lists of event types, bool series, or functions of the frame. With
    ``start``, a path begins with the first matching event. With ``end``, it ends with the first matching event, and steps are
    counted backward from there: step 1 leads to the end, and a path with fewer labels has the source ``(entry)`` before
    its first label. With both, a path begins with the first start and ends with the first end after it, and steps are counted
    from the start. Sequences without a match are left out.

    ``where`` filters events, ``start_date`` (inclusive) and ``end_date`` (exclusive) limit them to a range; sequences consist
    of the remaining events. Events without the unit or without ``by`` are left out.

    ``matrix()`` returns the step matrix, and ``transitions()`` counts transitions anywhere in a sequence.
    ``users(step=1, source=..., target=...)`` returns the users with a transition.

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
        raise InvalidValue("by of paths is empty", hint="for instance by='session_id'")
    require(scope.data, "paths", keys)
    taken = [name for name in (*scope.unit, *keys) if name in TAKEN or name == MOMENT]
    if taken:
        raise InvalidValue(
            f"column {taken[0]!r} has a name that paths uses for a column of its own",
            hint=f"rename it: events.rename(columns={{{taken[0]!r}: ...}})",
        )
    for name, value, least in (("steps", steps, 2), ("top", top, 1)):
        if value is not None and not least <= value <= MOST_STEPS:
            raise InvalidValue(f"{name} of paths is {value}", hint=f"give a number from {least} to {MOST_STEPS}")
    for name, each in (("start", start), ("end", end)):
        not_a_day(each, f"{name} of paths", f"{name}_date")
    tests = {
        name: condition(each, scope.data, f"{name} of paths", scope.unit)
        for name, each in (("start", start), ("end", end), ("where", where))
        if each is not None
    }
    sequences = Sequences(
        scope,
        _label(label, scope.data),
        str(label) if isinstance(label, str) else "label",
        keys,
        steps,
        tests,
        collapse=collapse,
        top=top,
    )
    pairs = sequences.labeled(sequences.pairs())
    plan = counted(pairs, scope, (STEP, SOURCE, TARGET))
    frame = frame_of(scope.state_over(plan, (STEP, SOURCE, TARGET)), ["count", "users", "median_time"])
    types = tuple(name for test in tests.values() for name in test.types)
    return Paths("paths", frame, scope, Definition(sequences.rule(), types), pairs, sequences=sequences)


@checked
class Paths(Analysis):
    """The transitions of paths, with the step matrix and the transitions of whole sequences."""

    def __init__(
        self, name: str, frame: DataFrame, scope: Scope, definition: Definition, members: Node, *, sequences: Sequences
    ) -> None:
        possible = {} if sequences.is_reversed else {STEP: between(1, sequences.steps - 1)}
        super().__init__(name, frame, scope, definition, members, possible=possible)
        self._sequences = sequences

    def matrix(self, column: str | None = None) -> DataFrame:
        """Return the step matrix: one row per label, and one column per place in the paths, named ``1``, ``2`` and so on.

        Values are the ``share`` of the paths with the label at that place (the default), their ``count``, or the number of
        their distinct ``users``. The row ``(exit)`` has the paths that ended earlier, so that the columns of shares add up to
        1, and those of counts to the number of paths. If steps are counted from an end, place 1 is the end, and ``(entry)`` has
        the paths that had not begun.

        Raises InvalidValue for another measure.
        """
        column = "share" if column is None else column
        if column not in _MEASURES:
            raise InvalidValue(
                f"column of a step matrix has to be one of {', '.join(_MEASURES)}, not {column!r}", hint=near(column, _MEASURES)
            )
        return self._sequences.matrix(column)

    def transitions(self, length: int = 2) -> Analysis:
        """Return how often labels follow each other anywhere in the sequences: index ``source`` and ``target``.

        Columns: ``count``; ``users``; ``probability``, the share of the transitions from the source that lead to the target;
        and ``median_time`` between the two events. The last label of a sequence leads to ``(exit)``. ``matrix("probability")``
        of the result is the transition matrix.

        With a ``length`` of 3 to 10, the result has n-grams: index ``label_1``, ``label_2`` and so on, columns ``count`` and
        ``users``. ``steps`` and ``top`` have no effect.

        Raises InvalidValue for a length that is not from 2 to 10.
        """
        if not 2 <= length <= 10:
            raise InvalidValue(f"length of transitions is {length}", hint="give a number from 2 to 10")
        return self._sequences.transitions(length)


def _label(given: object, data: DataFrame) -> Series:
    """Return the label of each event as a string that is never missing."""
    found: Series = label_of(given, data, "label of paths", _EXAMPLE).fillna(NONE)
    return found
