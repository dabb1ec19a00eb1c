"""Charts whose numbers the database computes: a histogram never fetches the values, only the counts of its bins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame.cut import histogram

if TYPE_CHECKING:
    import matplotlib.axes

    from objectiv_local.frame.frame import DataFrame

#: Rows that a chart of rows may fetch.
MOST_ROWS = 10_000


class Plot:
    """Charts of a frame, drawn by matplotlib. Each returns the axes, or an array of them."""

    __slots__ = ("_frame",)

    def __init__(self, frame: DataFrame) -> None:
        self._frame = frame

    def hist(self, by: object = None, bins: int = 10, **options: Any) -> Any:
        """Draw a histogram of each numeric column in ``bins`` intervals of equal width, counted by the database.

        Options go to matplotlib's ``bar``. ``by`` is not supported.
        """
        if by is not None:
            raise NotSupported("hist with by= is not supported", hint="filter the frame for each group")
        names = [name for name in self._frame.data_columns
                 if self._frame.dtypes[name].partition("(")[0] in ("int64", "float64", "decimal")]
        if not names:
            raise InvalidType("the frame has no numeric column to draw", hint="choose one, as in df[['amount']].plot.hist()")
        plt = _pyplot()
        _, axes = plt.subplots(1, len(names), squeeze=False, figsize=(6 * len(names), 4))
        for axis, name in zip(axes[0], names, strict=True):
            table = histogram(self._frame[name], bins).to_arrow().to_pydict()
            lows = [interval["lower"] for interval in table["range"] if interval is not None]
            widths = [interval["upper"] - interval["lower"] for interval in table["range"] if interval is not None]
            axis.bar(lows, table["value_counts"][:len(lows)], width=widths, align="edge", edgecolor="white", **options)
            axis.set(title=name, xlabel=name, ylabel="rows")
        return axes[0][0] if len(names) == 1 else axes[0]

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
        _pyplot()
        rows = self._frame.to_pandas(limit=MOST_ROWS + 1)
        if len(rows) > MOST_ROWS:
            raise InvalidValue(f"the frame has more than {MOST_ROWS} rows, which is too many to draw",
                               hint="aggregate first: df.groupby(...).sum().plot.bar()")
        numbers = rows.select_dtypes("number").astype("float64")
        if numbers.empty and not len(numbers.columns):
            raise InvalidType("the frame has no numeric column to draw")
        drawn: matplotlib.axes.Axes = getattr(numbers.plot, kind)(**options)
        return drawn


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise NotSupported("matplotlib is not installed", hint="pip install 'objectiv-local[plot]'") from None
    return plt
