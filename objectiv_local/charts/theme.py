"""What all charts share: colors, shapes, fonts, sizes, and the size and title that a caller asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.charts.library import altair
from objectiv_local.errors import InvalidValue

#: The palette of Okabe and Ito, which color-blind readers can tell apart, without its yellow and black: the one cannot be seen
#: on white, the other not on a dark page.
COLORS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
#: What is not in focus: rest groups, ends of paths, previous periods, zero lines and intervals.
GREY: Final = "#8C8C8C"
#: Text. ``svg`` replaces it with the color of the page.
INK: Final = "#1F2937"
#: Text on light and on dark cells of a heat map, whatever the page is.
ON_LIGHT, ON_DARK = "#000000", "#FFFFFF"
#: A word joiner, which has no width, and what it has to be put into.
JOINER: Final = "\u2060"
_TAG: Final = re.compile("<(?=/?script|!--)", re.IGNORECASE)
#: Symbols of series, so that these differ by more than their color.
SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
#: Names of groups that are drawn in grey.
REST: Final = ("(other)", "(none)", "(exit)", "(entry)")
#: Opacity of the fill of incomplete bars, whose outline has the full color: it can be seen on light and on dark pages.
LIGHTER: Final = 0.45
#: Formats of axes: thousands separators, and percentages, with as many decimal places as the ticks need.
NUMBERS, PERCENT = ",f", "%"
#: How values of complete and incomplete periods are named in legends. A period is incomplete that is not over, and one that
#: begins before the data or the range do, which will not change.
COMPLETE, INCOMPLETE = "complete", "incomplete"

WIDTH, HEIGHT = 640, 300
#: Pixels that a chart may be wide or high.
MOST_PIXELS: Final = 10_000
#: Numbers up to which an axis would have ticks between whole numbers.
_FEW_TICKS: Final = 8

CONFIG: Final[dict[str, Any]] = {
    "background": "white",
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": "#88888833",
        "domainColor": "#888888",
        "tickColor": "#888888",
        "labelLimit": 240,
        "titlePadding": 8,
        "labelOverlap": True,
        "maxExtent": 300,
        "labelPadding": 5,
    },
    "legend": {
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "labelLimit": 240,
        "symbolSize": 80,
        "symbolOpacity": 1,
    },
    "title": {
        "fontSize": 14,
        "subtitleFontSize": 11,
        "color": INK,
        "subtitleColor": INK,
        "anchor": "start",
        "offset": 12,
        "subtitlePadding": 4,
    },
    "text": {"color": INK, "fontSize": 11},
}


def sparse(labels: Sequence[str], most: int = 8) -> list[str]:
    """Return labels of an axis that has room for so many: every second one, every third one and so on."""
    return list(labels[:: 1 + (len(labels) - 1) // most])


def number_axis(values: Iterable[Any]) -> Any:
    """Return an axis of numbers that begins at 0: if all are whole and few ticks are needed, these are whole numbers alone."""
    known = [value for value in values if value is not None]
    low, high = min([0, *known]), max([0, *known])
    if all(isinstance(value, int) for value in known) and 0 < high - low <= _FEW_TICKS:
        return altair().Axis(format=",d", values=list(range(low, high + 1)))
    return altair().Axis(format=NUMBERS)


def states(alt: Any, channel: Any, domain: list[str], values: list[Any]) -> Any:
    """Return the encoding of a state, such as complete and incomplete, with a legend in grey."""
    return channel(
        "state",
        type="ordinal",
        sort=domain,
        title=None,
        scale=alt.Scale(domain=domain, range=values),
        legend=alt.Legend(symbolFillColor=GREY, symbolStrokeColor=GREY, symbolSize=200),
    )


def tip(field: str, title: str) -> Any:
    """Return a line of a tooltip, of a field that holds text: a browser would show moments in the reader's time zone."""
    return altair().Tooltip(field, type="nominal", title=title)


def words() -> Any:
    """Return the encoding of the text of a mark, the field ``text``."""
    return altair().Text("text", type="nominal")


@dataclass(frozen=True, slots=True)
class Layout:
    """The title and the size in pixels that a caller asks for; what is None is up to the chart."""

    title: str | None = None
    width: int | None = None
    height: int | None = None

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= MOST_PIXELS:
                raise InvalidValue(f"{name} of a chart is {value} pixels", hint=f"a number from 1 to {MOST_PIXELS:,}")

    def titled(self, title: str) -> Layout:
        """Return the layout with a title, if the caller asked for none."""
        return self if self.title is not None else Layout(title, self.width, self.height)


def finished(chart: Any, layout: Layout, width: Any = WIDTH, height: Any = HEIGHT, note: str = "") -> Any:
    """Return a chart with its theme, title and size. ``note`` is a line below the title."""
    alt = altair()
    properties: dict[str, Any] = {"width": layout.width or width, "height": layout.height or height}
    if layout.title or note:
        properties["title"] = alt.Title(layout.title or "", **({"subtitle": note} if note else {}))
    return themed(chart.properties(**properties))


def themed(chart: Any) -> Any:
    """Return a chart with the theme, and without text that could end the script of a page that it is written into."""
    chart = chart.configure(**CONFIG)
    _guard(chart, altair().SchemaBase)
    return chart


def _guard(part: Any, schema: Any) -> Any:
    """Put an invisible character into the text of script tags and comments, wherever it is in a chart.

    Altair writes charts into scripts of HTML pages, those of notebooks included, as they are.
    """
    if isinstance(part, str):
        return _TAG.sub(f"<{JOINER}", part)
    if isinstance(part, schema):
        # Altair has no public way to walk over a chart.
        keywords = vars(part)["_kwds"]
        keywords.update((name, _guard(value, schema)) for name, value in list(keywords.items()))
        vars(part)["_args"] = tuple(_guard(value, schema) for value in vars(part)["_args"])
        return part
    if isinstance(part, dict):
        return {name: _guard(value, schema) for name, value in part.items()}
    return [_guard(each, schema) for each in part] if isinstance(part, list) else part


def data(rows: list[dict[str, Any]]) -> Any:
    """Return rows as the data of a chart, which are part of it. They are not subject to altair's own limit of rows."""
    return altair().InlineData(values=rows)


def colors(names: list[str], grey: tuple[str, ...] = REST) -> list[str]:
    """Return a color for each series; rest groups are grey."""
    kept = [name for name in names if name not in grey]
    return [GREY if name in grey else COLORS[kept.index(name) % len(COLORS)] for name in names]


def shapes(count: int) -> list[str]:
    """Return a symbol for each of so many series."""
    return [SHAPES[place % len(SHAPES)] for place in range(count)]


def hatching(color: str) -> dict[str, Any]:
    """Return diagonal stripes, as a fill."""
    stops: list[dict[str, Any]] = []
    count = 6
    for stripe in range(count):
        at, half = stripe / count, 0.25 / count
        clear = f"{color}00"
        stops += [
            {"offset": at, "color": clear},
            {"offset": at + half, "color": clear},
            {"offset": at + half, "color": color},
            {"offset": at + 2 * half, "color": color},
            {"offset": at + 2 * half, "color": clear},
        ]
    return {"gradient": "linear", "x1": 0, "y1": 0, "x2": 1, "y2": 1, "stops": stops}
