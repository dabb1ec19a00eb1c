"""The chart of each analysis, drawn by matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from objectiv_local.errors import InvalidValue, NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import pyplot
from objectiv_local.hub.models.heat_map import COMPLETE, UNFINISHED, heat_map

if TYPE_CHECKING:
    import pandas

#: Rows up to which an analysis is drawn.
_MOST_ROWS: Final = 10_000
#: Bars of a chart of named things: the largest ones.
_MOST_BARS: Final = 30
#: Colors that can be told apart without seeing all of them (Okabe and Ito).
_COLORS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
_GREY: Final = "#999999"


def draw(name: str, frame: DataFrame, ax: Any) -> Any:
    """Return the axes with the chart of an analysis, by its name.

    Raises NotSupported for an analysis without a chart, and InvalidValue where there is nothing to draw, or too much.
    """
    if name not in _CHARTS:
        raise NotSupported(f"{name} has no chart", hint="draw its frame: .frame.plot(y=...)")
    table = frame.to_pandas(limit=_MOST_ROWS + 1)
    if len(table) > _MOST_ROWS:
        raise InvalidValue(f"{name} has more than {_MOST_ROWS:,} rows, too many to draw", hint="give a shorter range")
    if table.empty:
        raise InvalidValue(f"there is nothing to draw: {name} has no rows", hint="its definition says what was left out")
    return _CHARTS[name](table, ax)


def _axes(ax: Any, figsize: tuple[float, float] = (8, 4.5)) -> Any:
    return pyplot().subplots(figsize=figsize, layout="constrained")[1] if ax is None else ax


def _labels(table: pandas.DataFrame, column: str) -> list[tuple[str, pandas.DataFrame]]:
    """Return the rows of each group, without its level; those of the only one under the name of the column."""
    if table.index.nlevels == 1:
        return [(column, table)]
    level = table.index.names[-1]
    return [(str(label), rows.droplevel(level)) for label, rows in table.groupby(level=level)]


def _lines(columns: Sequence[str], ylabel: str) -> Callable[[pandas.DataFrame, Any], Any]:
    """Return the chart of columns over periods: a line for each, or for each group; periods that may still grow are dashed."""

    def chart(table: pandas.DataFrame, ax: Any) -> Any:
        axis = _axes(ax)
        lines = [(label, rows[column], rows["complete"]) for column in columns if column in table
                 for label, rows in _labels(table, column)]
        for place, (label, values, complete) in enumerate(lines):
            color, numbers = _COLORS[place % len(_COLORS)], values.astype("float64")
            last = max((at for at, whole in enumerate(complete) if whole), default=-1)
            marker = "o" if len(numbers) <= 31 else None
            axis.plot(numbers.index[:last + 1], numbers.iloc[:last + 1], color=color, label=label, marker=marker, markersize=4)
            axis.plot(numbers.index[max(last, 0):], numbers.iloc[max(last, 0):], color=color, linestyle="--", marker=marker,
                      markersize=4, label=label if last < 0 else "_")
        axis.set(xlabel=table.index.names[0], ylabel=ylabel)
        axis.set_ylim(bottom=min(0.0, axis.get_ylim()[0]))
        axis.figure.autofmt_xdate()
        if len(lines) > 1:
            axis.legend()
        return axis

    return chart


def _lifecycle(table: pandas.DataFrame, ax: Any) -> Any:
    """Return the chart of a lifecycle: bars of those who are active above zero, and of those who are dormant below."""
    axis = _axes(ax)
    places = range(len(table))
    bottom = [0.0] * len(table)
    for name, color in zip(("returning", "resurrecting", "new"), _COLORS, strict=False):
        values = table[name].astype("float64").tolist()
        axis.bar(places, values, bottom=bottom, color=color, label=name)
        bottom = [one + other for one, other in zip(bottom, values, strict=True)]
    gone = [-value for value in table["dormant"].astype("float64").fillna(0)]
    axis.bar(places, gone, color=_GREY, hatch="//", label="dormant")
    axis.axhline(0, color="black", linewidth=0.8)
    _ticks(axis, [str(label) for label in table.index])
    axis.set(xlabel=table.index.name, ylabel="users")
    axis.legend()
    return axis


def _ticks(axis: Any, labels: Sequence[str]) -> None:
    every = 1 + len(labels) // 20
    axis.set_xticks(range(0, len(labels), every), labels[::every], rotation=45, ha="right")


def _retention(table: pandas.DataFrame, ax: Any) -> Any:
    """Return the heat map of the rates of cohorts; cells that may still grow are hatched."""
    if ax is not None:
        raise NotSupported("retention is drawn as a figure of its own", hint="leave ax out")
    if table.index.nlevels > 2:
        raise NotSupported("retention is drawn without a breakdown", hint="draw one group: retention(events[...]).plot()")
    rates = table["rate"].astype("float64").unstack() * 100  # noqa: PD010 - a matrix is what is drawn
    rates = rates.dropna(how="all")
    complete = table["complete"].to_dict()
    by_text = {str(cohort): cohort for cohort in rates.index}
    rates.columns = [f"_{name}" for name in rates.columns]

    def progress_of(cohort: str, distance: int) -> int:
        return COMPLETE if complete.get((by_text[cohort], distance), True) else UNFINISHED

    figure = heat_map(rates, progress_of, "the last moment", percentage=True)
    return figure.axes[0]


def _stickiness(table: pandas.DataFrame, ax: Any) -> Any:
    """Return the bars of the shares of users by how often they were active, over all complete periods."""
    axis = _axes(ax)
    whole = table[table["complete"]] if table["complete"].any() else table
    users = whole.groupby(level="active")["users"].sum()
    shares = users / users.sum() * 100 if users.sum() else users
    axis.bar(shares.index, shares, color=_COLORS[0])
    axis.set(xlabel="active", ylabel="share of users, %", xticks=list(shares.index)[::1 + len(shares) // 31])
    return axis


def _funnel(table: pandas.DataFrame, ax: Any) -> Any:
    """Return the bars of the users of each step, with the share of the first one; groups stand beside each other."""
    levels: Any = list(range(table.index.nlevels - 1))
    groups = [("", table)] if not levels else [
        (", ".join(map(str, label if isinstance(label, tuple) else (label,))), rows.droplevel(levels))
        for label, rows in table.groupby(level=levels)]
    axis = _axes(ax)
    width = 0.8 / len(groups)
    for place, (label, rows) in enumerate(groups):
        at = [step - 1 - 0.4 + width * (place + 0.5) for step in rows.index]
        bars = axis.bar(at, rows["users"], width, color=_COLORS[place % len(_COLORS)], label=label)
        if len(groups) <= 3:
            axis.bar_label(bars, ["" if share != share else f"{share:.0%}"  # noqa: PLR0124 - NaN differs from itself
                                  for share in rows["of_first"].astype("float64")], fontsize=8)
    names = groups[0][1]["name"].tolist()
    axis.set_xticks(range(len(names)), names, rotation=0 if len(names) <= 5 else 45)
    axis.set(ylabel="users")
    if len(groups) > 1:
        axis.legend()
    return axis


def _paths(table: pandas.DataFrame, ax: Any) -> Any:
    """Return the step matrix as a heat map: the share of paths with each label at each place."""
    count = table["count"].astype("float64")
    places: dict[int, Any] = {}
    for step in sorted({index[0] for index in table.index}):
        at = count.loc[[step]]
        if not places:
            places[step] = at.groupby(level="source").sum()
        places[step + 1] = at.groupby(level="target").sum()
    import pandas as pd

    total = places[min(places)].sum()
    matrix = pd.DataFrame(places).fillna(0) / total * 100
    ended = matrix.index.str.startswith("(")
    order = matrix.sum(axis=1).sort_values(ascending=False).index
    matrix = matrix.loc[[*[name for name in order if name not in matrix.index[ended]],
                         *[name for name in order if name in matrix.index[ended]]]][:_MOST_BARS]
    axis = _axes(ax, (2 + 1.2 * len(matrix.columns), 1.5 + 0.35 * len(matrix)))
    axis.imshow(matrix, aspect="auto", cmap="Blues", vmin=0, vmax=100)
    for row, name in enumerate(matrix.index):
        for column, place in enumerate(matrix.columns):
            value = matrix.loc[name, place]
            if value:
                axis.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=8,
                          color="white" if value > 60 else "black")
    axis.set_xticks(range(len(matrix.columns)), [str(place) for place in matrix.columns])
    axis.set_yticks(range(len(matrix)), list(matrix.index))
    axis.set(xlabel="place in the path", title="paths with a label at a place, %")
    return axis


def _bars(column: str, label: str) -> Callable[[pandas.DataFrame, Any], Any]:
    """Return the chart of one column of named things: bars, the largest on top, with intervals where there are any."""

    def chart(table: pandas.DataFrame, ax: Any) -> Any:
        values = table[column].astype("float64").dropna().sort_values()[-_MOST_BARS:]
        axis = _axes(ax, (8, 1.5 + 0.3 * max(len(values), 3)))
        names = [", ".join(map(str, each)) if isinstance(each, tuple) else str(each) for each in values.index]
        axis.barh(range(len(values)), values, color=_COLORS[0])
        if {"ci_low", "ci_high"} <= {*table.columns}:
            low, high = (table.loc[values.index, name].astype("float64") for name in ("ci_low", "ci_high"))
            axis.errorbar(values, range(len(values)), xerr=[values - low, high - values], fmt="none", ecolor="black", capsize=3)
            axis.axvline(0, color="black", linewidth=0.8)
        axis.set_yticks(range(len(values)), [name if len(name) <= 50 else name[:49] + "…" for name in names])
        axis.set(xlabel=label)
        return axis

    return chart


def _histogram(column: str, label: str) -> Callable[[pandas.DataFrame, Any], Any]:
    """Return the chart of how many rows have which values of a column."""

    def chart(table: pandas.DataFrame, ax: Any) -> Any:
        values = table[column].dropna()
        if values.dtype.kind == "m":
            values = values.dt.total_seconds() / 60
        axis = _axes(ax)
        axis.hist(values.astype("float64"), bins=30, color=_COLORS[0])
        axis.set(xlabel=label, ylabel=table.index.name if table.index.name is None else f"number of {table.index.name}")
        return axis

    return chart


_CHARTS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "trend": _lines(["value", "previous"], "value"), "active_users": _lines(["daily", "weekly", "monthly"], "users"),
    "lifecycle": _lifecycle, "stickiness": _stickiness, "retention": _retention, "funnel": _funnel, "paths": _paths,
    "drivers": _bars("phi", "phi"), "impact": _bars("score", "score"), "attribution": _bars("credit", "credit"),
    "experiment": _bars("lift", "lift"), "event_types": _bars("events", "events"), "properties": _bars("fill", "filled"),
    "quality": _bars("failed", "failed"), "sessions": _histogram("duration", "duration, minutes"),
    "rfm": _histogram("recency", "recency, days"), "ltv": _bars("ltv", "ltv"),
}
