"""Charts whose numbers the database computes: a histogram never fetches the values, only the counts of its bins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame.cut import histogram
from objectiv_local.frame.habits import CHARTS, Accessor, hint

if TYPE_CHECKING:
    import matplotlib.axes

    from objectiv_local.frame.frame import DataFrame

_KINDS = ("line", "bar", "barh", "hist")
#: Rows that a chart of rows may fetch.
MOST_ROWS = 10_000


@checked
class Plot(Accessor):
    """Charts of a frame, drawn by matplotlib. Each returns the axes, or an array of them."""

    __slots__ = ("_frame",)
    _known = CHARTS

    def __init__(self, frame: DataFrame) -> None:
        self._frame = frame

    def __call__(self, x: str | None = None, y: str | Sequence[str] | None = None, kind: str = "line", **options: Any) -> Any:
        """Draw the columns ``y``, by default all numeric ones, over the column ``x``, by default the index.

        ``kind`` is line, bar, barh or hist. Rows are drawn in the order of the frame, or of ``x`` for lines over a column:
        at most 10,000, so aggregate first. Options are those of the method of that name, such as ``ax`` and ``title``.
        """
        if kind not in _KINDS:
            raise NotSupported(f"plot of kind {kind!r} is not supported",
                               hint=hint(kind, CHARTS, ()) if kind in CHARTS else near(kind, _KINDS))
        frame = self._frame
        names = [y] if isinstance(y, str) else list(y) if y is not None else None
        for name in names or ():
            if name in frame.data_columns and name not in _numbers(frame):
                raise InvalidType(f"column {name!r} cannot be drawn: it is {frame.dtypes[name]}, not a number",
                                  hint="leave it out of y")
        if x is not None:
            names = [name for name in frame.data_columns if name != x] if names is None else names
            if x not in frame.index_columns:
                frame = frame.set_index(x)
            elif len(frame.index_columns) > 1:
                frame = frame.reset_index().set_index(x)
            frame = frame.sort_index() if kind == "line" else frame
        chosen: DataFrame = frame if names is None else frame[names]
        return getattr(Plot(chosen), kind)(**options)

    def hist(self, by: object = None, bins: int = 10, *, ax: Any = None, figsize: tuple[float, float] | None = None,
             **options: Any) -> Any:
        """Draw a histogram of each numeric column in ``bins`` intervals of equal width, counted by the database.

        Each column gets its own axes. If ``ax`` is a single axes object, all columns are drawn on it, with the same intervals
        and a legend; if it is a list, each column is drawn on one of them. The options title, xlabel, ylabel, xlim and ylim
        apply to the axes; others are passed to matplotlib's ``bar``. ``by`` is not supported.
        """
        if by is not None:
            raise NotSupported("hist with by= is not supported", hint="filter the frame for each group")
        names = _numbers(self._frame)
        if not names:
            raise InvalidType("the frame has no numeric column to draw", hint="choose one, as in df[['amount']].plot.hist()")
        axes = _axes(ax, len(names), figsize)
        together = len(names) > 1 and all(axis is axes[0] for axis in axes)
        if together:
            options = {"alpha": 0.5} | options
        labels = {name: options.pop(name) for name in ("title", "xlabel", "ylabel", "xlim", "ylim") if name in options}
        of = self._frame[names].stack() if together else None
        for axis, name in zip(axes, names, strict=True):
            table = histogram(self._frame[name], bins, of=of).to_arrow().to_pydict()
            lows = [interval["lower"] for interval in table["range"] if interval is not None]
            widths = [interval["upper"] - interval["lower"] for interval in table["range"] if interval is not None]
            drawn = {"align": "edge", "edgecolor": "white"} | ({"label": name} if together else {}) | options
            with _options():
                axis.bar(lows, table["value_counts"][:len(lows)], width=widths, **drawn)
                axis.set(**({"ylabel": "rows"} | ({} if together else {"title": name, "xlabel": name}) | labels))
        if together:
            axes[0].legend()
        return axes[0] if together or len(names) == 1 else axes

    def bar(self, **options: Any) -> matplotlib.axes.Axes:
        """Draw the rows as bars, labelled by the index: at most 10,000 rows, so aggregate first."""
        return self._rows("bar", options)

    def barh(self, **options: Any) -> matplotlib.axes.Axes:
        """Draw the rows as horizontal bars, labelled by the index: at most 10,000 rows, so aggregate first."""
        return self._rows("barh", options)

    def line(self, **options: Any) -> matplotlib.axes.Axes:
        """Draw the columns as lines over the index: at most 10,000 rows, so aggregate first."""
        return self._rows("line", options)

    def _rows(self, kind: str, options: dict[str, Any]) -> matplotlib.axes.Axes:
        pyplot()
        rows = self._frame.to_pandas(limit=MOST_ROWS + 1)
        if len(rows) > MOST_ROWS:
            raise InvalidValue(f"the frame has more than {MOST_ROWS} rows, which is too many to draw",
                               hint="aggregate first: df.groupby(...).sum().plot.bar()")
        drawable = _numbers(self._frame)
        numbers = rows[drawable].astype("float64")
        if not drawable:
            raise InvalidType("the frame has no numeric column to draw")
        if kind != "line" and rows.empty:
            raise InvalidValue("the frame has no rows, and so no bars to draw", hint="filter less")
        with _options():
            drawn: matplotlib.axes.Axes = getattr(numbers.plot, kind)(**options)
        return drawn


def _numbers(frame: DataFrame) -> list[str]:
    """Return the columns that can be drawn."""
    return [name for name, dtype in frame.dtypes.items() if dtype.partition("(")[0] in ("int64", "float64", "decimal")]


@contextmanager
def _options() -> Iterator[None]:
    """Raise InvalidValue for options that matplotlib does not take."""
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        raise InvalidValue(f"matplotlib cannot draw with these options: {error}",
                           hint="options are those of matplotlib's bar and plot") from error


def _axes(ax: Any, number: int, figsize: tuple[float, float] | None) -> Any:
    """Return axes for a number of charts: new ones, those given, or the same ones for all."""
    plt = pyplot()
    if ax is None:
        return plt.subplots(1, number, squeeze=False, figsize=figsize or (6 * number, 4))[1][0]
    if figsize is not None:
        raise InvalidValue("figsize applies to a new figure, but ax was given", hint="give one of the two")
    if hasattr(ax, "bar"):
        return [ax] * number
    given = list(getattr(ax, "flat", ax)) if isinstance(ax, Iterable) else [ax]
    for each in given:
        if not hasattr(each, "bar"):
            raise InvalidType(f"ax is axes of matplotlib, or a list of them, not {in_words(ax)}")
    if len(given) != number:
        raise InvalidValue(f"{number} numeric columns cannot be drawn on {len(given)} axes",
                           hint="give one of them, or choose columns: df[['amount']].plot.hist(ax=ax)")
    return given


def pyplot() -> Any:
    """Return matplotlib's module of figures. Raises NotSupported where it is not installed."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise NotSupported("matplotlib is not installed", hint="pip install 'objectiv-local[plot]'") from None
    return plt
