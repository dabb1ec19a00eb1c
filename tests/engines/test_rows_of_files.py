"""CSV, JSON lines and Arrow files: rows and types as written, or an error with file and line, and nothing loaded."""

from __future__ import annotations

import csv
import datetime
import decimal
import gzip
import json
import os
import random
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from objectiv_local import DataFrame, connect
from objectiv_local.errors import ColumnNotFound, DataInvalid, InvalidType, InvalidValue, ObjectivError, TableNotFound

if TYPE_CHECKING:
    from pathlib import Path

CSV = """\
id,at,local,zip,price,vip,note
1,2024-03-31T00:30:00.250Z,2024-03-31 01:30:00,01234,1.50,true,"two
lines, one value"
2,2024-03-31T02:30:00+02:00,2024-03-31 02:30:00,11234,2,false,
"""
TYPES = {
    "id": "int64",
    "at": "timestamp",
    "local": "timestamp",
    "zip": "string",
    "price": "float64",
    "vip": "bool",
    "note": "string",
}
at = datetime.datetime.fromisoformat
ROWS = [
    (1, at("2024-03-31 00:30:00.250"), at("2024-03-31 01:30:00"), "01234", 1.5, True, "two\nlines, one value"),
    (2, at("2024-03-31 00:30:00"), at("2024-03-31 02:30:00"), "11234", 2.0, False, None),
]


def opened(target: object, **options: object) -> DataFrame:
    return DataFrame.from_table(connect(target, **options), "data")  # type: ignore[arg-type]


def rows(df: DataFrame) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in df.to_arrow().to_pylist()]


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(("name", "packed"), [("events.csv", bytes), ("events.CSV", bytes), ("events.csv.gz", gzip.compress)])
def test_csv(tmp_path: Path, name: str, packed: object) -> None:
    df = opened(written(tmp_path / name, packed(CSV.encode())))  # type: ignore[operator]
    assert df.dtypes == TYPES
    assert rows(df.sort_values("id")) == ROWS


@pytest.mark.parametrize("mark", ["\t", ";", "|"])
def test_what_separates_values_is_seen(tmp_path: Path, mark: str) -> None:
    path = written(tmp_path / ("a.tsv" if mark == "\t" else "a.csv"), f"x{mark}y\n1{mark}a,b\n2{mark}c\n")
    assert rows(opened(path).sort_values("x")) == [(1, "a,b"), (2, "c")]


def test_types_are_those_of_all_rows(tmp_path: Path) -> None:
    """More rows than are asked at first: the last ones have values that would not fit, or would lose digits."""
    lines = [f"{i},{i},2024-01-01,1" for i in range(60_000)]
    path = written(tmp_path / "late.csv", "\n".join(["n,code,day,whole", *lines, "60000,A7,2024-01-02T10:00:00,1.25"]))
    df = opened(path)
    assert df.dtypes == {"n": "int64", "code": "string", "day": "timestamp", "whole": "float64"}
    assert rows(df[df.n >= 59_999].sort_values("n")) == [
        (59_999, "59999", at("2024-01-01"), 1.0),
        (60_000, "A7", at("2024-01-02 10:00:00"), 1.25),
    ]


def test_the_answers_are_those_of_pandas(tmp_path: Path) -> None:
    events = pd.DataFrame(
        {
            "user": [f"u{i * 7919 % 97}" for i in range(5000)],
            "day": pd.Timestamp("2024-01-01"),
            "hits": [i * 31 % 13 for i in range(5000)],
        }
    )
    events["day"] += pd.to_timedelta([i % 30 for i in range(5000)], unit="D")
    events.to_csv(tmp_path / "events.csv", index=False)
    events.assign(day=events.day.astype(str)).to_json(tmp_path / "events.jsonl", orient="records", lines=True)
    wanted = events.groupby("day").agg({"user": "nunique", "hits": "sum"})
    for name in ("events.csv", "events.jsonl"):
        df = opened(tmp_path / name)
        found = df.groupby("day").agg({"user": "nunique", "hits": "sum"}).to_pandas()
        assert found.to_numpy().tolist() == wanted.to_numpy().tolist()


def test_dtypes_change_their_columns_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "events.csv", CSV)
    df = opened(path, dtypes={"id": "string", "price": "decimal(18, 2)"})
    assert df.dtypes == TYPES | {"id": "string", "price": "decimal(38,2)"}
    assert df.sort_values("id").to_arrow().to_pydict()["price"] == [decimal.Decimal("1.50"), decimal.Decimal("2.00")]
    assert opened(path).dtypes == TYPES
    lines = written(tmp_path / "events.jsonl", '{"id": 1, "price": 0.1}\n{"id": 2, "price": 0.25}\n')
    found = rows(opened(lines, dtypes={"price": "decimal(18, 2)"}))
    assert found == [(1, decimal.Decimal("0.10")), (2, decimal.Decimal("0.25"))]


