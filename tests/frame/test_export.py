"""Frames as files and as a stream of Arrow: every type, in the order of the frame, and nothing half-written."""

from __future__ import annotations

import csv
import datetime
import decimal
import json
import os
import stat
import uuid

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from frame.frames import load, on_every_engine

from objectiv_local import DataFrame, connect
from objectiv_local.errors import DataInvalid, InvalidType, InvalidValue, ObjectivError, TableNotFound

at = datetime.datetime.fromisoformat
ID = "00000000-0000-0000-0000-00000000000a"


def everything(engine):
    """Return a frame with a value of every type, a missing one, and an order."""
    df = load(engine, {"n": [2, 1, 3], "s": ['it\'s "x"', "", None]})
    df["f"] = df.n / 4
    df["flag"] = df.n > 1
    df["day"] = (df.n * 0 + 1).astype("string").str.replace("1", "2024-02-29").astype("date")
    df["at"] = df.day.astype("timestamp") + datetime.timedelta(hours=1, microseconds=5)
    df["clock"] = df["at"].dt.time
    df["span"] = df["at"] - at("2024-02-28 00:00:00.5")
    df["money"] = df.n.astype("decimal(38, 2)")
    df["id"] = (df.n * 0).astype("string").str.replace("0", ID).astype("uuid")
    df["j"] = (df.n * 0).astype("string").str.replace("0", '{"a": [1, "b"]}').astype("json")
    for name in ("flag", "day", "at", "clock", "span", "money", "id", "j"):
        df[name] = df[name].where(df.n < 3, None)
    return df.sort_values("n")


SPAN = datetime.timedelta(days=1, hours=1, microseconds=5) - datetime.timedelta(milliseconds=500)
SECONDS = "89999.500005"  # one day and one hour, half a second less, and 5 microseconds


@on_every_engine
def test_parquet(engine, tmp_path):
    df = everything(engine)
    path = tmp_path / "out.parquet"
    df.to_parquet(path)
    assert pq.read_table(path).equals(df.to_arrow())
    again = DataFrame.from_parquet(str(path)).sort_values("n").to_arrow()
    for name in ("n", "s", "f", "flag", "day", "at", "clock", "money"):
        assert again[name].to_pylist() == df.to_arrow()[name].to_pylist(), name
    assert pq.read_table(path)["span"].to_pylist() == [SPAN, SPAN, None]


@on_every_engine
def test_csv(engine, tmp_path):
    path = tmp_path / "out.csv"
    everything(engine).to_csv(path)
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert rows[0] == {
        "_index_row": "1",
        "n": "1",
        "s": "",
        "f": "0.25",
        "flag": "false",
        "day": "2024-02-29",
        "at": "2024-02-29 01:00:00.000005",
        "clock": "01:00:00.000005",
        "span": SECONDS,
        "money": "1.00",
        "id": ID,
        "j": rows[0]["j"],
    }
    assert json.loads(rows[0]["j"]) == {"a": [1, "b"]}
    assert path.read_text("utf-8").splitlines()[1].startswith('1,1,"",0.25,')
    assert path.read_text("utf-8").splitlines()[3] == "2,3,,0.75" + "," * 8
    again = DataFrame.from_table(connect(path, dtypes={"money": "decimal(38, 2)"}), "data").sort_values("n").to_arrow()
    assert again["s"].to_pylist() in (["", 'it\'s "x"', None], [None, 'it\'s "x"', None])
    assert again["at"].to_pylist()[0] == at("2024-02-29 01:00:00.000005")
    assert again["money"].to_pylist() == [decimal.Decimal("1.00"), decimal.Decimal("2.00"), None]


@on_every_engine
def test_json(engine, tmp_path):
    path = tmp_path / "out.jsonl"
    everything(engine).to_json(path)
    rows = [json.loads(line, parse_float=str) for line in path.read_text("utf-8").splitlines()]
    assert rows[0] == {
        "_index_row": 1,
        "n": 1,
        "s": "",
        "f": "0.25",
        "flag": False,
        "day": "2024-02-29",
        "at": "2024-02-29T01:00:00.000005",
        "clock": "01:00:00.000005",
        "span": SECONDS,
        "money": "1.00",
        "id": ID,
        "j": {"a": [1, "b"]},
    }
    assert rows[2] == {"_index_row": 2, "n": 3, "f": "0.75"} | dict.fromkeys(
        ("s", "flag", "day", "at", "clock", "span", "money", "id", "j")
    )
    assert DataFrame.from_table(connect(path), "data").n.sum().value == 6


