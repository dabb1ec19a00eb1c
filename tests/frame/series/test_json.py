"""Series of JSON, on every engine."""

from __future__ import annotations

import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local.errors import InvalidType


@on_every_engine
def test_json(engine):
    stack = [{"_type": "Root", "id": "home"}, {"_type": "Nav", "id": "nav"}, {"_type": "Link", "id": "a", "n": 5}]
    df = load(engine, {"j": [stack, [], None, ["x", 5, True, None]]})
    assert values(df.j.json[0].json.get_value("id", as_str=True)) == ["home", None, None, None]
    assert values(df.j.json[-1].json["id"]) == ["a", None, None, None]
    assert values(df.j.json.get_array_length()) == [3, 0, None, 4]
    assert values(df.j.json[1:]) == [stack[1:], [], [], [5, True, None]]
    assert values(df.j.json[-2:]) == [stack[1:], [], [], [True, None]]
    assert values(df.j.json[:-1]) == [stack[:-1], [], [], ["x", 5, True]]
    assert values(df.j.json[{"id": "nav"} :]) == [stack[1:], [], [], []]
    assert values(df.j.json[: {"id": "nav"}]) == [stack[:2], [], [], []]
    assert values(df.j.json[{"_type": "Root"} : {"_type": "Link", "n": 5}]) == [stack, [], [], []]
    assert values(df.j.json[{"id": "5"} :]) == [[], [], [], []]
    assert values(df.j.json.array_contains("x")) == [False, False, None, True]
    assert values(df.j.json.array_contains(5)) == [False, False, None, True]
    assert values(df.j.json.array_contains("5")) == [False, False, None, False]
    assert values(df.j.json[{"id": "nav"} :].json.get_array_length() > 0) == [True, False, False, False]


@on_every_engine
def test_members_of_json_as_values(engine):
    documents = [
        '{"plan": "pro", "n": 1}',
        '{"plan": "\\u0070ro", "ok": true}',
        '{"plan": null}',
        "{}",
        None,
        '{"plan": ["pro"]}',
    ]
    df = load(engine, {"j": documents})
    df["j"] = df.j.astype("json")
    plan = df.j["plan"]
    assert values(plan == "pro") == [True, True, False, None, None, False]
    assert values(plan != "pro") == [False, False, True, None, None, True]
    assert values(df.j["ok"] == True) == [None, True, None, None, None, None]  # noqa: E712 - of a series
    assert [str(each).replace(" ", "") if each is not None else None for each in values(plan.astype("string"))] == [
        "pro",
        "pro",
        None,
        None,
        None,
        '["pro"]',
    ]
    assert values(df.j["n"].astype("string").astype("int64")) == [1, None, None, None, None, None]
    with pytest.raises(InvalidType, match="astype"):
        df.groupby(plan)
    with pytest.raises(InvalidType, match="a text or a bool"):
        plan > "pro"  # noqa: B015 - it raises


@on_every_engine
def test_elements_and_slices_of_json(engine):
    df = load(engine, {"j": [[{"a": 1}, "x", 2], [], None, {"a": 1}]})
    assert values(df.j.json.get_dtypes()) == ["array", "array", None, "object"]
    items, offsets = df.j.json.flatten_array()
    assert items.to_pandas().tolist() == [{"a": 1}, "x", 2]
    assert offsets.to_pandas().tolist() == [0, 1, 2]
    assert items.to_pandas().index.tolist() == [0, 0, 0]
    assert values(df.j.json["x":]) == [["x", 2], [], [], []]
    assert values(df.j.json[:"x"]) == [[{"a": 1}, "x"], [], [], []]


@on_every_engine
def test_whole_numbers_in_json(engine):
    texts = ['{"a": 1e2}', '{"a": 9007199254740993}', '{"a": -3.0}', '{"a": 1.5}', '{"a": "7"}', '{"a": null}', "{}", None]
    df = load(engine, {"s": texts})
    wanted = [100, 9007199254740993, -3, None, None, None, None, None]
    assert values(df.s.astype("json").json["a"].astype("int64", errors="coerce")) == wanted
    stored = df.s.astype("json").to_frame().materialize(materialization="temp_table")
    numbers = stored.s.json["a"].astype("int64", errors="coerce")
    assert numbers.dtype == "int64"
    assert sorted(value for value in values(numbers) if value is not None) == [-3, 100, 9007199254740993]
    assert numbers.sum().value == 9007199254741090


@on_every_engine
def test_json_equals_dicts_and_lists(engine):
    df = load(engine, {"text": ['["a",null,1]', '["b"]', None, '{"a":1}', '{"b":[1], "a": 1.0}', "null"]})
    df["j"] = df.text.astype("json")
    assert values(df.j == {"a": 1}) == [False, False, None, True, False, False]
    assert values(df.j == {"a": 1, "b": [1]}) == [False, False, None, False, True, False]
    assert values(df.j != {"a": 1}) == [True, True, None, False, True, True]
    assert values(df.j == ["b"]) == [False, True, None, False, False, False]
    assert values(df[df.j == ["b"]].text) == ['["b"]']
    assert values(df.j.json[0] == {"a": 1}) == [False, False, None, None, None, None]
    assert values(df.j.json.array_contains(None)) == [True, False, None, False, False, False]
    assert values(df.j.json.array_contains("a")) == [True, False, None, False, False, False]
    assert values(df.j.json[0] == "a") == [True, False, None, None, None, None]
    assert values(df.j == "x") == [False, False, None, False, False, False]
    for wrong in (1, None, df.text):
        with pytest.raises(InvalidType):
            df.j == wrong  # noqa: B015
    with pytest.raises(InvalidType):
        df.j < {"a": 1}  # noqa: B015
    with pytest.raises(InvalidType, match="compare an element"):
        df.j.json.array_contains({"a": 1})
