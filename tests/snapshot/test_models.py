"""Models and analyses return the same on a snapshot as on the source."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hub.analyses.every import ASKED
from hub.analyses.fixture import rows as rows_of_analysis
from hub.analyses.fixture import with_nobody
from hub.every_model import MODELS, made
from snapshot.sources import content

from objectiv_local import DataFrame, ModelHub, Series, sample


@cache
def frames():
    """Return the frame of two weeks of the sample, and its snapshot."""
    hub = ModelHub(global_contexts=["application", "marketing"], time_aggregation="%Y-%m-%d")
    df = hub.get_objectiv_dataframe(db_url=sample.path(), start_date="2022-01-25", end_date="2022-02-03")
    return df, df.snapshot(Path(mkdtemp()) / "sample")


@pytest.mark.parametrize("model", MODELS)
def test_models_return_the_same_on_a_snapshot(model):
    answers = []
    for df in frames():
        hub = made(ModelHub(time_aggregation="%Y-%m-%d"), df)
        answer = MODELS[model](hub, df)
        answer = answer.to_frame() if isinstance(answer, Series) else answer
        if isinstance(answer, DataFrame):
            schema, rows = content(answer)
            answers.append(
                (schema, [[round(value, 9) if isinstance(value, float) else value for value in row.values()] for row in rows])
            )
        else:
            answers.append(answer)
    assert str(answers[0]) == str(answers[1])
    assert len(str(answers[0])) > 20


@cache
def six_users():
    events = with_nobody("duckdb")
    return events, events.snapshot(Path(mkdtemp()) / "six")


@pytest.mark.parametrize("asked", ASKED)
def test_analyses_return_the_same_on_a_snapshot(asked):
    one, other = (
        [
            tuple(round(value, 9) if isinstance(value, float) else value for value in row)
            for row in rows_of_analysis(ASKED[asked](events))
        ]
        for events in six_users()
    )
    assert one == other
    assert one
