"""A chart of ratios: a row for each question, a panel for wall time, CPU and memory, a mark for each contender."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Family, Result
from benchmarks.report import ratios, rows_of

PANELS = ("wall time", "CPU time", "peak memory")
#: A color for each contender, and a shape for each layout, from what their names say.
COLORS = {"objectiv_local": "#0b62a4", "Polars": "#d95f02", "pandas": "#7a5195", "Ibis": "#2a9d4a", "original": "#b3202c"}
SHAPES = {"raw Parquet": "o", "Postgres": "s", "snapshot": "D"}


def draw(families: Sequence[tuple[str, Family, Sequence[Result]]], path: Path) -> None:
    """Write the chart as SVG; a block of rows for each family."""
    import matplotlib as mpl

    mpl.use("Agg")
    # Ids that do not change from run to run, and text as text.
    mpl.rcParams.update({"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot
    from matplotlib.ticker import LogLocator, NullFormatter

    heights = [len(rows_of(results)) for _, _, results in families]
    figure, grid = pyplot.subplots(len(families), len(PANELS), squeeze=False, sharey="row", sharex="col",
                                   figsize=(12, 1.6 + 0.34 * sum(heights)), gridspec_kw={"height_ratios": heights})
    handles = {}
    for axes, (_, family, results) in zip(grid, families, strict=True):
        found = rows_of(results)
        contenders = [each.name for each in family.contenders
                      if each.base and each.name.partition(",")[0] in COLORS
                      and any(each.name in row and row[each.name].wall for row in found.values())]
        for panel, axis in enumerate(axes):
            for place, contender in enumerate(contenders):
                points = []
                for row, question in enumerate(found):
                    one = found[question].get(contender)
                    ratio = ratios(one, found[question].get(one.base)) if one is not None and not one.note else None
                    if ratio is not None:
                        points.append((ratio[panel], row + (place - (len(contenders) - 1) / 2) * 0.1))
                who, _, where = contender.partition(", ")
                # Marks that lie on others let them be seen.
                handles[contender] = axis.scatter(*zip(*points, strict=True), color=COLORS[who], marker=SHAPES.get(where, "^"),
                                                  s=26, alpha=0.85, linewidths=0, label=contender) if points else None
            axis.axvline(1, color="#444", linewidth=1)
            axis.set_xscale("log")
            axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if panel == 2 else (1,)))
            axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}x")
            axis.xaxis.set_minor_formatter(NullFormatter())
            axis.grid(axis="x", color="#ddd", linewidth=0.6)
            axis.set_axisbelow(True)
            axis.set_yticks(range(len(found)), list(found))
            for row in range(len(found) - 1):
                axis.axhline(row + 0.5, color="#eee", linewidth=0.6)
            axis.spines[["top", "right"]].set_visible(False)
        axes[0].invert_yaxis()
        axes[0].set_ylabel(f"{family.title},\n{results[0].size:,}")
    for panel, title in enumerate(PANELS):
        grid[0][panel].set_title(title)
    shown = [handle for handle in handles.values() if handle is not None]
    figure.legend(handles=shown, loc="lower center", ncols=min(len(shown), 4), frameon=False)
    figure.suptitle("How many times that of SQL by hand on the same layout: less is better")
    figure.tight_layout(rect=(0, 0.9 / figure.get_figheight(), 1, 1))
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
