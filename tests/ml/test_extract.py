"""Rows for scikit-learn: the same rows in the same order on every engine, in any container, at once or in batches."""

from __future__ import annotations

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from frame.frames import on_every_engine, opened
from ml.against import over
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from objectiv_local import DataFrame, connect, ml
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, TooLarge

COLUMNS = {
    "visits": np.array([3, 1, 2]),
    "minutes": np.array([7.5, np.nan, 0.25]),
    "member": np.array([True, False, True]),
    "city": np.array(["Snits", None, "É"], dtype=object),
    "bought": np.array([1, 0, 1]),
}
X = [[3.0, 7.5, 1.0], [1.0, np.nan, 0.0], [2.0, 0.25, 1.0]]
NUMBERS = ["visits", "minutes", "member"]


@on_every_engine
def test_containers_hold_the_same_rows(engine):
    frame = over(engine, COLUMNS)
    arrays = ml.xy(frame, "bought", features=NUMBERS, container="numpy")
    assert arrays.X.dtype == np.float64
    np.testing.assert_array_equal(arrays.X, X)
    assert arrays.y.tolist() == [1, 0, 1]
    assert arrays.y.dtype == np.int64
    assert arrays.feature_names == NUMBERS
    assert arrays.index.to_pydict() == {"_index_row": [0, 1, 2]}

    table = ml.xy(frame, "bought", features=NUMBERS)
    assert table.X.schema == pa.schema([(name, pa.float64()) for name in NUMBERS])
    assert table.y.to_pylist() == [1, 0, 1]

    pandas = ml.xy(frame, "bought", features=NUMBERS, container="pandas")
    pd.testing.assert_frame_equal(pandas.X, pd.DataFrame(X, columns=NUMBERS, index=pd.Index([0, 1, 2], name="_index_row")))
    pd.testing.assert_series_equal(pandas.y, pd.Series([1, 0, 1], index=pandas.X.index, name="bought"))

    polars = ml.xy(frame, "bought", features=NUMBERS, container="polars")
    assert polars.X.equals(pl.DataFrame(X, schema=NUMBERS, orient="row", strict=False).cast(pl.Float64))
    assert polars.y.to_list() == [1, 0, 1]


@on_every_engine
def test_text_is_none_where_it_is_missing(engine):
    found = ml.xy(over(engine, COLUMNS), features=["city", "visits"], container="numpy")
    assert found.X.dtype == object
    assert found.X.tolist() == [["Snits", 3.0], [None, 1.0], ["É", 2.0]]
    assert found.y is None


@on_every_engine
def test_single_precision_and_own_types(engine):
    frame = over(engine, COLUMNS)
    assert ml.xy(frame, features=NUMBERS, container="numpy", dtype="float32").X.dtype == np.float32
    kept = ml.xy(frame, features=["visits", "member"], dtype=None).X
    assert kept.schema.types == [pa.int64(), pa.bool_()]


@on_every_engine
def test_rows_come_by_the_index_whatever_order_they_are_stored_in(engine):
    table = pd.DataFrame({"id": [5, 3, 9, 1], "x": [0.5, 0.3, 0.9, 0.1]})
    frame = DataFrame.from_pandas(opened(engine), table).reset_index(drop=True).set_index("id")
    assert ml.xy(frame, container="numpy").X.ravel().tolist() == [0.1, 0.3, 0.5, 0.9]
    assert ml.xy(frame.sort_values("x", ascending=False), container="numpy").X.ravel().tolist() == [0.9, 0.5, 0.3, 0.1]
    assert ml.xy(frame, container="numpy", order_by="x").index["id"].to_pylist() == [1, 3, 5, 9]


@on_every_engine
def test_a_target_can_be_a_series_of_the_same_rows(engine):
    frame = over(engine, COLUMNS)
    X, y = ml.xy(frame[["minutes"]], frame.visits > 1, container="numpy")
    assert X.shape == (3, 1)
    assert y.tolist() == [True, False, True]
    X, y = ml.xy(frame[["minutes"]], (frame.minutes * 2).fillna(0.0), container="pandas")
    assert list(X.columns) == ["minutes"]
    assert y.tolist() == [15.0, 0.0, 0.5]


@on_every_engine
def test_an_empty_frame_has_no_rows_of_the_right_width(engine):
    found = ml.xy(over(engine, COLUMNS)[:0], "bought", features=NUMBERS, container="numpy")
    assert found.X.shape == (0, 3)
    assert found.y.shape == (0,)


