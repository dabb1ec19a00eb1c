"""What notebooks show: columns, origin and first rows of frames."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import servers
from frame.html_page import Page

import objectiv_local as ol
from objectiv_local import DataFrame, ModelHub, connect
from objectiv_local.engines.waiting import Unanswered
from objectiv_local.frame.preview import frame_html
from objectiv_local.frame.sql_text import SQL


def page(obj: object) -> Page:
    found = Page(obj._repr_html_())  # type: ignore[attr-defined]
    assert found.open == []
    return found


@pytest.fixture(autouse=True)
def options() -> Iterator[None]:
    yield
    del ol.options.preview


def test_a_frame_shows_its_columns_its_origin_and_its_rows(orders: DataFrame) -> None:
    shown = page(orders.set_index("n"))
    assert shown.texts["p"] == ["DataFrame 2 columns · sorted · DuckDB connection to memory", "all 3 rows"]
    assert shown.texts["tr"] == ["nint64, indexcitystringamountfloat64", "1Oslo2.5", "2missing40", "3Romemissing"]
    assert shown.texts["small"] == ["int64, index", "string", "float64"]


def test_no_more_than_five_rows_are_shown_and_their_number_is_told() -> None:
    engine = connect(duckdb.connect())
    for count, told in ((0, "no rows"), (1, "1 row"), (4, "all 4 rows"), (5, "the first 5 rows"), (9, "the first 5 rows")):
        shown = page(DataFrame.from_arrow(engine, pa.table({"n": pa.array(range(count), pa.int64())})))
        assert shown.texts["p"][-1] == told
        assert len(shown.texts.get("td", [])) == min(count, 5)


def test_values_of_every_kind_are_one_line_each() -> None:
    table = duckdb.sql("""
        SELECT true AS yes, 1::BIGINT AS n, 0.1::DOUBLE AS x, 'a' || chr(10) || 'b' || chr(9) AS s, DATE '2024-02-29' AS d,
               TIMESTAMP '2024-02-29 12:00:00.5' AS t, uuid '00000000-0000-0000-0000-00000000000a' AS u,
               1.50::DECIMAL(9, 2) AS p, repeat('x', 200) AS long, [1, 2] AS listed, '{"a": 1}'::JSON AS j,
               TIME '01:02:03' AS clock, INTERVAL '90 minutes' AS span""")
    connection = duckdb.connect()
    connection.register("source", table.to_arrow_table())
    shown = page(ol.from_model(connect(connection), "SELECT * FROM source"))
    assert shown.texts["td"] == [
        "true",
        "1",
        "0.1",
        r"a\nb\t",
        "2024-02-29",
        "2024-02-29 12:00:00.500000",
        "00000000-0000-0000-0000-00000000000a",
        "1.50",
        "x" * 59 + "…",
        "[1,2]",
        '{"a": 1}',
        "01:02:03",
        "1:30:00",
    ]


def test_names_and_values_are_escaped_everywhere() -> None:
    attack = "<script>alert('x')</script>&\"><img src=x onerror=alert(1)>"
    table = pa.table({attack: [attack, "</td></table><svg/onload=alert(1)>"]})
    frame = DataFrame.from_arrow(connect(duckdb.connect()), table)
    series = frame[attack]
    hub = ModelHub(time_aggregation=f"%Y {attack}")
    for obj in (frame, series, hub, SQL(f"SELECT '{attack}' -- {attack}\n/* {attack} */")):
        found = page(obj)
        assert found.tags <= {
            "div",
            "style",
            "p",
            "b",
            "span",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "small",
            "pre",
            "i",
        }
    with ol.options(preview=False):
        assert "script" not in page(frame).tags
    assert attack in page(frame).texts["td"]


def test_a_grouped_frame_a_wide_one_and_one_without_a_connection(orders: DataFrame) -> None:
    grouped = page(orders.groupby("city"))
    assert "grouped by 'city'" in grouped.texts["p"][0]
    assert grouped.texts["p"][1:] == ["rows are shown after an aggregate, such as .sum()"]
    wide = page(DataFrame.from_pandas(connect(duckdb.connect()), pd.DataFrame({f"c{n}": [n] for n in range(50)})))
    assert len(wide.texts["td"]) <= 40
    assert any(re.fullmatch(r"1\d more columns", text) for text in wide.texts["p"])
    bare = page(DataFrame.from_schema({"day": "date", "n": "int64"}, index=["day"], dialect="postgres"))
    assert bare.texts["tr"] == ["daydate, index", "nint64"]
    assert "not connected, postgres" in bare.texts["p"][0]


def test_series_and_analyses_and_their_rule() -> None:
    events = pa.table(
        {
            "event_id": ["1", "2"],
            "user_id": ["a", "b"],
            "event_type": ["view", "buy"],
            "moment": pd.to_datetime(["2024-01-01", "2024-01-02"]),
        }
    )
    hub = ModelHub()
    df = hub.events(events)
    assert page(df.event_type).texts["b"] == ["event_type"]
    shown = page(hub.trend(df, by="day"))
    assert shown.texts["b"] == ["trend(by='day')"]
    assert shown.texts["td"][0] == "1"
    assert shown.texts["summary"] == ["Definition"]
    assert any("UTC" in sentence for sentence in shown.texts["li"])
    with ol.options(preview=False):
        assert "details" in page(hub.trend(df)).tags


def test_a_preview_is_what_head_returns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [5, 3, 9, 1, 7, 2, 8], "s": list("abcdefg")}), tmp_path / "rows.parquet")
    df = DataFrame.from_parquet(tmp_path / "rows.parquet")
    for frame in (df, df.sort_values("n"), df.sort_values("s", ascending=False), df[df.n > 4]):
        rows = frame.head()
        assert page(frame).texts["tr"][1:] == ["".join(str(value) for value in row) for row in rows.itertuples(index=False)]


def test_options_decide_and_a_server_is_asked_only_if_they_say_so() -> None:
    local = DataFrame.from_arrow(connect(duckdb.connect()), pa.table({"n": [1]}))
    server = ol.from_model(connect(servers.target("postgres")), "SELECT 1::bigint AS n")
    assert page(local).texts["td"] == ["1"]
    assert page(server).texts["td"] == ["int64"]
    assert page(server).texts["p"][1:] == ["objectiv_local.options.preview = True shows the first rows here"]
    ol.options.preview = True
    assert page(server).texts["td"] == ["1"]
    ol.options.preview = False
    assert page(local).texts["td"] == ["int64"]
    assert len(page(local).texts["p"]) == 1


#: Engines whose progress and previews can be stopped at once.
KINDS = ("duckdb", "postgres")


#: Takes hours on both engines.
ENDLESS = (
    "SELECT count(*) AS n FROM generate_series(1, 1000000) AS t(a), generate_series(1, 1000000) AS u(b) WHERE a * b % 7 = 9"
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_stops_after_a_second_and_the_connection_goes_on(kind: str) -> None:
    ol.options.preview = True
    engine = connect(servers.target(kind), new=True)
    frame = ol.from_model(engine, ENDLESS)
    began = time.monotonic()
    shown = page(frame)
    assert time.monotonic() - began < 1.4  # the machine of a test may be busy
    assert shown.texts["p"][1:] == ["preview stopped after 1 s; head() fetches the rows"]
    assert shown.texts["td"] == ["int64"]
    assert ol.from_model(engine, "SELECT 42::bigint AS n").to_pandas()["n"].tolist() == [42]
    assert threading.active_count() < 10


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_one_line(kind: str) -> None:
    ol.options.preview = True
    frame = ol.from_model(connect(servers.target(kind)), "SELECT 'a<b' AS s").s.astype("int64")
    shown = page(frame)
    assert shown.texts["p"][1].startswith("no preview: a value cannot be converted in ")
    assert "a<b" in shown.texts["p"][1]
    assert "\n" not in shown.texts["p"][1]


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_no_preview_where_the_connection_is_in_use(kind: str) -> None:
    ol.options.preview = True
    target = servers.target(kind)
    engine = connect(target, new=True)
    frame = ol.from_model(engine, "SELECT 1::bigint AS n")

    stream = ol.from_model(engine, "SELECT a::bigint AS n FROM generate_series(1, 3000000) AS t(a)").to_batches(batch_rows=10)
    next(stream)
    assert page(frame).texts["p"][1:] == ["no preview: the connection has a result open"]
    del stream

    with engine.snapshot():
        assert page(frame).texts["p"][1:] == ["no preview: the connection is in a transaction"]

    writable = connect(servers.target(kind), new=True, read_only=False)
    within = ol.from_model(writable, "SELECT 1::bigint AS n")
    writable.execute("BEGIN")
    assert page(within).texts["p"][1:] == ["no preview: the connection is in a transaction"]
    writable.execute("ROLLBACK")
    assert page(within).texts["td"] == ["1"]
    assert page(frame).texts["td"] == ["1"]

    def wait() -> None:
        with pytest.raises(ol.ObjectivError, match="was stopped"):
            ol.from_model(engine, ENDLESS).to_arrow()

    slow = threading.Thread(target=wait)
    slow.start()
    time.sleep(0.5)
    assert page(frame).texts["p"][1:] == ["no preview: the connection runs another query"]
    engine._interrupt()  # type: ignore[attr-defined]
    slow.join(10)
    assert not slow.is_alive()

    engine.close()
    assert page(frame).texts["p"][1:] == ["no preview: the connection is closed"]


def test_a_transaction_of_the_user_on_a_duckdb_connection_survives_a_preview() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE kept (n BIGINT)")
    frame = DataFrame.from_table(connect(connection), "kept")
    connection.execute("BEGIN")
    connection.execute("INSERT INTO kept VALUES (1)")
    assert page(frame).texts["p"][1:] == ["no preview: the connection is in a transaction"]
    connection.execute("COMMIT")
    assert page(frame).texts["td"] == ["1"]


def test_previews_of_several_threads_do_not_wait_for_each_other() -> None:
    engine = connect(duckdb.connect())
    frame = DataFrame.from_arrow(engine, pa.table({"n": [1]}))
    shown: list[str] = []
    threads = [threading.Thread(target=lambda: shown.append(frame_html(frame))) for _ in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert time.monotonic() - began < 3
    assert len(shown) == 8
    assert all("the first" in html or "1 row" in html or "runs another query" in html for html in shown)


def test_the_lock_is_not_waited_for() -> None:
    engine = connect(duckdb.connect())
    with engine._lock, pytest.raises(Unanswered, match="runs another query"):  # type: ignore[attr-defined]
        engine.briefly(lambda: 1, 1.0)  # type: ignore[attr-defined]
    assert engine.briefly(lambda: 1, 1.0) == 1  # type: ignore[attr-defined]


ROOT = Path(__file__).parents[2]


INTERRUPTED = """
import sys, time
sys.path.insert(0, {root!r})
import duckdb
import objectiv_local as ol
ol.options.preview = True
engine = ol.connect({target!r} or duckdb.connect())
frame = ol.from_model(engine, {endless!r})
ol.from_model(engine, "SELECT 1::bigint AS n").to_arrow()
print("ready", flush=True)
began = time.monotonic()
try:
    while time.monotonic() - began < 8:
        frame._repr_html_()
except KeyboardInterrupt:
    print("interrupted", flush=True)
print(ol.from_model(engine, "SELECT 42::bigint AS n").to_pandas()["n"].tolist(), flush=True)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_passes_at_once_and_leaves_the_connection_usable(kind: str) -> None:
    target = None if kind == "duckdb" else servers.target(kind)
    code = INTERRUPTED.format(root=str(ROOT), target=target, endless=ENDLESS)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.4)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - began < 0.4
        output, errors = process.communicate(timeout=20)
    assert output == "[42]\n", errors
    assert errors == ""
