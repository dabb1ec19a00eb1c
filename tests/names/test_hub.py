"""Every name of the original's model hub: its example gives the same answer on every engine."""

from __future__ import annotations

import contextlib
import io
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from frame.frames import ENGINES
from hub.tables import APP, HOME, event, stored
from names.test_names import shown

from objectiv_local import ModelHub, display_sql_as_markdown, ml  # noqa: F401 - for the examples
from tools.docs.examples import HUB_EXAMPLES as EXAMPLES
from tools.docs.hub import CLASSES

TOP, LOGO = {"_type": "NavigationContext", "id": "top"}, {"_type": "LinkContext", "id": "logo", "href": "/"}
BUY, WHO = {"_type": "PressableContext", "id": "buy"}, {"_type": "IdentityContext", "id": "email", "value": "joan@x"}
EVENTS = [
    event(1, 1, "2022-01-31 23:50:00", stack=[HOME, TOP, LOGO], contexts=APP),
    event(2, 1, "2022-01-31 23:55:00", stack=[HOME, TOP], contexts=[*APP, WHO]),
    event(3, 1, "2022-02-01 00:05:00", stack=[HOME, BUY], contexts=APP),
    event(4, 2, "2022-02-01 10:00:00", stack=[HOME, TOP, LOGO], contexts=APP),
    event(5, 2, "2022-02-09 10:00:00", stack=[], contexts=[]),
]
for each in EVENTS:
    each["value"] = each["value"].replace('["AbstractEvent"', '["AbstractEvent", "InteractiveEvent"')


@cache
def scope(engine):
    """Return what the examples name."""
    directory = Path(tempfile.mkdtemp())
    target, table = stored("parquet" if engine == "duckdb" else engine, EVENTS, directory)
    where = {"db_url": target, "table_name": table}
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    df = hub.get_objectiv_dataframe(**where).sort_index()
    hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "buy"} :], name="bought")
    features = df[["session_hit_number", "session_id"]]
    labels = df.session_hit_number > 1
    return (
        globals()
        | where
        | {
            "target": target,
            "table": table,
            "hub": hub,
            "df": df,
            "features": features,
            "labels": labels,
            "everything": ModelHub(global_contexts=["global_contexts"]).get_objectiv_dataframe(**where).sort_index(),
            "paths": hub.get_funnel_discovery().get_navigation_paths(df, 2, by="user_id"),
            "fitted": hub.get_logistic_regression().fit(features, labels),
        }
    )


@cache
def answer(engine, example):
    """Return the answer of an example on an engine, as plain text with types."""
    with contextlib.redirect_stdout(io.StringIO()):
        found = eval(example, scope(engine))
    if hasattr(found, "to_pandas"):
        found = found.to_pandas()
    if isinstance(found, pd.Series):
        found = found.to_frame()
    if not isinstance(found, pd.DataFrame):
        return str(found)
    if "event_id" in found.index.names:
        found = found.sort_index()
    cells = [[shown(value) for value in row] for row in found.reset_index().values.tolist()]
    return list(found.index.names), list(found.columns), found.dtypes.astype(str).tolist(), cells


@pytest.mark.parametrize("engine", ENGINES[1:])
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_has_one_answer(name, engine):
    assert answer(engine, EXAMPLES[name]) == answer("duckdb", EXAMPLES[name])


def test_no_example_is_empty():
    # Empty answers are equal on every engine, and show nothing.
    for name, example in EXAMPLES.items():
        found = answer("duckdb", example)
        assert len(found) != 4 or found[3] or name == "GlobalContext.__getattr__", name


def test_a_name_means_one_thing_in_the_hub_and_in_the_bridge():
    assert {cls.__name__ for cls in CLASSES} & set(ml.__all__) == set()
