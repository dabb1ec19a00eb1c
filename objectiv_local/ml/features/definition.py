"""Features and labels of entities at points in time: aggregates of events before a cutoff, and of those after it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Expr, Extend, Node, checked_name, expr_of, state_of, substitute, unused_name
from objectiv_local.ml.columns import check_comparable, check_instant, checked_column, listed
from objectiv_local.ml.features.aspects import Aspect, Censored, duration, positive, shown, span
from objectiv_local.ml.features.point_in_time import checked_aspect, features_at
from objectiv_local.types import BOOL, python_value

#: A condition on events: a bool series over the frame of events, or a function that returns one.
Where = Series | Callable[[DataFrame], Series]

#: The aggregates of features, and whether each needs a column; None if it is optional.
AGGREGATES: dict[str, bool | None] = {
    "count": None,
    "sum": True,
    "mean": True,
    "min": True,
    "max": True,
    "nunique": True,
    "first": True,
    "last": True,
    "any": False,
    "share": False,
    "since_last": False,
}
LABEL_AGGREGATES = ("any", "count", "sum")
CENSORED = ("null", "drop", "error")


@checked
class Label:
    """A label: an aggregate of the events in [cutoff + gap, cutoff + gap + horizon).

    ``agg`` is ``any``, whether there is such an event; ``count``; or ``sum`` of a ``column``. ``where`` is a condition on
    events, as for a feature. ``gap`` excludes events right after the cutoff from the label; features never include them
    either.

    A row is censored if its horizon ends after ``until``, the time up to which the data is complete: by default the time of the
    last event. Its label is not known, even if such an event has already occurred: it is NULL with ``censored='null'``, the row
    is dropped with ``'drop'``, and ``'error'`` raises InvalidValue with the number of such rows, which takes a query.

    Raises InvalidValue for a horizon that is not positive and for a negative gap, which would let features use label events.

    >>> import datetime
    >>> Label("buys", horizon=datetime.timedelta(days=7))
    Label('buys', agg='any', horizon=7 days)
    """

    @checked
    def __init__(
        self,
        name: str,
        where: Where | None = None,
        horizon: datetime.timedelta | None = None,
        *,
        agg: str = "any",
        column: str | None = None,
        gap: datetime.timedelta | None = None,
        censored: Censored = "null",
        until: datetime.datetime | datetime.date | None = None,
    ) -> None:
        self.name = checked_name(name)
        self.where = where
        if horizon is None:
            raise InvalidValue(f"label {name!r} has no horizon", hint="pass one: horizon=datetime.timedelta(days=7)")
        self.horizon = positive(horizon, "horizon", name)
        if agg not in LABEL_AGGREGATES:
            raise InvalidValue(
                f"label {name!r} has the aggregate {agg!r}, which is not supported", hint=near(str(agg), LABEL_AGGREGATES)
            )
        if (column is not None) != (agg == "sum"):
            raise InvalidValue(
                f"label {name!r} is {agg!r} and {'has no' if column is None else 'has a'} column",
                hint="sum needs a column; any and count need none: use where=lambda df: df.x.notnull()",
            )
        self.agg, self.column = agg, column
        self.gap = duration(datetime.timedelta(0) if gap is None else gap, "gap", name)
        if self.gap < datetime.timedelta(0):
            raise InvalidValue(
                f"label {name!r} has a negative gap, so features would include label events",
                hint="gap is the time between the cutoff and the start of the label",
            )
        if censored not in CENSORED:
            raise InvalidValue(f"censored of label {name!r} has to be 'null', 'drop' or 'error', not {censored!r}")
        self.censored = censored
        self.until = _moment(until, name)

    def __repr__(self) -> str:
        parts = [
            repr(self.name),
            f"agg={self.agg!r}",
            *([f"column={self.column!r}"] if self.column else []),
            f"horizon={shown(self.horizon)}",
            *([f"gap={shown(self.gap)}"] if self.gap else []),
        ]
        return f"Label({', '.join(parts)})"


@checked
class Features:
    """Features of entities at points in time, from a frame of events. Immutable: ``add`` and ``label`` return a new object.

    ``entity`` and ``time`` name columns or index levels of the events. ``key`` names columns that distinguish events of the
    same entity and time, by default the index: the first and the last event are determined by time and then by key, so that
    they are the same on every engine. Events without an entity or a time are ignored; a date counts as its midnight.

    >>> import datetime, duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> con = duckdb.connect()
    >>> day = lambda number: datetime.datetime(2022, 1, number)
    >>> events = DataFrame.from_pandas(con, pandas.DataFrame({
    ...     "user_id": [1, 1, 2], "moment": [day(1), day(8), day(9)], "paid": [5, 7, 2]}))
    >>> spine = DataFrame.from_pandas(con, pandas.DataFrame({"user_id": [1, 2], "cutoff": [day(8), day(8)]}))
    >>> week = datetime.timedelta(days=7)
    >>> features = Features(events).add("paid", "sum", "paid", window=week)
    >>> features = features.label(Label("comes_back", horizon=week, until=day(15)))
    >>> features.at(spine).sort_values("user_id").to_pandas()[["user_id", "paid", "comes_back"]].values.tolist()
    [[1, 5, True], [2, 0, True]]
    """

    @checked
    def __init__(
        self, events: DataFrame, entity: str = "user_id", time: str = "moment", key: str | Sequence[str] | None = None
    ) -> None:
        if not isinstance(events, DataFrame):
            raise InvalidType(f"features are computed from a frame of events, not from {type(events).__name__}")
        self.events = events
        self.entity = checked_column(events, entity, "entity")
        self.time = checked_column(events, time, "time")
        if self.entity == self.time:
            raise InvalidValue(f"{entity!r} cannot be both the entity and the time")
        check_comparable(events, self.entity, "entity")
        check_instant(events, self.time)
        levels = events.index_columns if key is None else listed(key)
        self.key = tuple(checked_column(events, level, "key") for level in levels)
        for level in self.key:
            check_comparable(events, level, "key")
        self._aspects: tuple[Aspect, ...] = ()

    def __repr__(self) -> str:
        lines = [
            f"  {each.name}: {each.agg}{'' if each.column is None else f' of {each.column}'}"
            f"{' where' if each.where is not None else ''} {span(each)}"
            for each in self._aspects
        ]
        return "\n".join([f"Features of {self.entity} by {self.time}", *lines])

    @property
    def feature_names(self) -> list[str]:
        """The names of the features, in the order in which they were added."""
        return [each.name for each in self._aspects if not each.is_label]

    @property
    def label_names(self) -> list[str]:
        """The names of the labels."""
        return [each.name for each in self._aspects if each.is_label]

    def add(
        self,
        name: str,
        agg: str,
        column: str | None = None,
        window: datetime.timedelta | None = None,
        where: Where | None = None,
    ) -> Features:
        """Return the features with one more: an aggregate of the events in [cutoff - window, cutoff), or of all earlier ones.

        An event at the cutoff is excluded; one exactly ``window`` before it is included. ``agg`` is one of

        - ``count``: the number of events, or of non-missing values of ``column``; ``any``: whether there is an event;
        - ``sum`` (0 without values), ``mean``, ``min``, ``max``, ``nunique`` of ``column``;
        - ``first``, ``last``: the first and last non-missing value of ``column``;
        - ``since_last``: the seconds from the last event to the cutoff;
        - ``share``: the fraction of the events in the window for which ``where`` is true.

        For an entity without events, counts and sums are 0, ``any`` is false, and the others are NULL. ``where`` selects the
        events for which it is true: a bool series over the frame of events, or a function of that frame that returns one.
        ``column`` names a column or index level of the events. Sums and means of floats depend on the order of addition in
        their last digits; everything else is the same on every engine.

        Raises InvalidValue for an unknown aggregate, a duplicate name, a window that is not positive, and ``first`` or ``last``
        without a key; ColumnNotFound; and InvalidType for a column whose type the aggregate does not support.
        """
        checked_name(name)
        if agg not in AGGREGATES:
            raise InvalidValue(f"{agg!r} is not an aggregate for features", hint=near(str(agg), AGGREGATES))
        needs = AGGREGATES[agg]
        if needs is not None and needs != (column is not None):
            raise InvalidValue(
                f"feature {name!r} is {agg!r}, which {'needs a' if needs else 'cannot have a'} column",
                hint=f"add({name!r}, {agg!r}, column=...)" if needs else "use where=... for a condition",
            )
        if agg == "share" and where is None:
            raise InvalidValue(f"feature {name!r} is a share, which needs a condition", hint="where=lambda df: df.x == ...")
        start = None if window is None else -positive(window, "window", name)
        return self._with(Aspect(name, agg, column, start, datetime.timedelta(0), self._condition(where, name)))

    def label(self, label: Label) -> Features:
        """Return the features with a label, which is computed from events after the cutoff. See :class:`Label`."""
        if not isinstance(label, Label):
            raise InvalidType(f"label needs a Label, not {type(label).__name__}", hint="as in .label(Label('buys', ...))")
        return self._with(
            Aspect(
                label.name,
                label.agg,
                label.column,
                label.gap,
                label.gap + label.horizon,
                self._condition(label.where, label.name),
                label.censored,
                label.until,
            )
        )

    def at(self, spine: DataFrame, cutoff: str = "cutoff") -> DataFrame:
        """Return all rows of ``spine`` with the features and labels at their cutoffs as additional columns.

        ``spine`` has a column or index level named like the entity and one of timestamps or dates, ``cutoff``: one row for
        each entity and cutoff. Its index, columns and order are kept. Rows with the same entity and cutoff have the same
        features. In a row without an entity or a cutoff, all features, including counts, and all labels are NULL.

        One statement reads the events once: they are joined to the distinct entities and cutoffs, aggregated together, and
        joined back to the spine.

        Raises InvalidValue for a spine that has a column with the name of a feature or is on another connection, and for
        censored rows of a label with ``censored='error'``; ColumnNotFound; and InvalidType if the entities have different
        types, or the cutoff is neither a timestamp nor a date.
        """
        return features_at(self, spine, cutoff)

    def _with(self, aspect: Aspect) -> Features:
        if any(aspect.name == each.name for each in self._aspects):
            raise InvalidValue(f"there already is a feature or label {aspect.name!r}", hint="choose another name")
        if aspect.column is not None:
            checked_column(self.events, aspect.column, f"column of {aspect.name!r}")
        checked_aspect(self, aspect)
        made = Features(self.events, self.entity, self.time, self.key)
        made._aspects = (*self._aspects, aspect)
        return made

    def _condition(self, where: Where | None, name: str) -> Expr | None:
        """Return a condition on events as an expression over their frame."""
        if where is None:
            return None
        found = where(self.events) if callable(where) and not isinstance(where, Series) else where
        if not isinstance(found, Series) or expr_of(found).type != BOOL:
            kind = found.dtype if isinstance(found, Series) else type(found).__name__
            raise InvalidType(
                f"where of {name!r} has to be a bool series over the events, not {kind}",
                hint="compare a column: where=lambda df: df.event_type == 'PressEvent'",
            )
        plan = state_of(self.events).plan
        label = unused_name("condition", plan.types)
        labelled = state_of(self.events.assign(**{label: found})).plan
        return _over(labelled, plan, labelled.column(label), name)


def _over(plan: Node, events: Node, expr: Expr, name: str) -> Expr:
    """Return an expression over a plan that adds columns to the events as an expression over the events themselves."""
    while plan is not events:
        if not isinstance(plan, Extend):
            raise InvalidValue(
                f"where of {name!r} is not a series over the events",
                hint="assign it to a column of the events first, and create the features from that frame",
            )
        added: dict[str, Expr] = dict(plan.columns)
        expr = substitute(expr, added)
        plan = plan.child
    return expr


def _moment(value: object, name: str) -> datetime.datetime | None:
    plain = python_value(value)
    if plain is None or isinstance(plain, datetime.datetime):
        return plain
    if isinstance(plain, datetime.date):
        return datetime.datetime(plain.year, plain.month, plain.day)
    raise InvalidType(
        f"until of label {name!r} has to be a timestamp or a date, not {value!r}", hint="datetime.datetime(2022, 4, 1)"
    )
