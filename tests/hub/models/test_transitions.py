"""Transitions between locations, each counted once no matter how many paths contain it; and diagrams of steps."""

from __future__ import annotations

import itertools
import sys
from collections import Counter

import pytest
from frame.frames import on_every_engine
from hub import any_events as by_hand
from hub.every_model import CONVERSION, converting, made
from hub.test_any_events import converted, frame, hub_of, paths, rows

from objectiv_local import DataFrame, ModelHub, sample
from objectiv_local.errors import InvalidValue, NotSupported


def sankey(hub, steps, **options):
    return hub.get_funnel_discovery().plot_sankey_diagram(steps, show=False, **options)


def counted(hub, steps, **options):
    return rows(sankey(hub, steps, count="transitions", **options))


@on_every_engine
@pytest.mark.parametrize("key", ["user_id", "session_id", "country"])
def test_consecutive_locations(engine, key):
    hub, df, events = hub_of(), frame(engine, "text"), by_hand.drawn()
    wanted = by_hand.transitions(events, key)
    assert len(wanted) > 5
    for steps in (2, 3, 5):
        assert counted(hub, paths(hub, df, steps, key)) == wanted
        assert counted(hub, paths(hub, df, steps, key, start_from_end=True)) == wanted
    # The original counts a transition once for every path that contains it.
    assert rows(sankey(hub, paths(hub, df, 2, key))) == wanted
    many = rows(sankey(hub, paths(hub, df, 5, key)))
    assert many == by_hand.flows([row[1:] for row in by_hand.paths(events, 5, key)])
    assert sum(row[2] for row in many) > 2 * sum(row[2] for row in wanted)


@on_every_engine
def test_some_paths(engine):
    hub, df, events = hub_of(), frame(engine, "text"), by_hand.drawn()
    for options in ({"n_examples": 1}, {"n_examples": 3}, {"n_examples": 4, "from_end": True}):
        given = {"start_from_end" if name == "from_end" else name: value for name, value in options.items()}
        found = counted(hub, paths(hub, df, 4, "user_id", **given))
        assert found == by_hand.transitions_of(by_hand.paths(events, 4, "user_id", placed=True, **options))
    all_paths = paths(hub, df, 4, "user_id")
    wanted = by_hand.transitions_of([row for row in by_hand.paths(events, 4, "user_id", placed=True) if row[2] == "/cart"])
    assert counted(hub, all_paths[all_paths.location_step_1 == "/cart"]) == wanted != by_hand.transitions(events, "user_id")
    assert counted(hub, converted(hub, df, 4, "user_id")) == by_hand.transitions_of(
        by_hand.paths(events, 4, "user_id", converts=lambda each: each["event_type"] == "buy", placed=True)
    )


@on_every_engine
def test_one_sequence_of_all_hits(engine):
    hub, df = hub_of(), frame(engine, "text")
    events = [{**each, "all": 0} for each in by_hand.drawn()]
    assert counted(hub, paths(hub, df, 3, None)) == by_hand.transitions(events, "all")
    by_two = paths(hub, df, 3, ["country", "event_type"])
    events = [{**each, "both": (str(each["country"]), each["event_type"])} for each in events]
    assert counted(hub, by_two) == by_hand.transitions(events, "both")
    # Renamed and reordered columns still belong to the same paths.
    assert counted(
        hub, by_two.rename(columns={"location_step_1": "from"}).sort_values("from").reset_index(drop=True)
    ) == counted(hub, by_two)


def test_objectiv_events():
    hub = ModelHub()
    df = hub.get_objectiv_dataframe(db_url=sample.path(), end_date="2022-01-15")
    named = df.assign(name=df.location_stack.ls.nice_name).sort_values(["moment", "name"]).to_pandas()
    pairs = Counter()
    for _, own in named.groupby("session_id"):
        pairs.update(
            pair for pair in zip(own["name"], own["name"][1:], strict=False) if all(isinstance(name, str) for name in pair)
        )
    steps = hub.get_funnel_discovery().get_navigation_paths(df, 4, by="session_id")
    found = {row[:2]: row[2] for row in counted(hub, steps)}
    assert found == pairs
    assert sum(found.values()) > 100
    hub = made(hub, df)
    steps = hub.get_funnel_discovery().get_navigation_paths(
        converting(hub, df), 3, by="session_id", add_conversion_step_column=True
    )
    assert {row[:2]: row[2] for row in counted(hub, steps)} == pairs, CONVERSION


def test_frames_without_the_positions_of_hits():
    hub, df = hub_of(), frame("duckdb", "text")
    steps = paths(hub, df, 3, "user_id")
    for lost in (
        steps.materialize(),
        steps.append(steps),
        DataFrame.from_arrow(df.engine, steps.to_arrow())[steps.data_columns],
    ):
        with pytest.raises(InvalidValue, match=r"transitions cannot be identified(.|\n)*returned by get_navigation_paths"):
            sankey(hub, lost, count="transitions")
    with pytest.raises(
        InvalidValue, match="count has to be 'paths' or 'transitions', not 'transition'\nhint: did you mean 'transitions'"
    ):
        sankey(hub, steps, count="transition")


