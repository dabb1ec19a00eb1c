"""Every model on edge cases: no event, one event, all at the same instant, malformed stacks; and the queries it runs."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hub.every_model import ASK_FOR_COLUMNS, MODELS, made
from hub.tables import APP, HOME, PLACES, event, stored

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound

BUY = [HOME, {"_type": "PressableContext", "id": "buy"}]
ENGINES = ("parquet", PLACES[-2])
ONE = [event(1, 1, "2022-02-01 10:00:00", stack=BUY, contexts=APP)]
AT_ONCE = [event(number, number % 2, "2022-02-01 10:00:00", stack=BUY[: number % 3], contexts=APP) for number in range(6)]


def hub_and_frame(place, events, directory):
    target, table = stored(place, events, directory)
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    df = hub.get_objectiv_dataframe(db_url=target, table_name=table)
    return made(hub, df), df


def fetched(model, hub, df):
    found = MODELS[model](hub, df).to_pandas()
    return found.to_frame() if found.ndim == 1 else found


@pytest.mark.parametrize("place", ENGINES)
@pytest.mark.parametrize("model", MODELS)
def test_no_event(model, place, tmp_path):
    found = fetched(model, *hub_and_frame(place, [], tmp_path))
    if model in ("unique_users_total", "session_duration_sum"):
        assert len(found) == 1
        value = found.iloc[0, 0]
        assert value is pd.NaT if model == "session_duration_sum" else value == 0
    else:
        assert len(found) == 0


@pytest.mark.parametrize("place", ENGINES)
@pytest.mark.parametrize("model", MODELS)
def test_one_event(model, place, tmp_path):
    found = fetched(model, *hub_and_frame(place, ONE, tmp_path))
    # The only hit is the conversion itself, so no hit is before it, and no path starts or ends at one.
    empty = {
        "top_product_features",
        "top_product_features_before_conversion",
        "navigation_paths_backwards",
        "navigation_paths_converted",
        "flows",
    }
    assert len(found) == (model not in empty)


@pytest.mark.parametrize("model", MODELS)
def test_all_events_at_one_instant_are_the_same_on_both_engines(model, tmp_path):
    answers = []
    for number, place in enumerate(ENGINES):
        (tmp_path / str(number)).mkdir()
        found = fetched(model, *hub_and_frame(place, AT_ONCE, tmp_path / str(number)))
        if "event_id" in found.index.names:
            found = found.sort_index()
        answers.append((found.dtypes.astype("str").tolist(), found.reset_index().astype("str").to_numpy().tolist()))
    assert answers[0] == answers[1]


MALFORMED = [None, "text", 5, {}, [5, None], [[]], [{"id": 1}], [{"_type": None, "id": None}], {"id": "buy"}]


@pytest.mark.parametrize("place", ENGINES)
@pytest.mark.parametrize("model", MODELS)
def test_malformed_stacks_and_contexts(model, place, tmp_path):
    events = [event(number, 1, f"2022-02-01 10:0{number}:00") for number in range(len(MALFORMED))]
    for each, wrong in zip(events, MALFORMED, strict=True):
        value = json.loads(each["value"])
        each["value"] = json.dumps({**value, "location_stack": wrong, "global_contexts": wrong, "_types": wrong})
    events.append({**event(9, 1, "2022-02-01 10:09:00"), "value": "[]"})
    assert fetched(model, *hub_and_frame(place, events, tmp_path)) is not None


#: Models that are accessors of a column, which need no other column.
OF_A_COLUMN = ("nice_name", "feature_stack", "navigation_features", "get_from_context_with_type_series")


@pytest.mark.parametrize("model", [model for model in MODELS if model not in OF_A_COLUMN])
def test_frames_without_required_columns(model, tmp_path):
    hub, df = hub_and_frame("parquet", ONE, tmp_path)
    refused = []
    for column in df.data_columns:
        try:
            MODELS[model](hub, df.drop(columns=[column]))
        except ColumnNotFound as error:
            refused.append(column)
            assert column in str(error).partition("hint")[0]  # noqa: PT017 - not each is needed
    assert refused


@pytest.mark.parametrize("model", MODELS)
def test_no_query_runs_while_a_model_is_built(model, tmp_path, monkeypatch):
    hub, df = hub_and_frame("parquet", ONE, tmp_path)
    asked = []
    engine = type(df._state.engine)
    for name in ("arrow", "batches"):
        method = getattr(engine, name)
        monkeypatch.setattr(engine, name, lambda self, sql, *args, method=method: asked.append(sql) or method(self, sql, *args))
    built = MODELS[model](hub, df)
    assert len(asked) == (1 if model in ASK_FOR_COLUMNS else 0)
    for sql in asked:
        # Of distinct values only.
        assert "GROUP BY" in sql
    built.to_pandas()
    assert len(asked) == (2 if model in ASK_FOR_COLUMNS else 1)