@on_every_engine
def test_nothing_is_fetched_beyond_the_limit(engine):
    frame = over(engine, COLUMNS)
    with pytest.raises(TooLarge, match="3 rows of 6 columns take about 150 bytes, but max_bytes is 149"):
        ml.xy(frame, "bought", max_bytes=149)
    # 3 rows of 6 columns of 8 bytes, and the 6 characters of the strings.
    assert ml.xy(frame, "bought", max_bytes=150).X.num_rows == 3


@on_every_engine
def test_numbers_that_no_float_holds_are_refused(engine):
    frame = over(engine, {"x": np.array([2**53 + 1, 0])})
    with pytest.raises(InvalidValue, match="'x' has numbers beyond 2\\*\\*53"):
        ml.xy(frame)
    assert ml.xy(frame.astype("float64"), container="numpy").X[0, 0] == 2.0**53
    money = pd.DataFrame({"x": [decimal.Decimal("1.10"), None]})
    assert ml.xy(DataFrame.from_pandas(opened(engine), money), container="numpy").X[0, 0] == 1.1


@on_every_engine
def test_batches_are_the_rows_in_parts_and_over_again(engine):
    frame = over(engine, {"x": np.arange(10.0), "y": np.arange(10)})
    said = []
    parts = list(
        ml.batches(
            frame,
            "y",
            batch_rows=4,
            epochs=2,
            container="numpy",
            order_by="x",
            on_batch=lambda done, rows: said.append((done, rows)),
        )
    )
    assert all(len(part.y) <= 4 for part in parts)
    rows = np.concatenate([part.X.ravel() for part in parts])
    assert rows.tolist() == [*range(10), *range(10)]
    assert np.concatenate([part.y for part in parts]).tolist() == rows.tolist()
    assert said[-1] == (20, 20)
    assert [done for done, _ in said] == np.cumsum([len(part.y) for part in parts]).tolist()


@on_every_engine
def test_other_queries_run_between_batches(engine):
    frame = over(engine, {"x": np.arange(9.0)})
    totals = [(part.X.sum(), frame.x.sum().value) for part in ml.batches(frame, batch_rows=3, container="numpy", epochs=2)]
    assert sum(part for part, _ in totals) == 72
    assert {total for _, total in totals} == {36.0}


@on_every_engine
def test_a_batch_feeds_partial_fit(engine):
    frame = over(engine, {"x": np.arange(9.0)})
    scaler = StandardScaler()
    for part in ml.batches(frame, batch_rows=2, container="pandas"):
        scaler.partial_fit(part.X)
    assert scaler.mean_.tolist() == [4.0]
    X, y = ml.xy(frame.assign(y=frame.x * 2 + 1), "y")
    assert LinearRegression().fit(X.to_pandas(), y.to_pylist()).coef_.round(9).tolist() == [2.0]


def test_epochs_read_one_state_of_the_data(postgres_url, tmp_path):
    import duckdb
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("DROP TABLE IF EXISTS epochs; CREATE TABLE epochs AS SELECT generate_series(1, 5)::float8 AS x")
        frame = DataFrame.from_table(connect(postgres_url), "epochs")
        sums = []
        for number, part in enumerate(ml.batches(frame, epochs=3, container="numpy")):
            other.execute(f"INSERT INTO epochs VALUES ({number + 100})")
            sums.append(part.X.sum())
        assert sums == [15.0, 15.0, 15.0]
        # The transaction has ended: the next query sees the new rows, and so does a single pass.
        assert frame.x.sum().value == 15 + 100 + 101 + 102
        other.execute("DROP TABLE epochs")

    connection = duckdb.connect(tmp_path / "epochs.duckdb")
    connection.execute("CREATE TABLE epochs AS SELECT generate_series::float8 AS x FROM generate_series(1, 5)")
    frame = DataFrame.from_table(connection, "epochs")
    other = connection.cursor()
    sums = []
    for number, part in enumerate(ml.batches(frame, epochs=3, container="numpy")):
        other.execute(f"INSERT INTO epochs VALUES ({number + 100})")
        sums.append(part.X.sum())
    assert sums == [15.0, 15.0, 15.0]
    assert frame.x.sum().value == 15 + 100 + 101 + 102


@on_every_engine
def test_a_loop_that_is_left_ends_its_snapshot(engine):
    frame = over(engine, {"x": np.arange(9.0)})
    loop = ml.batches(frame, batch_rows=2, epochs=2)
    next(loop)
    with pytest.raises(InvalidValue, match="while rows are read from a snapshot"):
        frame.engine.write(["SELECT 1"])
    loop.close()
    assert frame.materialize(materialization="temp_table").x.sum().value == 36.0