def drawn(figure):
    """Return the links of a figure by step, source and target, and the nodes of each step from the top down."""
    [data] = figure.to_dict()["data"]
    node, link = data["node"], data["link"]
    places = sorted(set(node["x"]))
    step = {number: places.index(x) + 1 for number, x in enumerate(node["x"])}
    links = {
        (step[source], node["customdata"][source], node["customdata"][target]): value
        for source, target, value in zip(link["source"], link["target"], link["value"], strict=True)
        if step[target] == step[source] + 1
    }
    assert len(links) == len(link["value"])
    columns = {
        number: [node["customdata"][each] for each in sorted(step, key=lambda each: node["y"][each]) if step[each] == number]
        for number in step.values()
    }
    return links, columns


@pytest.mark.parametrize("count", ["paths", "transitions"])
def test_steps_are_drawn_in_columns(count):
    hub, df, events = hub_of(), frame("duckdb", "text"), by_hand.drawn()
    options = {"n_examples": 1} if count == "transitions" else {}
    steps = paths(hub, df, 4, "session_id", **options)
    links, columns = drawn(sankey(hub, steps, count=count, return_figure=True))
    wanted = Counter()
    for _, *names in by_hand.paths(events, 4, "session_id", **options):
        # With one path per group, no transition is in two of them.
        wanted.update((step, *pair) for step, pair in enumerate(itertools.pairwise(names), 1) if None not in pair)
    assert links == wanted
    assert len(columns) == 4
    flows = rows(sankey(hub, steps, count=count))
    assert {row[:2]: row[2] for row in flows} == {
        pair: sum(value for (_, *names), value in links.items() if tuple(names) == pair) for pair in {row[:2] for row in flows}
    }
    # The largest location of a step is at its top.
    for step, names in columns.items():
        sizes = [
            max(
                sum(value for (at, source, _), value in links.items() if (at, source) == (step, name)),
                sum(value for (at, _, target), value in links.items() if (at, target) == (step - 1, name)),
            )
            for name in names
        ]
        assert sizes == sorted(sizes, reverse=True)


def test_a_transition_is_drawn_at_its_first_step():
    hub, df = hub_of(), frame("duckdb", "text")
    links, columns = drawn(sankey(hub, paths(hub, df, 4, "user_id"), count="transitions", return_figure=True))
    assert {step for step, *_ in links} == {1}
    assert len(columns) == 2
    assert sorted((*pair, value) for (_, *pair), value in links.items()) == sorted(
        by_hand.transitions(by_hand.drawn(), "user_id")
    )


def test_the_most_frequent_pairs_are_drawn():
    hub, df = hub_of(), frame("duckdb", "text")
    steps = paths(hub, df, 4, "user_id")
    flows = rows(sankey(hub, steps, n_top_examples=2))
    links, _ = drawn(sankey(hub, steps, n_top_examples=2, return_figure=True))
    assert {tuple(pair) for _, *pair in links} == {row[:2] for row in flows[:2]}
    assert len(flows) > 2
    assert sum(links.values()) == sum(row[2] for row in flows[:2])


def test_figures_are_returned_and_not_shown(monkeypatch):
    import plotly.graph_objects as go

    shown = []
    monkeypatch.setattr(go.Figure, "show", lambda self: shown.append(self))
    hub, df = hub_of(), frame("duckdb", "text")
    steps = paths(hub, df, 3, "user_id")
    discovery = hub.get_funnel_discovery()
    assert isinstance(discovery.plot_sankey_diagram(steps, return_figure=True), go.Figure)
    assert shown == []
    assert isinstance(discovery.plot_sankey_diagram(steps, count="transitions"), DataFrame)
    assert [type(figure) for figure in shown] == [go.Figure]
    # Without flows, the diagram is empty.
    empty = discovery.plot_sankey_diagram(steps[steps.location_step_1 == "nowhere"], return_figure=True)
    assert list(empty.to_dict()["data"][0]["link"]["value"]) == []


def test_counts_do_not_need_plotly(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    hub, df = hub_of(), frame("duckdb", "text")
    steps = paths(hub, df, 3, "user_id")
    assert counted(hub, steps)
    with pytest.raises(NotSupported, match="plotly is not installed"):
        sankey(hub, steps, return_figure=True)


@on_every_engine
def test_other_frames_are_refused_and_keys_are_not_steps(engine):
    hub, df = hub_of(), frame(engine, "text")
    steps = paths(hub, df, 3, "user_id")
    first, second, third = steps.data_columns
    assert counted(hub, steps.reset_index()) == counted(hub, steps)
    assert rows(sankey(hub, steps.reset_index())) == rows(sankey(hub, steps))
    for changed in (
        steps[[first, third]],
        steps[[second, first, third]],
        steps[[second, first]],
        steps.assign(extra="q"),
        steps.assign(**{first: steps[first].str.lower()}),
    ):
        with pytest.raises(InvalidValue, match="cannot be identified"):
            counted(hub, changed)
