"""How often one location follows another, as numbers and as a Sankey diagram."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame import DataFrame, concat
from objectiv_local.frame.authoring import Select, call, frame_of, literal, state_of
from objectiv_local.hub.models.paths import CONVERSION_STEP, OFFSET, path_column, path_columns

if TYPE_CHECKING:
    import pandas

#: Letters of a location's name in a diagram, and of those of all its steps together.
MOST_LETTERS, LETTERS_OF_STEPS = 40, 96
#: What is counted: steps of paths, or transitions from one hit to the next.
COUNTS = ("paths", "transitions")
#: The colors of locations: a location has the same at each step.
_COLORS = ("#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2", "#eeca3b", "#b279a2", "#ff9da6", "#9d755d", "#bab0ac")
#: In pixels: the margins above and below a diagram, what is left free between two locations, and the least heights of a diagram
#: and of each location in it, with what is left free below.
_ABOVE, _BELOW, _PAD, _HEIGHT, _NODE_HEIGHT = 80, 40, 14, 330, 24


def plot_sankey_diagram(steps_df: DataFrame, n_top_examples: int | None = None, show: bool = True, *,
                        count: str = "paths", return_figure: bool = False) -> DataFrame | Any:
    """Return how often each location follows another in paths: a frame of ``source``, ``target`` and ``value``.

    Most frequent pairs come first. By default, paths are counted, as in the original: paths start at each hit, so several of
    them hold one and the same transition from a hit to the next, and each of these counts. With ``count='transitions'``, each
    transition counts once, however many paths hold it; that needs the frame that ``get_navigation_paths`` returned, or some
    rows of it, with all of its steps as they are.

    With ``show``, the diagram is drawn by plotly, of the ``n_top_examples`` most frequent pairs; the frame has all of them. The
    steps of paths stand in columns, from left to right. A transition that counts once stands at the first step at which a path
    holds it. With ``return_figure``, nothing is shown, and the figure is returned in place of the frame.

    Raises InvalidType if steps are no strings, and InvalidValue for fewer than two steps, and for transitions of a frame that
    does not have the places of its hits any more, such as a materialized one.
    """
    check_most(n_top_examples)
    if count not in COUNTS:
        raise InvalidValue(f"count is 'paths' or 'transitions', not {count!r}", hint=near(count, COUNTS))
    columns = [name for name in steps_df.data_columns if name != CONVERSION_STEP]
    plan = state_of(steps_df).plan
    made = path_columns(plan)
    if made is not None:
        # What the paths are grouped by is no step, wherever it stands.
        columns = [name for name in columns if name not in made[0]]
    if count == "transitions" and (made is None or tuple(path_column(plan, name) for name in columns) != made[1]):
        raise InvalidValue("transitions cannot be told apart in this frame: it lost the places of the hits that paths start "
                           "at, or has other columns",
                           hint="pass the frame that get_navigation_paths returned, before it is changed, stored or grouped")
    others = [name for name in columns if steps_df.dtypes[name] != "string"]
    if others:
        raise InvalidType(f"a diagram is of the names of locations, and {others[0]!r} is {steps_df.dtypes[others[0]]}",
                          hint="make the paths with get_navigation_paths(...)")
    if len(columns) < 2:
        raise InvalidValue("a diagram needs paths of two steps at least", hint="get_navigation_paths(..., steps=2)")
    steps = [steps_df[[source, target]].rename(columns={source: "source", target: "target"})
             for source, target in pairwise(columns)]
    pairs = [each.reset_index(drop=True) for each in steps] if made is None or count == "paths" else [
        _transitions(made[0], steps)]
    result = flows(pairs)
    if return_figure or show:
        if count == "paths":
            pairs = [each.assign(step=number) for number, each in enumerate(pairs, 1)]
        drawn = _by_step(pairs, result if n_top_examples is None else result[:n_top_examples])
        figure = step_diagram(drawn, f"Locations and those that follow, by {count}")
        if return_figure:
            return figure
        figure.show()
    return result


def _transitions(keys: tuple[str, ...], steps: list[DataFrame]) -> DataFrame:
    """Return the transitions in paths, each once, as ``source``, ``target`` and the first ``step`` that they are at.

    ``keys`` are the columns that the paths are grouped by.
    """
    parts = []
    for number, each in enumerate(steps, 1):
        own = state_of(each)
        names = [f"key_{place}" for place in range(len(keys))]
        place = call("add", own.column(OFFSET), literal(number))
        moved = own.with_rows(Select(own.plan, (
            *((name, own.column(key)) for name, key in zip(names, keys, strict=True)), ("place", place),
            ("source", own.column("source")), ("target", own.column("target")), ("step", literal(number)))), ())
        parts.append(frame_of(moved, [*names, "place", "source", "target", "step"]))
    rows = concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    rows = rows.dropna(subset=["source", "target"])
    once = rows.groupby([*names, "place", "source", "target"]).step.min().to_frame().reset_index()
    return frame_of(state_of(once), ["source", "target", "step"])


def _by_step(pairs: list[DataFrame], drawn: DataFrame) -> pandas.DataFrame:
    """Return how often each of the pairs to be drawn occurs at each step, the most frequent first."""
    rows = concat(pairs, ignore_index=True) if len(pairs) > 1 else pairs[0]
    rows = rows.merge(drawn[["source", "target"]], on=["source", "target"])
    counted = rows.groupby(["step", "source", "target"]).size().rename("value").to_frame().reset_index()
    return counted.sort_values(["step", "value", "source", "target"], [True, False, True, True]).to_pandas()


def check_most(n_top_examples: int | None) -> None:
    """Raise InvalidValue for a number of pairs that cannot be drawn."""
    if n_top_examples is not None and n_top_examples < 1:
        raise InvalidValue(f"n_top_examples has to be a whole number from 1, not {n_top_examples!r}")


def flows(pairs: list[DataFrame]) -> DataFrame:
    """Return how often each pair of locations occurs in frames of ``source`` and ``target``, the most frequent first."""
    rows = concat(pairs, ignore_index=True) if len(pairs) > 1 else pairs[0]
    counted = rows.dropna().groupby(["source", "target"]).size().rename("value").to_frame().reset_index()
    return counted.sort_values(["value", "source", "target"], [False, True, True])


def step_diagram(flows: pandas.DataFrame, title: str) -> Any:
    """Return the diagram of pairs at each step, a figure of plotly: a location is a node at each step that it is at."""
    places: dict[tuple[int, str], int] = {}
    passing: dict[tuple[int, str], list[int]] = {}
    links: dict[str, list[int]] = {"source": [], "target": [], "value": []}
    for step, source, target, value in flows[["step", "source", "target", "value"]].itertuples(index=False, name=None):
        for side, node in enumerate(((int(step), source), (int(step) + 1, target))):
            passing.setdefault(node, [0, 0])[side] += int(value)
            links[("source", "target")[side]].append(places.setdefault(node, len(places)))
        links["value"].append(int(value))
    steps = max((step for step, _ in places), default=2)
    columns = [[node for node in places if node[0] == step] for step in range(1, steps + 1)]
    sizes = {node: max(both) for node, both in passing.items()}
    height = max(_HEIGHT, _NODE_HEIGHT * max(map(len, columns)))
    # The scale that plotly chooses, with which all columns fit.
    scale = min(((height - _PAD * (len(column) - 1)) / sum(sizes[node] for node in column) for column in columns if column),
                default=0.0)
    x, y = [0.0] * len(places), [0.0] * len(places)
    for step, column in enumerate(columns):
        top = 0.0
        for node in sorted(column, key=lambda node: (-sizes[node], node)):
            # plotly takes 0 for a place that was not given.
            x[places[node]] = min(max(step / (steps - 1), 0.001), 0.999)
            y[places[node]] = min(max((top + sizes[node] * scale / 2) / height, 0.001), 0.999)
            top += sizes[node] * scale + _PAD
    figure = _figure([name for _, name in places], links, title, min(MOST_LETTERS, LETTERS_OF_STEPS // steps), x=x, y=y)
    figure.update_layout(height=height + _ABOVE + _BELOW, margin={"t": _ABOVE, "b": _BELOW})
    return figure


def _figure(names: list[str], links: dict[str, list[int]], title: str, letters: int = MOST_LETTERS,
            **places: list[float]) -> Any:
    """Return a figure of plotly with nodes of the given names, and places if given, and the links between them."""
    try:
        import plotly.graph_objects as go
    except ImportError:
        raise NotSupported("plotly is not installed",
                           hint="pip install 'objectiv-local[plot]', or pass show=False for the numbers") from None
    # Long names would run over each other; hovering shows them in full.
    labels = [name if len(name) <= letters else name[:letters - 1] + "…" for name in names]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    node = {"label": labels, "customdata": names, "hovertemplate": "%{customdata}<br>%{value}<extra></extra>", "pad": _PAD,
            "color": [_COLORS[numbers[name] % len(_COLORS)] for name in names], **places}
    figure = go.Figure(go.Sankey(node=node, link=links))
    figure.update_layout(title_text=title, font_size=11)
    return figure


def diagram(flows: DataFrame, n_top_examples: int | None, title: str) -> Any:
    """Return the diagram of the most frequent pairs, a figure of plotly, with each location as one node."""
    table = flows.to_pandas(limit=n_top_examples)
    names = list(dict.fromkeys([*table.source, *table.target]))
    places = {name: number for number, name in enumerate(names)}
    links = {"source": [places[name] for name in table.source], "target": [places[name] for name in table.target],
             "value": [int(value) for value in table["value"]]}
    return _figure(names, links, title)
