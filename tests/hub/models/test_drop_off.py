"""Drop-off: the locations where users were last."""

from __future__ import annotations

import psycopg
import pytest
from hub.presses import BOUGHT, NAME, frame, hub_of
from hub.tables import HOME, PLACES, VERSIONS, event, stored

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture
def hub(df):
    return hub_of(df)


def test_drop_off_locations(df, hub):
    found = hub.agg.drop_off_locations(df).to_pandas()
    assert found.index.name == "location"
    assert list(found["value_counts"].items()) == [(NAME, 2), (BOUGHT, 1)]
    by_session = hub.agg.drop_off_locations(df, groupby="session_id", percentage=True).to_pandas()
    assert list(by_session.percentage.items()) == [(NAME, 50.0), (BOUGHT, 25.0), ("Root Location: home", 25.0)]
    assert hub.agg.drop_off_locations(df, df.location_stack.ls.navigation_features).to_pandas().index.tolist() == [
        "Link: logo located at Navigation: top"
    ]
    with pytest.raises(ColumnNotFound):
        hub.agg.drop_off_locations(df, groupby="visitor")


@pytest.mark.parametrize("version", VERSIONS)
def test_locations_are_named_once_after_a_filter_on_a_window(version, tmp_path):
    """Postgres estimates one row for such a filter, and joins in a nested loop."""
    stacks = [[HOME, {"_type": "LinkContext", "id": f"link {number}"}] for number in range(4)]
    url, table = stored(
        f"postgres{version}",
        [
            event(number, number % 20, f"2022-02-01 10:{number // 60:02}:{number % 60:02}", stack=stacks[number % 4])
            for number in range(400)
        ],
        tmp_path,
    )
    hub = ModelHub(time_aggregation="%Y-%m-%d")
    df = hub.get_objectiv_dataframe(db_url=url, table_name=table)
    df["at_once"] = df.groupby(["session_id", "moment"]).event_type.transform("count")
    df = df.materialize()
    statement = hub.agg.drop_off_locations(df[df.at_once == 1]).view_sql()
    with psycopg.connect(url) as connection:
        ((plan,),) = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}").fetchall()
    read = [node for node in _nodes(plan[0]["Plan"]) if node.get("Function Name") == "jsonb_array_elements"]
    assert sum(node["Actual Loops"] for node in read) == len(stacks)


def _nodes(node):
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