def test_json_lines(tmp_path: Path) -> None:
    events = [
        {"event": "press", "at": "2024-01-02T03:04:05.678Z", "n": 1, "properties": {"plan": "pro", "tags": ["a", {"b": 1}]}},
        {"event": "view", "at": "2024-01-02T03:04:06Z", "n": 2.5, "properties": {}, "late": "x", "list": [1, "a"]},
    ]
    text = "\n".join(map(json.dumps, events))
    for path in (
        written(tmp_path / "events.jsonl", text),
        written(tmp_path / "events.ndjson.gz", gzip.compress(text.encode())),
    ):
        df = opened(path)
        assert df.dtypes == {
            "event": "string",
            "at": "timestamp",
            "n": "float64",
            "properties": "json",
            "late": "string",
            "list": "json",
        }
        found = df.sort_values("event").to_arrow().to_pydict()
        assert found["at"] == [at("2024-01-02 03:04:05.678"), at("2024-01-02 03:04:06")]
        assert [json.loads(each) for each in found["properties"]] == [each["properties"] for each in events]
        assert [found["late"], found["list"][0], json.loads(found["list"][1])] == [[None, "x"], None, [1, "a"]]
        plans = df.assign(plan=df.properties.json.get_value("plan", as_str=True)).sort_values("event")
        assert plans.to_arrow()["plan"].to_pylist() == ["pro", None]


def test_a_key_that_only_late_rows_have_is_a_column(tmp_path: Path) -> None:
    lines = [f'{{"n": {i}}}' for i in range(50_000)] + ['{"n": 50000, "late": "here"}']
    df = opened(written(tmp_path / "events.jsonl", "\n".join(lines)))
    assert df.dtypes == {"n": "int64", "late": "string"}
    assert rows(df[df.late.notnull()]) == [(50_000, "here")]


