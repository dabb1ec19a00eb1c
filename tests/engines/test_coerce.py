"""Names and values on their way in and out, without an engine."""

from __future__ import annotations

import decimal
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectiv_local.engines.base import safe_name, split_name, storage_names, unused_table_name
from objectiv_local.engines.coerce import Coercion, canonical_json
from objectiv_local.engines.ingest import same_rows
from objectiv_local.errors import DataInvalid
from objectiv_local.types import INT64, JSON, UUID


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('{"b": 1, "a": 2}', '{"a":2,"b":1}'),
        (" [1, 2.0, 2.50, 1e2, 1.50e1, -0, -0.0, 1E-3] ", "[1,2.0,2.5,100,15.0,0,0.0,0.001]"),
        ('{"a": 1, "a": 2}', '{"a":2}'),
        ('"\\u00e9 \\/ \\n"', '"é / \\n"'),
        ('"\\ud83d\\ude00"', '"😀"'),
        ('"\\ud83d"', '"\\ud83d"'),
        ('{"é": {"z": null, "y": [true, false]}}', '{"é":{"y":[true,false],"z":null}}'),
        ("9007199254740993", "9007199254740993"),
        ("0e99999999", "0"),
    ],
)
def test_canonical_json(text: str, canonical: str) -> None:
    assert canonical_json(text) == canonical
    assert canonical_json(canonical) == canonical


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "1e999999999", "[" * 100_000, "{'a': 1}", "nul"])
def test_text_that_is_not_json(text: str) -> None:
    with pytest.raises(DataInvalid, match="contains text that is not JSON") as caught:
        canonical_json(text, "stack")
    assert "'stack'" in str(caught.value)
    assert len(str(caught.value)) < 400


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(values)
def test_canonical_json_keeps_the_value(value: object) -> None:
    text = canonical_json(json.dumps(value))
    # As decimals: a float without a fraction may be written as a whole number, digit by digit.
    exact = {"parse_int": decimal.Decimal, "parse_float": decimal.Decimal}
    assert json.loads(text, **exact) == json.loads(json.dumps(value), **exact)
    assert canonical_json(json.dumps(value, indent=2, ensure_ascii=False)) == text


def test_coercion_takes_dictionaries_and_extension_types() -> None:
    raw = bytes(range(16))
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([raw, None], pa.uuid()),
            pa.array(['{"b":1,"a":1}', None]).dictionary_encode(),
            pa.array([1, None], pa.decimal128(38, 0)),
        ],
        names=["x", "y", "z"],
    )
    coerced = Coercion((("u", UUID), ("j", JSON), ("n", INT64))).batch(batch)
    assert coerced.schema == pa.schema([("u", pa.string()), ("j", pa.string()), ("n", pa.int64())])
    assert coerced.to_pylist() == [
        {"u": "00010203-0405-0607-0809-0a0b0c0d0e0f", "j": '{"a":1,"b":1}', "n": 1},
        {"u": None, "j": None, "n": None},
    ]


def test_coercion_refuses_what_does_not_fit() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array([1.5])], names=["x"])
    with pytest.raises(DataInvalid, match="column 'n' contains a value that is not of type int64"):
        Coercion((("n", INT64),)).batch(batch)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("data", ("data",)),
        ("public.data", ("public", "data")),
        ('"a.b".c', ("a.b", "c")),
        ('"say ""hi"""', ('say "hi"',)),
        ("", ("",)),
        (".", (".",)),
        ("a.", ("a.",)),
        ('"', ('"',)),
        ("a b", ("a b",)),
    ],
)
def test_split_name(name: str, parts: tuple[str, ...]) -> None:
    assert split_name(name) == parts


def test_names_for_storage() -> None:
    assert safe_name("Page Views (2020)") == "page_views_2020"
    assert safe_name("") == "data"
    assert safe_name("7") == "data_7"
    assert len(safe_name("x" * 100)) == 48
    assert unused_table_name("A", {"a", "a_2"}) == "a_3"
    schema = tuple((name, INT64) for name in ("a", "b", "B", "é" * 40, "", "column_2"))
    assert storage_names(schema) == ["a", "column__2", "column__3", "column__4", "column__5", "column_2"]


def test_same_rows() -> None:
    table = pa.table({"x": [1.0, float("nan"), None], "y": [1, 2, None]})
    assert same_rows(table, pa.table({"x": [1.0, float("nan"), None], "y": [1, 2, None]}))
    assert not same_rows(table, pa.table({"x": [1.0, None, float("nan")], "y": [1, 2, None]}))
    assert not same_rows(table, table.rename_columns(["x", "z"]))
    assert not same_rows(table, table.slice(0, 2))
