"""Charts of steps: funnels, paths and transitions."""

from __future__ import annotations

from typing import Any, Final

from objectiv_local.charts.funnel import Step, funnel_chart, grouped_funnel
from objectiv_local.charts.heat_map import Cell, heat_map
from objectiv_local.charts.lines import Line, line_chart
from objectiv_local.charts.sankey import Flow, grouped_flows, step_diagram
from objectiv_local.charts.values import count, label, number, percent
from objectiv_local.errors import NotSupported
from objectiv_local.frame.authoring import Filter, call, frame_of, literal, state_of
from objectiv_local.hub.analyses.charts.request import ChartRequest, by_group
from objectiv_local.hub.analyses.charts.users import durations

#: Maximum number of labels in a matrix: the most frequent ones.
_MOST_LABELS: Final = 30
#: Maximum number of groups in the bars of a funnel.
_MOST_GROUPS: Final = 12
_ENTRY, _EXIT = "(entry)", "(exit)"


def _steps(rows: list[dict[str, Any]], group: str = "") -> list[Step]:
    return [
        Step(
            label(row["name"]),
            row["users"],
            row["of_first"],
            row["of_previous"],
            row["ci_low"],
            row["ci_high"],
            number(row["median_time"]),
            group,
        )
        for row in rows
    ]


def funnel(request: ChartRequest) -> Any:
    """Return the bars of the steps or, with periods, the conversion rate of each period."""
    rows = request.rows()
    if "period" in rows[0]:
        return conversion(request)
    if request.group is None:
        return funnel_chart(_steps(rows), request.layout.titled("Funnel"))
    groups = {group: _steps(own, group) for group, own in by_group(rows, request.group).items()}
    largest = sorted(groups, key=lambda group: -groups[group][0].users)[:_MOST_GROUPS]
    shown = {group: steps for group, steps in groups.items() if group in largest}
    return grouped_funnel(
        shown,
        request.layout.titled(f"Funnel by {request.group}"),
        group_title=request.group,
        note=f"the {len(shown)} largest of {len(groups):,} groups" if len(shown) < len(groups) else "",
    )


def conversion(request: ChartRequest) -> Any:
    """Return the share of users who reach the last step, for each period."""
    rows = request.rows()
    if "period" not in rows[0]:
        raise NotSupported("a funnel without periods has no chart over time", hint="funnel(..., by='week')")
    last = max(row["step"] for row in rows)
    lines = [
        Line(
            group or "all",
            [row["period"] for row in own],
            [row["of_first"] for row in own],
            [bool(row["complete"]) for row in own],
        )
        for group, own in by_group([row for row in rows if row["step"] == last], request.group).items()
    ]
    names = [label(row["name"]) for row in rows if row["step"] in (1, last)][:2]
    return line_chart(
        lines,
        request.layout.titled(f"Conversion by {request.by}: {' to '.join(dict.fromkeys([*names]))}"),
        x_title=f"{request.by} of the first step",
        y_title="users who reach the last step, %",
        is_share=True,
        series_title=request.group or "",
    )


def time_to_convert(request: ChartRequest) -> Any:
    """Return the histogram of the time from the first step to the last one, counted by the database."""
    steps = len(request.arguments["steps"])
    if steps < 2 or request.members is None:
        raise NotSupported("a funnel with one step has no time to convert", hint="give at least two steps")
    state = state_of(request.members(["step", "time"]))
    plan = Filter(state.plan, call("eq", state.column("step"), literal(steps)), "converted")
    return durations(
        frame_of(state.with_plan(plan, ()), ["time"])["time"],
        request,
        request.layout.titled("Time to convert"),
        "time from the first to the last step",
        "users",
    )


def _positions(rows: list[dict[str, Any]]) -> dict[int, dict[str, int]]:
    """Return the number of paths with each label at each place: the sources of each step, and the last targets."""
    places: dict[int, dict[str, int]] = {}
    steps = sorted({row["step"] for row in rows})
    is_reversed = any(row["source"] == _ENTRY for row in rows)
    for row in rows:
        first, second = ("target", "source") if is_reversed else ("source", "target")
        for place, side in ((row["step"], first), (row["step"] + 1, second)):
            # Paths that continue are counted as sources of the next step; the others have ended.
            if side == first and place != steps[0]:
                continue
            at = places.setdefault(place, {})
            at[row[side]] = at.get(row[side], 0) + row["count"]
    return places


