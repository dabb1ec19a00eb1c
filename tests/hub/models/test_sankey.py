"""Nested locations, and the diagrams of flows."""

from __future__ import annotations

import pytest
from frame.frames import plain
from hub.tables import PLACES, event, stored

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.hub.models import sankey

HOME = {"_type": "RootLocationContext", "id": "home"}
SHOP = {"_type": "RootLocationContext", "id": "shop"}
TOP = {"_type": "NavigationContext", "id": "top"}
LOGO = {"_type": "LinkContext", "id": "logo"}
EVENTS = [
    event(1, 1, "2022-01-31 23:00:00", stack=[HOME, TOP, LOGO]),
    event(2, 1, "2022-01-31 23:01:00", stack=[HOME, TOP]),
    event(3, 2, "2022-01-31 23:02:00", stack=[SHOP, TOP]),
    event(4, 2, "2022-01-31 23:03:00", stack=[SHOP]),
    event(5, 2, "2022-01-31 23:04:00", stack=[SHOP, {"_type": "LinkContext"}, LOGO]),
    event(6, 3, "2022-01-31 23:05:00", stack=[]),
    # The same location twice, one in the other.
    event(7, 3, "2022-01-31 23:06:00", stack=[HOME, TOP, TOP, TOP]),
]
HUB = ModelHub()
PAIRS = [
    ("RootLocationContext: home", "NavigationContext: top", 3),
    ("NavigationContext: top", "NavigationContext: top", 2),
    ("NavigationContext: top", "LinkContext: logo", 1),
]


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    target, table = stored(request.param, EVENTS, tmp_path)
    return HUB.get_objectiv_dataframe(db_url=target, table_name=table)


def rows(pairs):
    return list(pairs.to_pandas().itertuples(index=False, name=None))


def test_locations_within_the_most_common_one(df):
    # Both have three events, and the first by name is used.
    pairs = HUB.visualize_location_stack(df, return_df=True, show=False)
    assert rows(pairs) == PAIRS
    assert pairs.dtypes == {"source": "string", "target": "string", "value": "int64"}
    assert HUB.visualize_location_stack(df, show=False) is None


def test_locations_within_a_given_one(df):
    pairs = HUB.visualize_location_stack(df, root_location="shop", return_df=True, show=False)
    # A location without an id has no name, and is not in a pair.
    assert rows(pairs) == [("RootLocationContext: shop", "NavigationContext: top", 1)]
    assert rows(HUB.visualize_location_stack(df, "nowhere", return_df=True, show=False)) == []
    # The root is that of the whole stack, the pairs are those of the slice.
    inner = HUB.visualize_location_stack(df, "home", df.location_stack.json[1:], return_df=True, show=False)
    assert rows(inner) == [PAIRS[1], PAIRS[2]]
    df["stack"] = df.location_stack.json[1:]
    assert rows(HUB.visualize_location_stack(df, "home", "stack", return_df=True, show=False)) == [PAIRS[1], PAIRS[2]]


def test_rows_with_a_repeated_index(df):
    pairs = HUB.visualize_location_stack(df.reset_index(drop=True), return_df=True, show=False)
    assert rows(pairs) == PAIRS
    # Every event twice, and those of one root once more: each row counts separately.
    again = df.append([df, df[df.location_stack.json[{"id": "home"} :].json.get_array_length() > 0]])
    assert rows(HUB.visualize_location_stack(again, return_df=True, show=False)) == [
        (source, target, 3 * count) for source, target, count in PAIRS
    ]
    without = again.reset_index(drop=True).materialize(materialization="temp_table")
    assert rows(HUB.visualize_location_stack(without, return_df=True, show=False)) == [
        (source, target, 3 * count) for source, target, count in PAIRS
    ]


def test_events_without_a_root_are_not_the_default_root(tmp_path):
    without = [event(number, 9, f"2022-02-02 10:00:{number}", stack=[TOP]) for number in range(20, 30)]
    target, table = stored("arrow", [*EVENTS, *without], tmp_path)
    many = HUB.get_objectiv_dataframe(db_url=target, table_name=table)
    assert rows(HUB.visualize_location_stack(many, return_df=True, show=False)) == PAIRS


def test_no_query_runs_while_it_is_built(df):
    assert "most_common_root" in HUB.visualize_location_stack(df, return_df=True, show=False).view_sql()


def test_diagrams(df):
    pairs = HUB.visualize_location_stack(df, return_df=True, show=False)
    [diagram] = sankey.diagram(pairs, None, "Locations").to_dict()["data"]
    assert diagram["node"]["label"] == ["RootLocationContext: home", "NavigationContext: top", "LinkContext: logo"]
    assert list(diagram["node"]["customdata"]) == diagram["node"]["label"]
    assert plain(diagram["link"]["source"]) == [0, 1, 1]
    assert plain(diagram["link"]["target"]) == [1, 1, 2]
    assert plain(diagram["link"]["value"]) == [3, 2, 1]
    [diagram] = sankey.diagram(pairs, 1, "Locations").to_dict()["data"]
    assert plain(diagram["link"]["value"]) == [3]


def test_diagrams_are_shown(df, monkeypatch):
    import plotly.graph_objects as go

    shown = []
    monkeypatch.setattr(go.Figure, "show", lambda self: shown.append(self))
    HUB.visualize_location_stack(df, n_top_examples=2)
    discovery = HUB.get_funnel_discovery()
    discovery.plot_sankey_diagram(discovery.get_navigation_paths(df, 2, by="user_id"), n_top_examples=1)
    assert [len(figure.to_dict()["data"][0]["link"]["value"]) for figure in shown] == [2, 1]
    figure = HUB.visualize_location_stack(df, n_top_examples=1, return_figure=True)
    assert list(figure.to_dict()["data"][0]["link"]["value"]) == [3]
    assert len(shown) == 2


def test_bad_input(df):
    for wrong, error, message in [
        (
            lambda: HUB.visualize_location_stack(df, root_location=5),
            InvalidType,
            "root_location of ModelHub.visualize_location_stack has to be a string or None, not 5",
        ),
        (lambda: HUB.visualize_location_stack(df, location_stack="stak"), ColumnNotFound, "stak is not present"),
        (lambda: HUB.visualize_location_stack(df, location_stack="event_type"), InvalidType, "a series of location stacks"),
        (lambda: HUB.visualize_location_stack(df[["moment"]]), ColumnNotFound, "location_stack is not present"),
        (lambda: HUB.visualize_location_stack(df, n_top_examples=0), InvalidValue, "a whole number of at least 1, not 0"),
    ]:
        with pytest.raises(error, match=message):
            wrong()
