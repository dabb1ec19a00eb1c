"""Paths and funnels, on a table small enough to check by hand."""

from __future__ import annotations

import pytest
from frame.frames import plain
from hub.tables import PLACES, event, stored

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue

A, B, C = 1, 2, 3
AT = {name: [{"_type": "PressableContext", "id": name}] for name in "abc"}
EVENTS = [
    event(1, A, "2022-02-01 10:00:00", stack=AT["a"]),
    event(2, A, "2022-02-01 10:01:00", stack=AT["b"]),
    event(3, A, "2022-02-01 10:02:00", stack=AT["c"]),  # the conversion
    event(4, A, "2022-02-01 10:03:00", stack=AT["a"]),
    event(5, B, "2022-02-01 11:00:00", stack=AT["a"]),
    event(6, B, "2022-02-01 11:01:00", stack=AT["b"]),
    event(7, C, "2022-02-01 12:00:00", stack=AT["b"]),
]
HUB = ModelHub(time_aggregation="%Y-%m-%d")
DISCOVERY = HUB.get_funnel_discovery()


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    target, table = stored(request.param, EVENTS, tmp_path)
    df = HUB.get_objectiv_dataframe(db_url=target, table_name=table)
    df["is_conversion_event"] = df.location_stack.json[{"id": "c"} :].json.get_array_length() > 0
    return df


def letters(frame):
    """Return the rows with locations as letters."""
    found = frame.to_pandas()
    return [
        tuple(value.removeprefix("Pressable: ") if isinstance(value, str) else value for value in plain(row))
        for row in found.values.tolist()
    ]


def test_paths(df):
    paths = DISCOVERY.get_navigation_paths(df, steps=3, by="user_id")
    assert paths.columns == ["location_stack_step_1", "location_stack_step_2", "location_stack_step_3"]
    assert paths.index_columns == ["user_id"]
    assert letters(paths) == [("a", "b", "c"), ("b", "c", "a"), ("c", "a", None), ("a", "b", None), ("b", None, None)]
    assert letters(DISCOVERY.get_navigation_paths(df, 2)) == [
        ("a", "b"),
        ("b", "c"),
        ("c", "a"),
        ("a", "a"),
        ("a", "b"),
        ("b", "b"),
    ]
    assert letters(DISCOVERY.get_navigation_paths(df, 3, by="user_id", start_from_end=True)) == [
        (None, "a", "b"),
        ("a", "b", "c"),
        ("b", "c", "a"),
        (None, "a", "b"),
    ]
    assert letters(DISCOVERY.get_navigation_paths(df, 2, by="user_id", n_examples=1)) == [("a", "b"), ("a", "b"), ("b", None)]
    names = df.location_stack.ls.nice_name.rename("place")
    assert DISCOVERY.get_navigation_paths(df, 2, location_stack=names).columns == ["place_step_1", "place_step_2"]
    assert letters(DISCOVERY.get_navigation_paths(df, 2, by=["user_id"], sort_by="session_hit_number"))[0] == ("a", "b")
    assert letters(DISCOVERY.get_navigation_paths(df, 1, by="user_id", n_examples=1)) == [("a",), ("a",), ("b",)]


def test_the_longest_paths(df):
    assert letters(DISCOVERY.get_navigation_paths(df, 100, by="user_id", n_examples=1))[0] == ("a", "b", "c", "a", *[None] * 96)


def test_paths_to_a_conversion(df):
    found = DISCOVERY.get_navigation_paths(df, 3, by="user_id", add_conversion_step_column=True)
    assert letters(found) == [
        ("a", "b", "c", 3),
        ("b", "c", "a", 2),
        ("c", "a", None, 1),
        ("a", "b", None, None),
        ("b", None, None, None),
    ]
    assert found.columns[-1] == DISCOVERY.CONVERSTION_STEP_COLUMN == "_first_conversion_step_number"
    assert letters(DISCOVERY.get_navigation_paths(df, 3, by="user_id", only_converted_paths=True)) == [
        ("a", "b", "c"),
        ("b", "c", None),
    ]


def test_flows(df):
    flows = DISCOVERY.plot_sankey_diagram(DISCOVERY.get_navigation_paths(df, 3, by="user_id"), show=False)
    assert flows.columns == ["source", "target", "value"]
    assert letters(flows) == [("a", "b", 2), ("b", "c", 2), ("c", "a", 2)]


def test_funnel(df):
    funnel = HUB.agg.funnel_conversion(df)
    assert funnel.columns == [
        "location",
        "n_users",
        "n_users_completed_step",
        "step_conversion_rate",
        "full_conversion_rate",
        "dropoff_share",
    ]
    # A goes from a to b to c; the second visit to a does not count, so c is the end. B goes from a to b; C is at b only.
    assert letters(funnel) == [("b", 3, 1, 0.333, 0.333, 0.667), ("a", 2, 2, 1.0, 0.667, 0.0), ("c", 1, 0, 0.0, 0.0, 0.333)]
    by_user = HUB.agg.funnel_conversion(df, groupby="user_id")
    assert [row[1:] for row in letters(by_user)] == [
        ("a", 1, 1, 1.0, 1.0, 0.0),
        ("b", 1, 1, 1.0, 1.0, 0.0),
        ("c", 1, 0, 0.0, 0.0, 1.0),
        ("a", 1, 1, 1.0, 1.0, 0.0),
        ("b", 1, 0, 0.0, 0.0, 1.0),
        ("b", 1, 0, 0.0, 0.0, 1.0),
    ]


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda df: DISCOVERY.get_navigation_paths(df, 0), InvalidValue, "steps has to be"),
        (lambda df: DISCOVERY.get_navigation_paths(df, 101), InvalidValue, "a path of 101 steps is too long"),
        (lambda df: DISCOVERY.get_navigation_paths(df, 2, n_examples=0), InvalidValue, "n_examples has to be"),
        (lambda df: DISCOVERY.get_navigation_paths(df, 2, by="visitor"), ColumnNotFound, "visitor is not present"),
        (
            lambda df: DISCOVERY.get_navigation_paths(df, 2, by=df.user_id),
            InvalidType,
            "(?s)by of FunnelDiscovery.get_navigation_paths has to be .*not a SeriesUuid.*pass a column name",
        ),
        (
            lambda df: DISCOVERY.get_navigation_paths(df, 2, location_stack="event_stack"),
            ColumnNotFound,
            "event_stack is not present",
        ),
        (lambda df: DISCOVERY.get_navigation_paths(df, 2, location_stack=df.session_id), InvalidType, "location stacks"),
        (
            lambda df: DISCOVERY.get_navigation_paths(df[["location_stack", "moment"]], 2, only_converted_paths=True),
            ColumnNotFound,
            "need the bool column is_conversion_event",
        ),
        (lambda df: DISCOVERY.plot_sankey_diagram(df[["event_type"]]), InvalidValue, "at least two steps"),
        (lambda df: HUB.agg.funnel_conversion(df[["user_id"]]), ColumnNotFound, "moment is not present"),
        (
            lambda df: DISCOVERY.get_navigation_paths(3, 2),
            InvalidType,
            "data of FunnelDiscovery.get_navigation_paths has to be a DataFrame, not 3",
        ),
    ],
)
def test_bad_input(tmp_path, wrong, error, words):
    target, table = stored("parquet", EVENTS, tmp_path)
    with pytest.raises(error, match=words):
        wrong(HUB.get_objectiv_dataframe(db_url=target, table_name=table))
