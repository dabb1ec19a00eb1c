"""Charts of frames. The database computes the data: a histogram fetches only the counts of its bins, not the values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from objectiv_local.arguments import checked, in_words
from objectiv_local.charts.bars import Columns, column_bars
from objectiv_local.charts.histogram import Bin, histogram, histograms
from objectiv_local.charts.lines import Line, line_chart
from objectiv_local.charts.points import area_chart, scatter_plot
from objectiv_local.charts.theme import COLORS, Layout
from objectiv_local.charts.values import MOST_ROWS, check_rows, label, labels, number
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame.cut import histogram as counted
from objectiv_local.frame.habits import CHARTS, OPTIONS, Accessor, hint

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

_KINDS: Final = ("line", "bar", "barh", "area", "scatter", "hist")
_SHARED: Final = ("title", "width", "height", "color", "xlabel", "ylabel")
_COLOR: Final = re.compile("#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3}|[a-z]+")


@dataclass(frozen=True, slots=True)
class _Options:
    """The checked options of a chart."""

    title: str | None = None
    width: int | None = None
    height: int | None = None
    color: str | Sequence[str] | None = None
    xlabel: str | None = None
    ylabel: str | None = None
    stacked: bool | None = None
    logx: bool = False
    logy: bool = False

    @property
    def layout(self) -> Layout:
        return Layout(self.title, self.width, self.height)

    def palette(self, columns: int) -> list[str] | None:
        """Return a color for each column, if colors were passed."""
        if self.color is None:
            return None
        given = [self.color] if isinstance(self.color, str) else list(self.color)
        for each in given:
            if not _COLOR.fullmatch(each):
                raise InvalidValue(
                    f"color {each!r} of a chart is unknown", hint="use a name, such as 'steelblue', or '#0072B2'"
                )
        if len(given) != columns:
            raise InvalidValue(f"there are {len(given)} colors for {columns} columns", hint="pass one color per column")
        return given


@checked
class Plot(Accessor):
    """Charts of a frame, drawn with Altair: each method returns an altair.Chart.

    ============================  ==================================================================================
    option                        meaning
    ============================  ==================================================================================
    ``title``                     a title, none by default
    ``width``, ``height``         size of the plot area in pixels
    ``color``                     a color, or a list of one per column: names such as ``'teal'``, or ``'#0072B2'``
    ``xlabel``, ``ylabel``        titles of the axes
    ``stacked``                   for ``bar``, ``barh`` and ``area``: whether columns are stacked
    ``logx``, ``logy``            for ``line`` and ``scatter``: whether an axis is logarithmic
    ============================  ==================================================================================

    Raises InvalidValue for other options, for frames with no rows or more than 10,000, and for a logarithmic axis with values
    that are not positive; InvalidType for non-numeric columns; NotSupported without the extra ``plot``.
    """

    __slots__ = ("_frame",)
    _known = CHARTS

    def __init__(self, frame: DataFrame) -> None:
        self._frame = frame

    def __call__(self, x: str | None = None, y: str | Sequence[str] | None = None, kind: str = "line", **options: Any) -> Any:
        """Return a chart of the columns ``y``, by default all numeric ones, against the column ``x``, by default the index.

        ``kind`` is line, bar, barh, area, scatter or hist; options are those of the method of that name.

        >>> import objectiv_local as ol
        >>> users = ol.ModelHub().trend(ol.ModelHub().events(), by="month").frame
        >>> type(users.plot(y="value", title="Users")).__name__
        'LayerChart'
        """
        if kind not in _KINDS:
            raise NotSupported(
                f"plot of kind {kind!r} is not supported", hint=hint(kind, CHARTS, ()) if kind in CHARTS else near(kind, _KINDS)
            )
        if kind != "hist":
            return getattr(self, kind)(x, y, **options)
        if x is not None:
            raise InvalidValue("a histogram has columns y, but no x", hint="plot(y='amount', kind='hist')")
        names = [y] if isinstance(y, str) else list(y) if y is not None else None
        return (self if names is None else Plot(self._frame[self._numeric(names)])).hist(**options)

    def line(self, x: str | None = None, y: str | Sequence[str] | None = None, **options: Any) -> Any:
        """Return a line chart of the columns ``y`` against ``x``, sorted by ``x``, with a color and a symbol per column."""
        chosen = _checked("line", options, "logx", "logy")
        names, title, at, values = self._rows(x, y)
        _check_log(chosen.logx, at, title)
        for name in names:
            _check_log(chosen.logy, values[name], name)
        several = len(names) > 1
        return line_chart(
            [Line(name, at, values[name]) for name in names],
            chosen.layout,
            palette=chosen.palette(len(names)),
            x_title=_given(chosen.xlabel, title),
            y_title=_given(chosen.ylabel, "" if several else names[0]),
            from_zero=False,
            grey=(),
            log=(chosen.logx, chosen.logy),
        )

    def area(self, x: str | None = None, y: str | Sequence[str] | None = None, **options: Any) -> Any:
        """Return an area chart of the columns ``y`` against ``x``: stacked, or overlapping with ``stacked=False``.

        Raises InvalidValue for stacked columns with negative values.
        """
        chosen = _checked("area", options, "stacked")
        names, title, at, values = self._rows(x, y)
        is_stacked = chosen.stacked is not False and len(names) > 1
        for name in names if is_stacked else ():
            if any((number(value) or 0) < 0 for value in values[name]):
                raise InvalidValue(
                    f"column {name!r} has negative values, which cannot be stacked", hint="pass stacked=False, or use plot.line"
                )
        return area_chart(
            [Line(name, at, values[name]) for name in names],
            chosen.layout,
            is_stacked=is_stacked,
            palette=chosen.palette(len(names)),
            x_title=_given(chosen.xlabel, title),
            y_title=_given(chosen.ylabel, "" if len(names) > 1 else names[0]),
        )

    def scatter(self, x: str | None = None, y: str | Sequence[str] | None = None, **options: Any) -> Any:
        """Return a scatter plot of the column ``y`` against ``x``, by default the only numeric column against the index.

        Raises InvalidValue for several columns.
        """
        chosen = _checked("scatter", options, "logx", "logy")
        names, title, at, values = self._rows(x, y)
        if len(names) > 1:
            raise InvalidValue(f"a scatter plot has one column, not {', '.join(names)}", hint="plot.scatter(x='a', y='b')")
        _check_log(chosen.logx, at, title)
        _check_log(chosen.logy, values[names[0]], names[0])
        palette = chosen.palette(1)
        return scatter_plot(
            list(zip(at, values[names[0]], strict=True)),
            chosen.layout,
            color=palette[0] if palette else None,
            x_title=_given(chosen.xlabel, title),
            y_title=_given(chosen.ylabel, names[0]),
            log=(chosen.logx, chosen.logy),
        )

    def bar(self, x: str | None = None, y: str | Sequence[str] | None = None, **options: Any) -> Any:
        """Return a bar chart of the columns ``y`` for each row, in the order of the frame, labeled by ``x``.

        Columns are drawn side by side, or stacked with ``stacked=True``.
        """
        return self._bars("bar", x, y, options)

    def barh(self, x: str | None = None, y: str | Sequence[str] | None = None, **options: Any) -> Any:
        """Return a horizontal bar chart of the columns ``y`` for each row, the first row on top, labeled by ``x``."""
        return self._bars("barh", x, y, options)

    def hist(self, by: object = None, bins: int = 10, **options: Any) -> Any:
        """Return a histogram of each numeric column in ``bins`` intervals of equal width, counted by the database.

        Several columns are drawn side by side, each with its own intervals. ``by`` is not supported.
        """
        if by is not None:
            raise NotSupported("hist with by= is not supported", hint="filter the frame for each group")
        chosen = _checked("hist", options)
        names = self._numeric(None)
        check_rows(bins, "a histogram", "pass fewer bins")
        found = {name: _bins(self._frame, name, bins) for name in names}
        palette = chosen.palette(len(names))
        y_title = _given(chosen.ylabel, "rows")
        if len(names) == 1:
            return histogram(
                found[names[0]],
                chosen.layout,
                x_title=_given(chosen.xlabel, names[0]),
                y_title=y_title,
                color=palette[0] if palette else None,
            )
        return histograms(found, chosen.layout, y_title=y_title, palette=palette or COLORS)

    def _bars(self, kind: str, x: str | None, y: str | Sequence[str] | None, options: dict[str, Any]) -> Any:
        chosen = _checked(kind, options, "stacked")
        names, title, at, values = self._rows(x, y)
        is_horizontal = kind == "barh"
        single = "" if len(names) > 1 else names[0]
        below, beside = (single, title) if is_horizontal else (title, single)
        below, beside = _given(chosen.xlabel, below), _given(chosen.ylabel, beside)
        return column_bars(
            Columns(labels(at), values),
            chosen.layout,
            is_stacked=bool(chosen.stacked) and len(names) > 1,
            is_horizontal=is_horizontal,
            palette=chosen.palette(len(names)),
            label_title=beside if is_horizontal else below,
            value_title=below if is_horizontal else beside,
        )

    def _rows(self, x: str | None, y: str | Sequence[str] | None) -> tuple[list[str], str, list[Any], dict[str, list[Any]]]:
        """Return the columns to draw, the title of the x values, these values, and those of each column."""
        frame = self._frame
        given = [y] if isinstance(y, str) else list(y) if y is not None else None
        over = list(frame.index_columns)
        if x is not None:
            over = [x if x in frame.index_columns else str(frame[x].name)]  # raises ColumnNotFound
        names = [name for name in self._numeric(given) if given is not None or name != x]
        if not names:
            raise InvalidType("the frame has no numeric column to draw", hint="choose other columns with y=")
        rows = frame[list(dict.fromkeys([*names, *([x] if x in frame.data_columns else [])]))].to_arrow(limit=MOST_ROWS + 1)
        check_rows(rows.num_rows, "the frame", "aggregate first: df.groupby(...).sum().plot.bar()")
        if not rows.num_rows:
            raise InvalidValue("the frame has no rows to draw", hint="check the filters")
        found = rows.to_pydict()
        at: list[Any] = (
            list(range(rows.num_rows))
            if not over
            else found[over[0]]
            if len(over) == 1
            else [label(each) for each in zip(*(found[name] for name in over), strict=True)]
        )
        return names, ", ".join(over), at, {name: found[name] for name in names}

    def _numeric(self, names: list[str] | None) -> list[str]:
        """Return the columns to draw: those given, or all numeric ones."""
        frame = self._frame
        numeric = [name for name, dtype in frame.dtypes.items() if dtype.partition("(")[0] in ("int64", "float64", "decimal")]
        for name in names or ():
            series = frame[name]  # raises ColumnNotFound
            if name not in numeric:
                raise InvalidType(
                    f"column {name!r} cannot be drawn: it is {series.dtype}, not a number", hint="remove it from y"
                )
        found = numeric if names is None else names
        if not found:
            raise InvalidType("the frame has no numeric column to draw", hint="choose one, as in df[['amount']].plot.hist()")
        return list(dict.fromkeys(found))


def _checked(kind: str, options: dict[str, Any], *more: str) -> _Options:
    """Return the options of a chart. Raises InvalidValue for an unknown option, and InvalidType for one of a wrong type."""
    known = (*_SHARED, *more)
    for name, value in options.items():
        if name not in known:
            raise InvalidValue(f"plot.{kind} has no option {name!r}", hint=OPTIONS.get(name) or near(name, known))
        fits: Any = {"width": int, "height": int, "stacked": bool, "logx": bool, "logy": bool}.get(name, str)
        is_list = name == "color" and isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
        if value is not None and not is_list and (not isinstance(value, fits) or (fits is int and isinstance(value, bool))):
            words = {int: "a whole number", bool: "True or False", str: "a string"}[fits]
            raise InvalidType(f"{name} of plot.{kind} has to be {words}, not {in_words(value)}")
    return _Options(**{name: value for name, value in options.items() if value is not None})


def _given(label: str | None, default: str) -> str:
    return default if label is None else label


def _check_log(log: bool, values: Sequence[Any], name: str) -> None:
    """Raise InvalidValue for values that cannot be on a logarithmic axis."""
    if not log:
        return
    for value in values:
        found = number(value)
        if found is not None and found <= 0:
            raise InvalidValue(
                f"{name!r} has the value {value!r}, which cannot be on a logarithmic axis", hint="filter: df[df.a > 0]"
            )


def _bins(frame: DataFrame, name: str, bins: int) -> list[Bin]:
    table = counted(frame[name], bins).to_arrow().to_pydict()
    found = [
        Bin(between["lower"], between["upper"], count)
        for between, count in zip(table["range"], table["value_counts"], strict=True)
        if between is not None
    ]
    if not found:
        raise InvalidValue(f"column {name!r} has no values to draw", hint="check the filters")
    return found
