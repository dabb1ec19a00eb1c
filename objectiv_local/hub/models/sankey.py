"""How often one location follows another, as numbers and as a Sankey diagram."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame import DataFrame, concat
from objectiv_local.hub.models.paths import CONVERSION_STEP

#: Letters of a location's name in a diagram.
MOST_LETTERS = 40


def plot_sankey_diagram(steps_df: DataFrame, n_top_examples: int | None = None, show: bool = True) -> DataFrame:
    """Return how often each location follows another in paths: a frame of ``source``, ``target`` and ``value``.

    Most frequent pairs come first. With ``show``, the diagram is drawn by plotly, of the ``n_top_examples`` most
    frequent pairs; the frame has all of them.
    """
    check_most(n_top_examples)
    columns = [name for name in steps_df.data_columns if name != CONVERSION_STEP]
    others = [name for name in columns if steps_df.dtypes[name] != "string"]
    if others:
        raise InvalidType(f"a diagram is of the names of locations, and {others[0]!r} is {steps_df.dtypes[others[0]]}",
                          hint="make the paths with get_navigation_paths(...)")
    if len(columns) < 2:
        raise InvalidValue("a diagram needs paths of two steps at least", hint="get_navigation_paths(..., steps=2)")
    pairs = []
    for source, target in pairwise(columns):
        pair = steps_df[[source, target]].reset_index(drop=True)
        pairs.append(pair.rename(columns={source: "source", target: "target"}))
    result = flows(pairs)
    if show:
        diagram(result, n_top_examples, "Locations and those that follow, by paths").show()
    return result


def check_most(n_top_examples: int | None) -> None:
    """Raise InvalidValue for a number of pairs that cannot be drawn."""
    if n_top_examples is not None and n_top_examples < 1:
        raise InvalidValue(f"n_top_examples has to be a whole number from 1, not {n_top_examples!r}")


def flows(pairs: list[DataFrame]) -> DataFrame:
    """Return how often each pair of locations occurs in frames of ``source`` and ``target``, the most frequent first."""
    rows = concat(pairs, ignore_index=True) if len(pairs) > 1 else pairs[0]
    counted = rows.dropna().groupby(["source", "target"]).size().rename("value").to_frame().reset_index()
    return counted.sort_values(["value", "source", "target"], [False, True, True])


def diagram(flows: DataFrame, n_top_examples: int | None, title: str) -> Any:
    """Return the diagram of the most frequent pairs, a figure of plotly."""
    try:
        import plotly.graph_objects as go
    except ImportError:
        raise NotSupported("plotly is not installed",
                           hint="pip install 'objectiv-local[plot]', or pass show=False for the numbers") from None
    table = flows.to_pandas(limit=n_top_examples)
    names = list(dict.fromkeys([*table.source, *table.target]))
    places = {name: number for number, name in enumerate(names)}
    links = {"source": [places[name] for name in table.source], "target": [places[name] for name in table.target],
             "value": [int(value) for value in table["value"]]}
    # Long names would run over each other; hovering shows them in full.
    labels = [name if len(name) <= MOST_LETTERS else name[:MOST_LETTERS - 1] + "…" for name in names]
    nodes = {"label": labels, "customdata": names, "hovertemplate": "%{customdata}<br>%{value}<extra></extra>", "pad": 18}
    figure = go.Figure(go.Sankey(node=nodes, link=links))
    figure.update_layout(title_text=title, font_size=11)
    return figure
