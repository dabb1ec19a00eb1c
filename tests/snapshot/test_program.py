"""Plans are unchanged after being written as JSON and read."""

from __future__ import annotations

import json

import pytest
from fuzz.programs import programs
from fuzz.questions import question
from hypothesis import given, seed, settings

from objectiv_local import ModelHub
from objectiv_local.errors import DataInvalid
from objectiv_local.frame.authoring import Source
from objectiv_local.plan.variables import set_variables
from objectiv_local.snapshot.program import from_json, to_json


def again(plan, connection=7):
    return from_json(json.loads(json.dumps(to_json(plan))), connection)


@pytest.mark.hypothesis
def test_generated_programs():
    @seed(0)
    @settings(max_examples=300)
    @given(programs())
    def check(program):
        assert again(program.plan) is set_variables(program.plan)

    check()


def test_questions():
    for number in range(200):
        plan = question(number)
        plan = getattr(plan, "plan", plan)
        assert again(plan) is set_variables(plan)


def test_sources_get_the_connection_that_is_given():
    plan = ModelHub().get_objectiv_dataframe()._state.plan
    found = again(plan, 123)
    while found.inputs():
        found = found.inputs()[0]
    assert isinstance(found, Source)
    assert found.connection == 123


@pytest.mark.parametrize(
    "written",
    [
        [],
        [["Nothing"]],
        [["Column", "a"]],
        [["Column", "a", {"type": "int64"}]],
        [["Literal"]],
        [["Extend", {"value": 3}, []]],
        [{"a": 1}],
        [["Column", "a", {"type": "int65"}]],
        [None],
    ],
)
def test_invalid_plans(written):
    with pytest.raises(DataInvalid, match="the plan of the snapshot cannot be read"):
        from_json(written, 1)