def step_matrix(request: ChartRequest) -> Any:
    """Return the share of the paths that have each label at each place."""
    rows = request.rows()
    places = _positions(rows)
    first = min(places)
    total = sum(places[first].values())
    ended: dict[int, int] = {}
    before = 0
    outside = _ENTRY if any(row["source"] == _ENTRY for row in rows) else _EXIT
    for place in sorted(places):
        # A path that has ended counts as exit at all later places.
        before += places[place].pop(outside, 0)
        ended[place] = before
    sums: dict[str, int] = {}
    for at in places.values():
        for name, found in at.items():
            sums[name] = sums.get(name, 0) + found
    named = sorted(sums, key=lambda name: (name.startswith("("), -sums[name], name))
    shown = named[:_MOST_LABELS]
    cells = [
        Cell(
            label(name),
            str(place),
            percent(at[name] / total, 0),
            at[name] / total,
            details=(("share of paths", percent(at[name] / total)), ("paths", count(at[name]))),
        )
        for place, at in places.items()
        for name in shown
        if at.get(name)
    ]
    cells += [
        Cell(
            outside,
            str(place),
            percent(found / total, 0),
            found / total,
            details=(("share of paths", percent(found / total)), ("paths", count(found))),
        )
        for place, found in ended.items()
        if found
    ]
    order = [*map(label, shown), *([outside] if any(ended.values()) else [])]
    return heat_map(
        cells,
        order,
        [str(place) for place in sorted(places)],
        request.layout.titled("Share of paths by event at each place"),
        row_title="event",
        column_title="place in the path",
        scale_title="share of paths",
        most=1,
        is_share=True,
        note=f"{len(shown)} of {len(named):,} labels" if len(shown) < len(named) else f"{count(total)} paths",
    )


def sankey(request: ChartRequest) -> Any:
    """Return the Sankey diagram of paths, step by step, drawn by plotly."""
    rows = request.rows()
    flows = [Flow(row["step"], label(row["source"]), label(row["target"]), row["count"]) for row in rows]
    if any(flow.source == _ENTRY for flow in flows):
        last = max(flow.step for flow in flows)
        flows = [Flow(last + 1 - flow.step, flow.source, flow.target, flow.value) for flow in flows]
    return step_diagram(
        grouped_flows(flows), request.layout.titled("Paths").title or "", request.layout.width, request.layout.height
    )


def transitions(request: ChartRequest) -> Any:
    """Return the probability that each label follows another."""
    rows = request.rows()
    if "source" not in rows[0]:
        raise NotSupported("transitions of more than two labels have no chart", hint="use transitions() of length 2")
    sums: dict[str, int] = {}
    for row in rows:
        for side in ("source", "target"):
            sums[row[side]] = sums.get(row[side], 0) + row["count"]
    named = sorted(sums, key=lambda name: (name.startswith("("), -sums[name], name))
    shown = [*[name for name in named if name != _EXIT][: _MOST_LABELS - 1], *([_EXIT] if _EXIT in named else [])]
    cells = [
        Cell(
            label(row["source"]),
            label(row["target"]),
            percent(row["probability"], 0),
            row["probability"],
            details=(
                ("share", percent(row["probability"])),
                ("transitions", count(row["count"])),
                ("users", count(row["users"])),
            ),
        )
        for row in rows
        if row["source"] in shown and row["target"] in shown
    ]
    sources = [label(name) for name in shown if name != _EXIT]
    return heat_map(
        cells,
        sources,
        [label(name) for name in shown],
        request.layout.titled("Transition probabilities"),
        row_title="event",
        column_title="next event",
        scale_title="share of transitions",
        most=1,
        is_share=True,
        note=f"{len(shown)} of {len(named):,} labels" if len(shown) < len(named) else "",
    )
