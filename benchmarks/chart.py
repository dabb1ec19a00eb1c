"""A chart of ratios: a row for each question, a panel for wall time, CPU and memory, a mark for each contender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Family, Result
from benchmarks.report import ratios, rows_of

PANELS = ("wall time", "CPU time", "peak memory")
#: A color for each contender, and a shape for each layout, from what their names say.
COLORS = {"objectiv_local": "#0072B2", "Polars": "#D55E00", "pandas": "#CC79A7", "Ibis": "#009E73", "original": "#E69F00"}
SHAPES = {"raw Parquet": "circle", "Postgres": "square", "snapshot": "diamond"}
_OTHER_SHAPE = "triangle-up"


@dataclass(frozen=True, slots=True)
class Block:
    """The ratios of one family: wall time, CPU time and memory by question and contender."""

    title: str
    ratios: dict[str, dict[str, tuple[float, ...]]]


def draw(families: Sequence[tuple[str, Family, Sequence[Result]]], path: Path) -> None:
    """Write the chart as SVG; a block of rows for each family."""
    blocks = []
    for _, family, results in families:
        shown = {each.name for each in family.contenders if each.base}
        found = {}
        for question, row in rows_of(results).items():
            every = {name: ratios(one, row.get(one.base)) for name, one in row.items() if name in shown and not one.note}
            found[question] = {name: ratio for name, ratio in every.items() if ratio is not None}
        blocks.append(Block(f"{family.title}: {results[0].size:,}", found))
    draw_blocks(blocks, path)


def draw_blocks(blocks: Sequence[Block], path: Path) -> None:
    """Write the chart of some blocks of ratios."""
    import altair as alt

    names = [
        name
        for name in dict.fromkeys(name for block in blocks for row in block.ratios.values() for name in row)
        if name.partition(",")[0] in COLORS
    ]
    hues = [COLORS[name.partition(",")[0]] for name in names]
    shapes = [SHAPES.get(name.partition(", ")[2], _OTHER_SHAPE) for name in names]
    rows = []
    for block in blocks:
        charts = []
        for panel, title in enumerate(PANELS):
            points = [
                {"question": question, "contender": name, "ratio": round(ratio[panel], 4)}
                for question, row in block.ratios.items()
                for name, ratio in row.items()
                if name in names
            ]
            every = [point["ratio"] for point in points]
            y = alt.Y(
                "question",
                type="nominal",
                sort=list(block.ratios),
                title=None,
                axis=alt.Axis(grid=True, labels=panel == 0, ticks=panel == 0),
            )
            x = alt.X(
                "ratio",
                type="quantitative",
                title=title,
                axis=alt.Axis(
                    values=[0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10, 100], labelExpr="datum.value + 'x'", labelOverlap=True
                ),
                scale=alt.Scale(type="log", nice=False, domain=[0.9 * min(0.5, *every), 1.1 * max(2.0, *every)]),
            )
            # Marks that lie on others let them be seen.
            marks = (
                alt.Chart(alt.InlineData(values=points), width=300, height=alt.Step(20))
                .mark_point(filled=True, size=55, opacity=0.8)
                .encode(
                    x=x,
                    y=y,
                    color=alt.Color("contender", type="nominal", title=None, scale=alt.Scale(domain=names, range=hues)),
                    shape=alt.Shape("contender", type="nominal", title=None, scale=alt.Scale(domain=names, range=shapes)),
                )
            )
            same = (
                alt.Chart(alt.InlineData(values=[{"ratio": 1}]))
                .mark_rule(color="#444444")
                .encode(x=alt.X("ratio", type="quantitative"))
            )
            charts.append(alt.layer(same, marks))
        rows.append(alt.hconcat(*charts, spacing=14, title=block.title).resolve_scale(color="shared", shape="shared"))
    chart = alt.vconcat(*rows, title="How many times that of SQL by hand on the same layout: less is better").configure(
        background="white",
        view={"stroke": None},
        axis={"gridColor": "#e5e5e5", "labelLimit": 240, "titleFontWeight": "normal"},
        legend={"orient": "bottom", "columns": 4, "labelLimit": 300, "symbolOpacity": 1},
        title={"anchor": "start"},
    )
    chart.save(str(path))