@on_every_engine
def test_stream_of_arrow(engine):
    df = everything(engine)
    assert pa.table(df).equals(df.to_arrow())
    assert pl.DataFrame(df).select("n", "s", "at").equals(df.to_polars().select("n", "s", "at"))


def test_no_rows_and_many(tmp_path):
    df = load("duckdb", {"n": list(range(200_000))})
    for name in ("n.parquet", "n.csv", "n.jsonl"):
        getattr(df, {"parquet": "to_parquet", "csv": "to_csv", "jsonl": "to_json"}[name.partition(".")[2]])(tmp_path / name)
        assert DataFrame.from_table(connect(tmp_path / name), "data").n.sum().value == 19_999_900_000
    none = df[df.n < 0]
    none.to_parquet(tmp_path / "none.parquet")
    none.to_csv(tmp_path / "none.csv", sep=";")
    none.to_json(tmp_path / "none.jsonl")
    assert pq.read_table(tmp_path / "none.parquet").schema == none.to_arrow().schema
    assert [(tmp_path / "none.csv").read_text(), (tmp_path / "none.jsonl").read_text()] == ['"_index_row";"n"\n', ""]


@pytest.mark.parametrize("method", ["to_parquet", "to_csv", "to_json"])
def test_a_file_is_replaced_when_it_is_complete_or_stays(method, tmp_path):
    path = tmp_path / "kept"
    path.write_text("before")
    df = load("duckdb", {"s": ["1", "2", "x"]})
    with pytest.raises(ObjectivError):
        getattr(df.astype("int64"), method)(path)
    assert (path.read_text(), [each.name for each in tmp_path.iterdir()]) == ("before", ["kept"])
    getattr(df, method)(path)
    assert path.read_bytes()[:6] != b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]


def test_a_link_leads_to_the_file_and_the_mode_stays(tmp_path):
    target = tmp_path / "target.csv"
    target.write_text("before")
    target.chmod(0o640)
    (tmp_path / "link.csv").symlink_to(target)
    load("duckdb", {"n": [1]}).to_csv(tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert target.read_text("utf-8") == '"_index_row","n"\n0,1\n'
    assert target.stat().st_mode & 0o777 == 0o640


def test_what_is_no_regular_file_stays_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "a\0b"):
        with pytest.raises(InvalidValue, match="cannot be a file"):
            load("duckdb", {"n": [1]}).to_json(path)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_what_a_signal_handler_raises_reaches_the_caller(tmp_path, monkeypatch):
    df = load("duckdb", {"n": [1]})
    monkeypatch.setattr(DataFrame, "to_batches", lambda self: iter(lambda: exec("raise TimeoutError('alarm')"), None))
    with pytest.raises(TimeoutError, match="alarm"):
        df.to_json(tmp_path / "a.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written(tmp_path):
    df = load("duckdb", {"f": [0.5, float("inf")]})
    df["g"] = df.f - df.f
    for call, error, message in (
        (lambda: df.to_json(tmp_path / "a.jsonl"), DataInvalid, "column 'f' contains inf, which JSON cannot represent"),
        (lambda: df[["g"]].to_json(tmp_path / "a.jsonl"), DataInvalid, "column 'g' contains nan, which JSON cannot represent"),
        (lambda: df.to_csv(tmp_path), InvalidValue, "is a directory"),
        (lambda: df.to_csv(tmp_path / "no" / "a.csv"), TableNotFound, "there is no directory"),
        (lambda: df.to_csv(tmp_path / "a.csv", sep=", "), InvalidValue, "sep is ', '"),
        (lambda: df.to_parquet(tmp_path / "a.parquet", "best"), InvalidValue, "compression is 'best'"),
        (lambda: df.to_parquet(5), InvalidType, "path"),
    ):
        with pytest.raises(error) as caught:
            call()
        assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert uuid.UUID(ID)
