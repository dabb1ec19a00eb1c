"""Bars of shares that add up to 100%."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.charts.library import altair
from objectiv_local.charts.theme import COLORS, PERCENT, Layout, data, finished, tip, words
from objectiv_local.charts.values import count, percent

#: Maximum number of bars that show their share.
_MOST_NUMBERED: Final = 12


@dataclass(frozen=True, slots=True)
class Share:
    """A named share, with its count."""

    name: str
    share: float
    count: int


def share_bars(shares: Sequence[Share], layout: Layout, *, x_title: str, y_title: str, count_title: str, note: str = "") -> Any:
    """Return vertical bars of shares in the given order, with the percentage above each bar if there are few."""
    alt = altair()
    names = [each.name for each in shares]
    rows = [
        {"name": each.name, "share": each.share, "text": percent(each.share), "count": count(each.count)} for each in shares
    ]
    base = alt.Chart(data(rows)).encode(
        x=alt.X("name", type="ordinal", sort=names, title=x_title, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("share", type="quantitative", title=y_title, axis=alt.Axis(format=PERCENT), scale=alt.Scale(zero=True)),
    )
    layers = [
        base.mark_bar(color=COLORS[0], width={"band": 0.8}).encode(
            tooltip=[tip("name", x_title), tip("text", "share"), tip("count", count_title)]
        )
    ]
    if len(shares) <= _MOST_NUMBERED:
        layers.append(base.mark_text(baseline="bottom", dy=-3).encode(text=words()))
    return finished(alt.layer(*layers), layout, note=note)
