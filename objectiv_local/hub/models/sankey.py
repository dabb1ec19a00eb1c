"""Transitions between locations, as counts and as a Sankey diagram."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from objectiv_local.charts.sankey import Flow, pair_diagram, step_diagram
from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, concat
from objectiv_local.frame.authoring import Select, call, frame_of, literal, state_of
from objectiv_local.hub.models.paths import CONVERSION_STEP, OFFSET, path_column, path_columns

#: What to count: steps of paths, or transitions from one hit to the next.
COUNTS = ("paths", "transitions")


def plot_sankey_diagram(
    steps_df: DataFrame,
    n_top_examples: int | None = None,
    show: bool = True,
    *,
    count: str = "paths",
    return_figure: bool = False,
) -> DataFrame | Any:
    """Return how often each location follows another in paths: a frame of ``source``, ``target`` and ``value``.

    The most frequent pairs come first. By default, steps of paths are counted, as in the original Objectiv: paths start at each
    hit, so the same transition from a hit to the next is in several paths and counts once for each. With
    ``count='transitions'``, each transition counts once. That needs the frame returned by ``get_navigation_paths``, or some of
    its rows, with all its steps unchanged.

    With ``show``, plotly draws a diagram of the ``n_top_examples`` most frequent pairs; the frame has all pairs. Steps are
    columns of the diagram, from left to right. A transition that counts once is drawn at the first step at which it occurs in a
    path. With ``return_figure``, nothing is shown, and the figure is returned in place of the frame.

    Raises InvalidType if steps are not strings, and InvalidValue for fewer than two steps. Also raises InvalidValue if
    transitions cannot be identified because the frame has lost the positions of its hits, for instance by materializing it.
    """
    check_most(n_top_examples)
    if count not in COUNTS:
        raise InvalidValue(f"count has to be 'paths' or 'transitions', not {count!r}", hint=near(count, COUNTS))
    columns = [name for name in steps_df.data_columns if name != CONVERSION_STEP]
    plan = state_of(steps_df).plan
    made = path_columns(plan)
    if made is not None:
        # Columns that paths are grouped by are not steps, wherever they are in the frame.
        columns = [name for name in columns if name not in made[0]]
    if count == "transitions" and (made is None or tuple(path_column(plan, name) for name in columns) != made[1]):
        raise InvalidValue(
            "transitions cannot be identified in this frame: it has lost the positions of the hits at which paths "
            "start, or has other columns",
            hint="pass the frame returned by get_navigation_paths, before changing, storing or grouping it",
        )
    others = [name for name in columns if steps_df.dtypes[name] != "string"]
    if others:
        raise InvalidType(
            f"the steps of a diagram have to be location names, and {others[0]!r} is {steps_df.dtypes[others[0]]}",
            hint="make the paths with get_navigation_paths(...)",
        )
    if len(columns) < 2:
        raise InvalidValue("a diagram needs paths of at least two steps", hint="get_navigation_paths(..., steps=2)")
    steps = [
        steps_df[[source, target]].rename(columns={source: "source", target: "target"}) for source, target in pairwise(columns)
    ]
    pairs = (
        [each.reset_index(drop=True) for each in steps] if made is None or count == "paths" else [_transitions(made[0], steps)]
    )
    result = flows(pairs)
    if return_figure or show:
        if count == "paths":
            pairs = [each.assign(step=number) for number, each in enumerate(pairs, 1)]
        drawn = _by_step(pairs, result if n_top_examples is None else result[:n_top_examples])
        figure = step_diagram(drawn, f"Locations and the locations that follow, by {count}")
        if return_figure:
            return figure
        figure.show()
    return result


def _transitions(keys: tuple[str, ...], steps: list[DataFrame]) -> DataFrame:
    """Return the distinct transitions in paths as ``source``, ``target`` and the first ``step`` at which each occurs.

    ``keys`` are the columns that the paths are grouped by.
    """
    parts = []
    for number, each in enumerate(steps, 1):
        own = state_of(each)
        names = [f"key_{place}" for place in range(len(keys))]
        place = call("add", own.column(OFFSET), literal(number))
        moved = own.with_rows(
            Select(
                own.plan,
                (
                    *((name, own.column(key)) for name, key in zip(names, keys, strict=True)),
                    ("place", place),
                    ("source", own.column("source")),
                    ("target", own.column("target")),
                    ("step", literal(number)),
                ),
            ),
            (),
        )
        parts.append(frame_of(moved, [*names, "place", "source", "target", "step"]))
    rows = concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    rows = rows.dropna(subset=["source", "target"])
    once = rows.groupby([*names, "place", "source", "target"]).step.min().to_frame().reset_index()
    return frame_of(state_of(once), ["source", "target", "step"])


def _by_step(pairs: list[DataFrame], drawn: DataFrame) -> list[Flow]:
    """Return how often each of the pairs to draw occurs at each step, most frequent first."""
    rows = concat(pairs, ignore_index=True) if len(pairs) > 1 else pairs[0]
    rows = rows.merge(drawn[["source", "target"]], on=["source", "target"])
    counted = rows.groupby(["step", "source", "target"]).size().rename("value").to_frame().reset_index()
    counted = counted.sort_values(["step", "value", "source", "target"], [True, False, True, True])
    return [Flow(row["step"], row["source"], row["target"], row["value"]) for row in counted.to_arrow().to_pylist()]


def check_most(n_top_examples: int | None) -> None:
    """Raise InvalidValue for an invalid number of pairs to draw."""
    if n_top_examples is not None and n_top_examples < 1:
        raise InvalidValue(f"n_top_examples has to be a whole number of at least 1, not {n_top_examples!r}")


def flows(pairs: list[DataFrame]) -> DataFrame:
    """Return how often each pair of locations occurs in frames of ``source`` and ``target``, most frequent first."""
    rows = concat(pairs, ignore_index=True) if len(pairs) > 1 else pairs[0]
    counted = rows.dropna().groupby(["source", "target"]).size().rename("value").to_frame().reset_index()
    return counted.sort_values(["value", "source", "target"], [False, True, True])


def diagram(flows: DataFrame, n_top_examples: int | None, title: str) -> Any:
    """Return the Sankey diagram of the most frequent pairs as a plotly figure, with one node per location."""
    table = flows.to_pandas(limit=n_top_examples)
    return pair_diagram(
        [
            (source, target, int(value))
            for source, target, value in table[["source", "target", "value"]].itertuples(index=False, name=None)
        ],
        title,
    )
