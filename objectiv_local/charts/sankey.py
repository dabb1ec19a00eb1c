"""Sankey diagrams of flows, drawn by plotly because Vega-Lite does not have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from objectiv_local.charts.library import plotly
from objectiv_local.charts.theme import COLORS, GREY, REST

#: Maximum number of characters of a name in a diagram, and of a name times the number of steps.
MOST_LETTERS, LETTERS_OF_STEPS = 40, 75
#: Maximum number of names per step with a node of their own; the others are combined in one node.
MOST_NODES: Final = 8
OTHER: Final = "(other)"
#: More colors than other charts have, because a name has the same color at each step.
_COLORS: Final = (*COLORS, "#7F6DB0", "#8A6D3B", "#3E8E8E", "#B8A000")
#: In pixels: the margins above and below a diagram, the gap between two nodes, the minimum height of a diagram, and the minimum
#: height of a node including the gap.
_ABOVE, _BELOW, _PAD, _HEIGHT, _NODE_HEIGHT = 80, 40, 14, 330, 24


class Flow(NamedTuple):
    """How often one name follows another at a step."""

    step: int
    source: str
    target: str
    value: int


def grouped_flows(flows: Sequence[Flow]) -> list[Flow]:
    """Return flows with at most eight names per step and one for all others; rest groups are kept."""
    passing: dict[int, dict[str, list[int]]] = {}
    for flow in flows:
        for side, name in enumerate((flow.source, flow.target)):
            passing.setdefault(flow.step + side, {}).setdefault(name, [0, 0])[side] += flow.value
    kept = {
        place: {*sorted((name for name in at if name not in REST), key=lambda name: (-max(at[name]), name))[:MOST_NODES], *REST}
        for place, at in passing.items()
    }
    found: dict[tuple[int, str, str], int] = {}
    for flow in flows:
        key = (
            flow.step,
            flow.source if flow.source in kept[flow.step] else OTHER,
            flow.target if flow.target in kept[flow.step + 1] else OTHER,
        )
        found[key] = found.get(key, 0) + flow.value
    return [Flow(*key, value) for key, value in sorted(found.items(), key=lambda each: (each[0][0], -each[1], each[0]))]


def step_diagram(flows: Sequence[Flow], title: str, width: int | None = None, height: int | None = None) -> Any:
    """Return the diagram of flows at each step as a plotly figure, with one node per name and step."""
    places: dict[tuple[int, str], int] = {}
    passing: dict[tuple[int, str], list[int]] = {}
    links: dict[str, list[int]] = {"source": [], "target": [], "value": []}
    for flow in flows:
        for side, node in enumerate(((flow.step, flow.source), (flow.step + 1, flow.target))):
            passing.setdefault(node, [0, 0])[side] += flow.value
            links[("source", "target")[side]].append(places.setdefault(node, len(places)))
        links["value"].append(flow.value)
    steps = max((step for step, _ in places), default=2)
    columns = [[node for node in places if node[0] == step] for step in range(1, steps + 1)]
    sizes = {node: max(both) for node, both in passing.items()}
    inner = max(_HEIGHT, _NODE_HEIGHT * max(map(len, columns))) if height is None else max(1, height - _ABOVE - _BELOW)
    # The scale that plotly chooses, at which all columns fit.
    scale = min(
        ((inner - _PAD * (len(column) - 1)) / sum(sizes[node] for node in column) for column in columns if column), default=0.0
    )
    x, y = [0.0] * len(places), [0.0] * len(places)
    for step, column in enumerate(columns):
        top = 0.0
        for node in sorted(column, key=lambda node: (node[1] in REST, -sizes[node], node)):
            # plotly treats 0 as a missing position.
            x[places[node]] = min(max(step / (steps - 1), 0.001), 0.999)
            y[places[node]] = min(max((top + sizes[node] * scale / 2) / inner, 0.001), 0.999)
            top += sizes[node] * scale + _PAD
    figure = _figure([name for _, name in places], links, title, min(MOST_LETTERS, LETTERS_OF_STEPS // steps), x=x, y=y)
    figure.update_layout(height=inner + _ABOVE + _BELOW, width=width, margin={"t": _ABOVE, "b": _BELOW})
    return figure


def pair_diagram(pairs: Sequence[tuple[str, str, int]], title: str) -> Any:
    """Return the diagram of pairs of names with their counts as a plotly figure, with one node per name."""
    names = list(dict.fromkeys([*(source for source, _, _ in pairs), *(target for _, target, _ in pairs)]))
    places = {name: number for number, name in enumerate(names)}
    links = {
        "source": [places[source] for source, _, _ in pairs],
        "target": [places[target] for _, target, _ in pairs],
        "value": [value for _, _, value in pairs],
    }
    return _figure(names, links, title)


def _figure(
    names: list[str], links: dict[str, list[int]], title: str, letters: int = MOST_LETTERS, **places: list[float]
) -> Any:
    """Return a figure with nodes of the given names, optionally at given positions, and the links between them."""
    go = plotly()
    # Long names would overlap, so they are truncated; hovering shows them in full.
    labels = [_escaped(name if len(name) <= letters else name[: letters - 1] + "…") for name in names]
    numbers = {name: number for number, name in enumerate(name for name in dict.fromkeys(names) if name not in REST)}
    node = {
        "label": labels,
        "customdata": [_escaped(name) for name in names],
        "hovertemplate": "%{customdata}<br>%{value:,}<extra></extra>",
        "pad": _PAD,
        "color": [GREY if name in REST else _COLORS[numbers[name] % len(_COLORS)] for name in names],
        **places,
    }
    figure = go.Figure(go.Sankey(node=node, link=links))
    figure.update_layout(title_text=_escaped(title), font_size=11)
    return figure


def _escaped(text: str) -> str:
    """Return text that plotly does not interpret as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