def test_arrow_files(tmp_path: Path) -> None:
    table = pa.table(
        {"x": [1, 2, None], "at": pa.array([1, 2, 3], pa.timestamp("ns")), "s": pa.array(["a", "b", "a"]).dictionary_encode()}
    )
    first = at("1970-01-01")
    pyarrow.feather.write_feather(table, tmp_path / "lz4.feather")
    pyarrow.feather.write_feather(table, tmp_path / "plain.arrow", compression="uncompressed")
    with pa.OSFile(str(tmp_path / "stream.ipc"), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    for name in ("lz4.feather", "plain.arrow", "stream.ipc"):
        assert rows(opened(tmp_path / name)) == [(1, first, "a"), (2, first, "b"), (None, first, "a")]
    assert opened(tmp_path / "*.feather").x.sum().value == 3
    assert opened([tmp_path / "lz4.feather", tmp_path / "plain.arrow"]).x.sum().value == 6


def test_many_files_are_one_table_by_names_of_columns(tmp_path: Path) -> None:
    (tmp_path / "days" / "more").mkdir(parents=True)
    first = written(tmp_path / "days" / "1.csv", "a,b\n1,x\n")
    second = written(tmp_path / "days" / "more" / "2.csv", "b,c\ny,2.5\n")
    written(tmp_path / "days" / "_hidden.csv", "a,b\n9,9\n")
    wanted = [(1, "x", None), (None, "y", 2.5)]
    for target in (tmp_path / "days", f"{tmp_path}/days/**/[12].csv", [first, second], (str(first), str(second))):
        assert rows(opened(target).sort_values("b")) == wanted


def test_a_changed_file_is_another_target(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "x\n1\n")
    before = opened(path)
    assert connect(path) is before.engine
    written(path, "x\n1\n5\n")
    os.utime(path, ns=(1, 1))
    assert opened(path).x.sum().value == 6
    assert before.x.sum().value == 1


BAD = {
    "empty.csv": (b"", "'empty.csv' is empty"),
    "nohead.csv": (b"1,2\n3,4\n", "the first line of 'nohead.csv' has values and not the names of columns"),
    "long.csv": (b"a,b\n1,2\n3,4,5\n", "'long.csv' cannot be read: CSV Error on Line: 3; Original Line: 3,4,5; Expected"),
    "short.csv": (b"a,b\n1,2\n3\n", "'short.csv' cannot be read: CSV Error on Line: 3; Original Line: 3; Expected Number"),
    "tail.csv": (b"a,b\n" + b"1,2\n" * 50_000 + b"1,2,3\n", "CSV Error on Line: 50002; Original Line: 1,2,3"),
    "latin.csv": ("a,b\n1,café\n".encode("latin1"), "This file is not utf-8 encoded"),
    "cut.csv.gz": (gzip.compress(b"a,b\n" + bytes(range(48, 58)) * 9000)[:-20], "'cut.csv.gz' cannot be read"),
    "nogzip.csv.gz": (b"a,b\n1,2\n", "'nogzip.csv.gz' cannot be read"),
    "cut.jsonl": (b'{"a": 1}\n{"a": \n', "'cut.jsonl' cannot be read: Malformed JSON, at byte 7 in line 2"),
    "lines.json": (b'[{"a": 1},\n{"a": 2}]', "one JSON object a line, as `jq -c .` does, and `jq -c '.[]'` of an array"),
    "mixed.csv": (b"a,b\r\n1,2\n3,4\r\n", "'mixed.csv' cannot be read: its lines end in different ways\nhint: end each line"),
    "old.csv": (b"a,b\r1,2\r3,4\r", "seen in unquoted field\nhint: end each line with a line feed, and close each quote"),
    "empty.jsonl": (b"", "'empty.jsonl' is empty"),
    "values.jsonl": (b"1\n2\n", "'values.jsonl' has a line that is no JSON object: 1"),
    "array.json": (b'[{"a": 1}, {"a": 2}]', "'array.json' has a line that is no JSON object"),
    "case.jsonl": (b'{"a": 1}\n{"A": 2}\n', "has two columns 'a' and 'A', equal but for case"),
    "twice.jsonl": (b'{"a": 1, "a": 2}\n', "key that is there twice"),
    "case.csv": (b"a,A\n1,2\n", "has two columns 'a' and 'A', equal but for case"),
    "twice.csv": (b"a,a\n1,2\n", "two columns 'a' and 'a'"),
    "stream.arrow": (b"\xff\xff\xff\xff\x10\x00\x00\x00", "'stream.arrow' cannot be read as Arrow"),
    "no.arrow": (b"ARROW1 but not really", "'no.arrow' cannot be read as Arrow"),
    "no.feather": (b"", "'no.feather' cannot be read as Arrow"),
}


def test_the_home_directory_of_nobody_is_an_error_that_names_it() -> None:
    for target in ("~no_such_user/a.csv", ["~no_such_user/a.csv"]):
        with pytest.raises(TableNotFound, match=r"no file '~no_such_user/a\.csv': it names a user that is not known"):
            connect(target)


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_an_error_that_names_the_file(tmp_path: Path, name: str) -> None:
    content, message = BAD[name]
    path = written(tmp_path / name, content)
    with pytest.raises(DataInvalid) as caught:
        connect(path)
    assert message in str(caught.value)
    assert "hint: " in str(caught.value)
    assert "Possible" not in str(caught.value)
    assert "sample_size" not in str(caught.value)


@pytest.mark.parametrize(
    ("target", "options", "error", "message"),
    [
        ("a.csv", {"dtypes": {"x": "bool"}}, DataInvalid, "column 'x' has the value '17', which is no bool"),
        ("a.csv", {"dtypes": {"X1": "string"}}, ColumnNotFound, "dtypes: 'a.csv' has no column 'X1'"),
        ("b.jsonl", {"dtypes": {"y": "string"}}, ColumnNotFound, "dtypes: 'b.jsonl' has no column 'y'"),
        ("a.csv", {"dtypes": {"x": "nothing"}}, InvalidValue, "dtype 'nothing' is not known"),
        ("a.csv", {"dtypes": {"x": "timedelta"}}, InvalidValue, "column 'x' cannot be read from text as timedelta"),
        ("a.csv", {"dtypes": 5}, InvalidType, "dtypes"),
        ("a.csv", {"read_only": False}, InvalidValue, "read_only=False is for databases"),
        ("*", {}, InvalidValue, "different formats"),
        ("", {}, InvalidValue, "different formats"),
        ("c.csv", {}, TableNotFound, "there is no file"),
    ],
)
def test_wrong_settings(
    tmp_path: Path, target: str, options: dict[str, object], error: type[ObjectivError], message: str
) -> None:
    written(tmp_path / "a.csv", "x\n17\n")
    written(tmp_path / "b.jsonl", '{"x": 1}')
    with pytest.raises(error) as caught:
        connect(str(tmp_path / target), **options)  # type: ignore[arg-type]
    assert message in str(caught.value)


@pytest.mark.parametrize("given", [[], [5], ["a.csv", None]])
def test_a_list_holds_names_of_files(given: list[object]) -> None:
    with pytest.raises(InvalidType, match="a list to connect to holds the names of files of one format"):
        connect(given)


def test_dtypes_are_for_text(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="dtypes is for CSV and JSON files"):
        connect(pd.DataFrame({"x": [1]}), dtypes={"x": "string"})
    path = written(tmp_path / "a.csv", "x\n17\n")
    with pytest.raises(InvalidValue, match=r"dtypes cannot be set for DuckDB over a\.csv, which is connected already"):
        connect(connect(path), dtypes={"x": "string"})
    pyarrow.feather.write_feather(pa.table({"x": [1]}), tmp_path / "a.arrow")
    with pytest.raises(InvalidValue, match="dtypes is for text files"):
        connect(tmp_path / "a.arrow", dtypes={"x": "string"})


def test_names_are_quoted(tmp_path: Path) -> None:
    path = written(tmp_path / "it's; DROP.csv", 'it\'s,"a""b"\n1,2\n')
    assert rows(opened(path, dtypes={"it's": "string"})) == [("1", 2)]


def test_a_file_in_hand_reads_no_other(tmp_path: Path) -> None:
    secret = written(tmp_path / "secret.csv", "x\n1\n")
    engine = connect(written(tmp_path / "a.csv", "x\n1\n"))
    with pytest.raises(ObjectivError):
        engine.execute(f"SELECT * FROM read_csv('{secret}')")


LATE = 25_000


@pytest.mark.parametrize(
    ("early", "late", "dtype"),
    [
        ("1", "1.5", "float64"),
        ("1", "007", "string"),
        ("1", "+5", "string"),
        ("1", "1_000", "string"),
        ("1", "1e3", "string"),
        ("1.5", "007", "string"),
        ("2024-01-01", "2024-01-01 10:00:00", "timestamp"),
        ("2024-01-01", "01/02/2024", "string"),
        ("2024-01-01T00:00:00", "2024-01-01T00:00:00+02:00", "string"),
        ("true", "1", "string"),
        ("1", "9007199254740993", "int64"),
        ("0.5", "9007199254740993", "string"),
        ("1", "12345678901234567890", "string"),
        ("0.5", "1e400", "string"),
        ("a", '"say ""hi"""', "string"),
        ("a", '"a,b"', "string"),
        ("a", "#no comment", "string"),
        ("a", "'quoted'", "string"),
        ("2024-01-01", "2023-02-29", "string"),
        ("0.30000000000000004", "1.5", "float64"),
        ("0.123456789012345678", "1", "string"),
        ("0.5", "12345678901234.567", "string"),
        ("0.5", "1.2345678901234567e-05", "string"),
        ("0.5", "1.2345678901234568e-05", "float64"),
    ],
)
def test_every_value_counts_for_the_type(tmp_path: Path, early: str, late: str, dtype: str) -> None:
    """The value of the last row is as written, whatever the rows before it look like, and so is that of the first."""
    path = written(tmp_path / "late.csv", f"k,x\n0,{late}\n" + f"1,{early}\n" * LATE + f"2,{late}\n")
    df = opened(path)
    assert df.dtypes == {"k": "int64", "x": dtype}
    ends = df[df.k != 1].sort_values("k").to_arrow()["x"].to_pylist()
    text = next(csv.reader([late]))[0]
    wanted = {"string": str, "float64": float, "int64": int, "timestamp": at}[dtype](text)
    assert ends == [wanted, wanted]
    assert len(df) == LATE + 2


def test_random_files_are_as_the_csv_module_reads_them(tmp_path: Path) -> None:
    draw = random.Random(5)
    for number in range(120):
        letters = "ab#,;\"'\\\n \té|-1"
        table = [
            ["c0", "c1", "c2"],
            *(["".join(draw.choices(letters, k=draw.randrange(6))) for _ in range(3)] for _ in range(draw.randrange(1, 30))),
        ]
        with (tmp_path / f"{number}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator=draw.choice(("\n", "\r\n")), quoting=csv.QUOTE_ALL).writerows(table)
        found = opened(tmp_path / f"{number}.csv", dtypes=dict.fromkeys(table[0], "string"))
        assert sorted(rows(found)) == sorted(map(tuple, table[1:])), number


def test_what_is_in_quotes_in_json_is_a_string(tmp_path: Path) -> None:
    df = opened(written(tmp_path / "a.jsonl", '{"id": "123", "ok": "true", "day": "2024-03-01", "n": 5}\n'))
    assert df.dtypes == {"id": "string", "ok": "string", "day": "date", "n": "int64"}
    assert rows(df) == [("123", "true", datetime.date(2024, 3, 1), 5)]
    assert opened(tmp_path / "a.jsonl", dtypes={"id": "int64"}).id.sum().value == 123
    with pytest.raises(DataInvalid, match="has no object with a key"):
        connect(written(tmp_path / "b.jsonl", "{}\n{}\n"))


def test_an_empty_string_is_none_that_is_missing(tmp_path: Path) -> None:
    df = opened(written(tmp_path / "a.csv", 'k,x\n1,""\n2,\n3,a\n'))
    assert rows(df.sort_values("k")) == [(1, ""), (2, None), (3, "a")]


def test_dtypes_read_what_is_written(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "at,n\n2024-01-01T10:00:00+02:00,1.6\n2024-01-01,2\n")
    found = rows(opened(path, dtypes={"at": "timestamp"}).sort_values("n"))
    assert found == [(at("2024-01-01 08:00"), 1.6), (at("2024-01-01"), 2.0)]
    for dtypes, message in (
        ({"n": "int64"}, "column 'n' has the value '1.6', which is no int64"),
        ({"at": "date"}, "has the value '2024-01-01T10:00:00+02:00', which is no date"),
    ):
        with pytest.raises(DataInvalid) as caught:
            connect(path, dtypes=dtypes)
        assert message in str(caught.value)


def test_a_name_with_wildcard_characters_is_one_file(tmp_path: Path) -> None:
    written(tmp_path / "x.csv", "a\n1\n")
    written(tmp_path / "a1.jsonl", '{"a": 1}\n')
    assert rows(opened(written(tmp_path / "[x].csv", "a\n2\n"))) == [(2,)]
    assert rows(opened(written(tmp_path / "a*.jsonl", '{"a": 2}\n'))) == [(2,)]


def zstd(path: Path, content: bytes) -> Path:
    with pa.output_stream(path, compression="zstd") as file:
        file.write(content)
    return path


def test_files_compressed_with_zstd(tmp_path: Path) -> None:
    lines = b"".join(b"%d,x%d\n" % (number, number) for number in range(200_000))
    whole = zstd(tmp_path / "a.csv.zst", b"n,t\n" + lines)
    assert rows(opened(whole).agg(["sum", "max"], numeric_only=True)) == [(200_000 * 199_999 // 2, 199_999)]
    (tmp_path / "b").mkdir()
    other = zstd(tmp_path / "b" / "a.csv.zst", b"n,t\n7,y\n")
    assert rows(opened([str(other), str(zstd(tmp_path / "c.csv.zst", b"n\n8\n"))]).sort_values("n")) == [(7, "y"), (8, None)]
    assert rows(opened(zstd(tmp_path / "a.jsonl.zst", b'{"a": {"b": 1}}\n'))) == [('{"b":1}',)]
    packed = whole.read_bytes()
    for number, wrong in enumerate((packed[:-1], packed[: len(packed) // 2], packed[:3], b"n,t\n1,x\n", packed + b"n,t")):
        cut = tmp_path / f"cut{number}.csv.zst"
        cut.write_bytes(wrong)
        with pytest.raises(DataInvalid, match=rf"'cut{number}\.csv\.zst' cannot be read"):
            connect(cut)


def test_floats_that_python_wrote_stay_what_they_are(tmp_path: Path) -> None:
    draw = random.Random(3)
    values = [draw.uniform(-1, 1) * 10 ** draw.randrange(-8, 16) for _ in range(5_000)]
    pd.DataFrame({"x": values}).to_csv(tmp_path / "a.csv", index=False)
    df = opened(tmp_path / "a.csv")
    assert df.dtypes == {"x": "float64"}
    assert sorted(df.to_arrow()["x"].to_pylist()) == sorted(values)


def test_columns_with_the_names_of_places(tmp_path: Path) -> None:
    df = opened(written(tmp_path / "a.csv", "C1,c0,c3\n1,x,2024-02-30\n2,y,2024-01-01\n"))
    assert df.dtypes == {"C1": "int64", "c0": "string", "c3": "string"}
    assert rows(df.sort_values("C1")) == [(1, "x", "2024-02-30"), (2, "y", "2024-01-01")]
