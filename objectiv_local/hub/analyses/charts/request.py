"""The request for a chart: the analysis, its arguments, and the size of the chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from objectiv_local.charts.theme import REST, Layout
from objectiv_local.charts.values import MOST_ROWS, check_rows, label
from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame


@dataclass(frozen=True, slots=True)
class ChartRequest:
    """An analysis to draw. ``members`` returns columns of the rows that its cells count, without fetching them."""

    name: str
    frame: DataFrame
    arguments: Mapping[str, Any]
    layout: Layout = field(default_factory=Layout)
    members: Callable[[Sequence[str]], DataFrame] | None = None

    def rows(self, frame: DataFrame | None = None) -> list[dict[str, Any]]:
        """Return the rows of the analysis, or of a frame computed from it.

        Raises InvalidValue if there are no rows, or too many to draw.
        """
        table = (self.frame if frame is None else frame).to_arrow(limit=MOST_ROWS + 1)
        check_rows(table.num_rows, self.name, "give a shorter range, or longer periods")
        if not table.num_rows:
            raise self.nothing()
        found: list[dict[str, Any]] = table.to_pylist()
        return found

    def nothing(self) -> InvalidValue:
        """Return the error for an analysis without anything to draw."""
        return InvalidValue(
            f"there is nothing to draw: {self.name} has no rows", hint="its definition explains which events were left out"
        )

    @property
    def by(self) -> str:
        """The period of the analysis."""
        return str(self.arguments.get("by") or "day")

    @property
    def group(self) -> str | None:
        """The index level of the breakdown, if there is one."""
        levels = [name for name in self.frame.index_columns if name not in ("period", "step", "cohort", "periods_since")]
        return levels[0] if levels else None


def by_group(rows: list[dict[str, Any]], name: str | None) -> dict[str, list[dict[str, Any]]]:
    """Return rows by the value of a column, (other) and (none) last; without a column, all rows under an empty name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault("" if name is None else label(row[name]), []).append(row)
    return dict(sorted(found.items(), key=lambda each: each[0] in REST))
