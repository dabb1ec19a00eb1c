"""A row for each element of lists and JSON arrays."""

from __future__ import annotations

import pytest
from frame.frames import load, on_every_engine, opened, same

from objectiv_local import DataFrame
from objectiv_local.errors import AttributeNotFound, InvalidType


def lists(engine):
    """Return a frame of lists and JSON: with elements, missing, empty, with a missing element, and no array."""
    created = {
        "duckdb": "VALUES (1, ['b', 'a'], '[1, \"x\", null, {\"a\": 1}, [2]]'::JSON, [DATE '2024-01-01']), (2, NULL, NULL, NULL), "
        "(3, [], '[]', []), (4, ['c', NULL], '{\"a\": 1}', [NULL]), (5, ['d'], '\"x\"', NULL)",
        "postgres": "VALUES (1, ARRAY['b', 'a'], '[1, \"x\", null, {\"a\": 1}, [2]]'::jsonb, ARRAY[DATE '2024-01-01']), "
        "(2, NULL, NULL, NULL), (3, '{}', '[]', '{}'), (4, ARRAY['c', NULL], '{\"a\": 1}', ARRAY[NULL]::date[]), "
        "(5, ARRAY['d'], '\"x\"', NULL)",
    }
    rows = created["duckdb" if engine == "duckdb" else "postgres"]
    return DataFrame.from_model(opened(engine), f"SELECT * FROM ({rows}) AS v (k, s, j, d)", index="k").sort_index(
        ascending=False
    )


@on_every_engine
def test_explode_makes_a_row_of_each_element(engine):
    df = lists(engine)
    exploded = df[["s"]].explode("s")
    assert exploded.dtypes == {"s": "string"}
    assert exploded.to_arrow().to_pydict() == {"k": [5, 4, 4, 3, 2, 1, 1], "s": ["d", "c", None, None, None, "b", "a"]}
    # pandas says the same of the fetched lists
    same(exploded.to_pandas(), df[["s"]].to_pandas().explode("s"))
    assert df.explode("d").dtypes["d"] == "date"
    assert df[["d"]].explode("d").to_pandas().d.isna().tolist() == [True, True, True, True, False]
    documents = df[["j"]].explode("j")
    assert documents.dtypes == {"j": "json"}
    assert documents.to_pandas().j.tolist() == ["x", {"a": 1}, None, None, 1, "x", None, {"a": 1}, [2]]
    assert documents.j.isnull().to_pandas().tolist() == [False, False, True, True, False, False, True, False, False]
    assert df.s.explode().to_pandas().tolist()[:2] == ["d", "c"]
    assert df.explode("s").columns == ["s", "j", "d"]
    assert df.explode("s", ignore_index=True).index_columns == []
    # Rows that tie in the order of the frame do not mix.
    tied = df.assign(tie=1).sort_values("tie")[["s"]].explode("s")
    assert tied.to_arrow().to_pydict() == {"k": [1, 1, 2, 3, 4, 4, 5], "s": ["b", "a", None, None, "c", None, "d"]}


def test_explode_refuses_what_has_no_elements():
    df = load("duckdb", {"s": ["a,b"], "n": [1]})
    with pytest.raises(InvalidType, match=r"column 's', which is string, has no elements\n.*str.split"):
        df.explode("s")
    df["parts"] = df.s.str.split(",")
    assert df[["parts"]].explode("parts").to_pandas().parts.tolist() == ["a", "b"]
    with pytest.raises(AttributeNotFound, match="lists and JSON have it"):
        _ = df.n.explode
    with pytest.raises(InvalidType, match="has to be a string"):
        df.explode(["parts"])
    struct = DataFrame.from_model(opened("duckdb"), "SELECT {'a': 1} AS d")
    with pytest.raises(InvalidType, match="is a struct"):
        struct.explode("d")
