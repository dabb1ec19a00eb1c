"""Heat maps of numbers: a cell for each row and column, with its number in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.charts.library import altair
from objectiv_local.charts.theme import (
    COMPLETE,
    INCOMPLETE,
    INK,
    NUMBERS,
    ON_DARK,
    ON_LIGHT,
    Layout,
    data,
    finished,
    hatching,
    tip,
    words,
)

#: Cells up to which each shows its number; of more, none could be read.
MOST_NUMBERS: Final = 2_500
#: Pixels that a cell is wide and high, with its number and without.
_CELL, _SMALL = (46, 24), (10, 10)
#: From white to the blue of the palette.
_LIGHT, _DARK = "#EAF2F8", "#00507F"
#: Stripes on dark and on light cells, which leave the text on these its contrast.
_STRIPES: Final = {"dark": "#000000", "light": "#777777"}
#: The share of the scale above which white text is easier to read than black text. Either has a contrast of 4.5 or more.
_WHITE_FROM: Final = 0.725


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with its number as text. Without a value it has no color; incomplete ones are hatched and marked with ``*``."""

    row: str
    column: str
    text: str
    value: float | int | None = None
    is_complete: bool = True
    details: tuple[tuple[str, str], ...] = ()


def heat_map(
    cells: Sequence[Cell],
    rows: Sequence[str],
    columns: Sequence[str],
    layout: Layout,
    *,
    row_title: str,
    column_title: str,
    scale_title: str,
    most: float | None = None,
    is_share: bool = False,
    note: str = "",
) -> Any:
    """Return a heat map of cells on one scale of blue, from 0 to ``most``, by default the largest value.

    Of more than 2,500 cells, no numbers are drawn. ``is_share`` shows the scale as percentages.
    """
    alt = altair()
    titles = list(dict.fromkeys(title for cell in cells for title, _ in cell.details))
    top = most if most is not None else max((cell.value for cell in cells if cell.value is not None), default=1) or 1
    has_numbers = len(rows) * len(columns) <= MOST_NUMBERS
    found = [
        {
            "row": cell.row,
            "column": cell.column,
            "value": cell.value,
            "text": cell.text + ("" if cell.is_complete else "*"),
            "state": COMPLETE if cell.is_complete else INCOMPLETE,
            "stripes": "dark" if cell.value is not None and cell.value > _WHITE_FROM * top else "light",
            "ink": INK if cell.value is None else ON_DARK if cell.value > _WHITE_FROM * top else ON_LIGHT,
            **{f"detail_{titles.index(title)}": text for title, text in cell.details},
        }
        for cell in cells
    ]
    width, height = _SMALL
    if has_numbers:
        # Cells of a small matrix are larger.
        width = max(_CELL[0], min(90, 420 // len(columns)), *(10 + 7 * len(str(cell["text"])) for cell in found))
        height = max(_CELL[1], min(36, 240 // len(rows)))
    is_slanted = has_numbers and max(map(len, columns), default=0) * 7 > width
    base = alt.Chart(data(found)).encode(
        x=alt.X(
            "column",
            type="ordinal",
            sort=list(columns),
            title=column_title,
            axis=alt.Axis(
                labelAngle=-40 if is_slanted else 0, orient="top", domain=False, ticks=False, labelOverlap=not has_numbers
            ),
            scale=alt.Scale(domain=list(columns)),
        ),
        y=alt.Y(
            "row",
            type="ordinal",
            sort=list(rows),
            title=row_title,
            axis=alt.Axis(domain=False, ticks=False, labelOverlap=not has_numbers),
            scale=alt.Scale(domain=list(rows)),
        ),
    )
    tooltip = [
        tip("row", row_title),
        tip("column", column_title),
        *(tip(f"detail_{place}", title) for place, title in enumerate(titles)),
    ]
    colored = base.transform_filter("isValid(datum.value)")
    layers = [
        colored.mark_rect(**({"stroke": "white", "strokeWidth": 1} if has_numbers else {})).encode(
            tooltip=tooltip,
            color=alt.Color(
                "value",
                type="quantitative",
                title=scale_title,
                scale=alt.Scale(domain=[0, top], range=[_LIGHT, _DARK], interpolate="rgb"),
                legend=alt.Legend(format=".0%" if is_share else NUMBERS),
            ),
        )
    ]
    is_open = any(not cell.is_complete for cell in cells)
    if is_open:
        hatched = base.transform_filter({"field": "state", "equal": INCOMPLETE})
        layers += [
            hatched.transform_filter({"field": "stripes", "equal": name}).mark_rect(fill=hatching(color), opacity=0.3)
            for name, color in _STRIPES.items()
        ]
    if has_numbers:
        layers.append(
            base.mark_text(baseline="middle").encode(
                text=words(), color=alt.Color("ink", type="nominal", scale=None), tooltip=tooltip
            )
        )
    notes = [note, f"hatched{', *' if has_numbers else ''}: {INCOMPLETE}" if is_open else ""]
    return finished(
        alt.layer(*layers).resolve_scale(color="independent"),
        layout,
        width=alt.Step(width),
        height=alt.Step(height),
        note="; ".join(each for each in notes if each),
    )