@on_every_engine
def test_a_target_with_a_repeated_index_is_told(engine):
    frame = over(engine, COLUMNS)
    other = DataFrame.from_pandas(opened(engine), pd.DataFrame({"y": [1, 2, 3, 4]}, index=pd.Index([0, 0, 1, 2], name="row")))
    with pytest.raises(InvalidValue, match=r"series 'y' cannot be aligned on the index .*: labels are not unique"):
        ml.xy(frame, other.y, features=["visits"])
    other = DataFrame.from_pandas(opened(engine), pd.DataFrame({"y": [3, 1, 2]}, index=pd.Index([2, 0, 1], name="row")))
    assert ml.xy(frame, other.y, features=["visits"], container="numpy").y.tolist() == [1, 2, 3]


def test_wrong_input_is_told():
    frame = over("duckdb", {**COLUMNS, "at": np.array([1, 2, 3]).astype("datetime64[us]")})
    for wrong, error, message in (
        ({"target": "nothing"}, ColumnNotFound, "'nothing', given as target"),
        ({"features": ["nothing"]}, ColumnNotFound, "'nothing', given as features"),
        ({"index": "nothing"}, ColumnNotFound, "'nothing', given as index"),
        ({"features": ["visits", "visits"]}, InvalidValue, "given twice"),
        ({"features": ["visits"], "target": "visits"}, InvalidValue, "both the target and a feature"),
        ({"features": ["at"]}, InvalidType, "'at' is timestamp"),
        ({"features": ["visits"], "target": "at"}, InvalidType, "target 'at' is timestamp"),
        ({"features": ["visits"], "target": "minutes"}, InvalidValue, "'minutes' is missing in 1 rows"),
        ({"features": ["visits"], "target": [1, 2, 3]}, InvalidType, "target of .* has to be a string, a Series or None, not"),
        ({"features": ["visits"], "container": "dask"}, InvalidValue, "container is 'dask'"),
        ({"features": ["visits"], "dtype": "int8"}, InvalidValue, "not 'int8'"),
        ({"features": []}, InvalidValue, "there are no features"),
    ):
        with pytest.raises(error, match=message):
            ml.xy(frame, **wrong)
    for wrong in ({"batch_rows": 0}, {"epochs": 0}):
        with pytest.raises(InvalidValue, match="positive whole number"):
            ml.batches(frame, features=["visits"], **wrong)
    with pytest.raises(InvalidType, match="epochs of batches has to be a whole number, not True"):
        ml.batches(frame, features=["visits"], epochs=True)
    assert ml.xy(frame, features=["visits"], max_bytes=1e9).feature_names == ["visits"]
    with pytest.raises(InvalidType, match="frame of xy has to be a DataFrame, not"):
        ml.xy([[1]])
    with pytest.raises(InvalidValue, match="on another connection"):
        ml.xy(frame[["visits"]], over("postgres16", COLUMNS).bought)


def test_a_frame_is_no_array():
    frame = over("duckdb", COLUMNS)[["visits"]]
    with pytest.raises(InvalidType, match=r"ml\.xy"):
        np.asarray(frame)
    with pytest.raises(TypeError, match=r"ml\.xy"):
        LinearRegression().fit(frame, [1, 2, 3])


@on_every_engine
def test_a_column_that_is_not_fetched_may_give_the_order(engine):
    frame = over(engine, COLUMNS)
    arrays = ml.xy(frame, "bought", features=["visits"], order_by=["minutes"], container="numpy")
    assert arrays.X.tolist() == [[2.0], [3.0], [1.0]]
    batches = list(ml.batches(frame, features=["visits"], order_by="minutes", batch_rows=np.int64(2), container="numpy"))
    assert [X.tolist() for X, _ in batches] == [[[2.0], [3.0]], [[1.0]]]


@on_every_engine
def test_wrong_arguments_are_told(engine):
    frame = over(engine, {"a": np.array([1e300, 1.0]), "b": np.array([np.inf, 1.0])})
    with pytest.raises(InvalidType, match=r"features of .* has to be a list of strings or None, not"):
        ml.xy(frame, features="ab")
    with pytest.raises(InvalidType, match="max_bytes of xy has to be a number or None, not"):
        ml.xy(frame, max_bytes="9")
    with pytest.raises(InvalidValue, match="column 'a' has numbers that are too large for float32"):
        ml.xy(frame, features=["b", "a"], dtype="float32")
    assert ml.xy(frame, features=["b"], dtype="float32", container="numpy").X.tolist() == [[np.inf], [1.0]]
