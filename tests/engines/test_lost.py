"""Connections that a server ends, and connections in child processes: real ones, with what was stored on them."""

from __future__ import annotations

import multiprocessing
import os
import select
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import postgres_server
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objectiv_local import DataFrame, connect
from objectiv_local.errors import ConnectionFailed, QueryFailed
from objectiv_local.types import INT64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from objectiv_local.engines import Engine

ROOT = Path(__file__).parents[2]
ONE = (("n", INT64),)
MANY = "SELECT a::bigint FROM generate_series(1, 1000) t(a), generate_series(1, 100000)"


@pytest.fixture
def url() -> str:
    return postgres_server.session_url()


@pytest.fixture
def table(url: str) -> Iterator[str]:
    """Return the name of a table of three rows."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("DROP TABLE IF EXISTS lost_rows; CREATE TABLE lost_rows AS SELECT generate_series(1, 3)::bigint AS n")
        yield "lost_rows"
        admin.execute("DROP TABLE lost_rows")


def backend(engine: Engine) -> int:
    return engine.arrow("SELECT pg_backend_pid()::bigint", ONE)["n"].to_pylist()[0]


def own(url: str) -> str:
    """Return a URL of the server whose connection no other test shares."""
    return psycopg.conninfo.make_conninfo(url, application_name="lost")


def end(url: str, pid: int) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        assert admin.execute("SELECT pg_terminate_backend(%s, 10000)", [pid]).fetchone() == (True,)


# ---- a server that ends the connection


def test_lost_connection_is_opened_again_with_the_next_statement(url: str, table: str) -> None:
    engine = connect(url, new=True)
    df = DataFrame.from_table(engine, table)
    pid = backend(engine)
    engine.zones["at_zone", "Asia/Tokyo"] = ()
    end(url, pid)
    assert not engine.closed
    assert sorted(df.to_pandas().n) == [1, 2, 3]
    assert engine.zones == {}, "the server may have been brought up to date"
    assert backend(engine) != pid
    settings = engine.arrow(
        "SELECT (current_setting('TimeZone') = 'UTC' AND current_setting('default_transaction_read_only') = 'on')::int::bigint",
        ONE,
    )
    assert settings["n"].to_pylist() == [1]
    end(url, backend(engine))
    assert connect(engine).table(table).columns == (("n", "int8"),)
    end(url, backend(engine))
    assert df.materialize("after_loss", materialization="temp_table").n.sum().value == 6
    engine.close()
    assert engine.closed
    with pytest.raises(ConnectionFailed, match="is closed"):
        df.to_pandas()


def test_connect_gives_a_connection_that_works_after_a_loss(url: str) -> None:
    address = own(url)
    engine = connect(address)
    end(url, backend(engine))
    again = connect(address)
    assert again.arrow("SELECT 7::bigint", ONE)["n"].to_pylist() == [7]


def test_frames_of_temporary_tables_that_are_gone_say_so(url: str, table: str) -> None:
    engine = connect(url, new=True)
    df = DataFrame.from_table(engine, table)
    kept = df.materialize("gone_rows", materialization="temp_table")
    assert sorted(kept.to_pandas().n) == [1, 2, 3]
    end(url, backend(engine))
    with pytest.raises(ConnectionFailed, match=r"'gone_rows' no longer exists.*\nhint: create the frame .* again"):
        kept.to_pandas()
    # A table that now has the same name is another table.
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE TABLE gone_rows AS SELECT 99::bigint AS n")
        try:
            with pytest.raises(ConnectionFailed, match="'gone_rows' no longer exists"):
                kept.n.sum().value  # noqa: B018 - the value is fetched
            assert DataFrame.from_table(engine, "gone_rows").n.sum().value == 99
            again = df.materialize("gone_rows", materialization="temp_table")
            assert again.n.sum().value == 6
            with pytest.raises(ConnectionFailed, match="'gone_rows' no longer exists"):
                kept.to_pandas()
        finally:
            admin.execute("DROP TABLE gone_rows")
    before = set(engine.temporary)
    sample = df.get_sample(sample_percentage=100)
    (name,) = engine.temporary - before
    end(url, backend(engine))
    with pytest.raises(ConnectionFailed, match=f"'{name}' no longer exists"):
        sample.to_pandas()
    assert sorted(sample.get_unsampled().to_pandas().n) == [1, 2, 3]
    with pytest.raises(ConnectionFailed, match=f"'{name}' no longer exists"):
        engine.arrow(f"SELECT n FROM {name}", ONE)
    engine.close()


def test_connection_that_the_user_set_up_is_not_opened_again(url: str) -> None:
    engine = connect(url, new=True)
    engine.execute("SET search_path = pg_catalog")
    end(url, backend(engine))
    assert engine.closed
    with pytest.raises(ConnectionFailed, match=r"was lost.*\nhint: connect again"):
        engine.arrow("SELECT 1::bigint", ONE)
    address = own(url)
    same = connect(address)
    same.execute("BEGIN")
    end(url, backend(same))
    assert connect(address) is not same
    assert connect(address).arrow("SELECT 1::bigint", ONE)["n"].to_pylist() == [1]


def test_snapshot_ends_with_its_connection(url: str) -> None:
    engine = connect(url, new=True)
    with engine.snapshot():
        end(url, backend(engine))
        for _ in range(2):
            with pytest.raises(ConnectionFailed, match="another state of the data"):
                engine.arrow("SELECT 1::bigint", ONE)
    assert engine.arrow("SELECT 1::bigint", ONE)["n"].to_pylist() == [1]
    engine.close()


def test_statement_that_runs_when_the_connection_is_lost(url: str) -> None:
    engine = connect(url, new=True)
    pid = backend(engine)
    stream = engine.batches(MANY, ONE, 10)
    next(stream)
    end(url, pid)
    with pytest.raises(ConnectionFailed, match=r"was lost while a statement ran\nhint: run the statement again"):
        list(stream)
    assert engine.arrow("SELECT 1::bigint", ONE)["n"].to_pylist() == [1]
    # Rows that are interrupted by another statement are lost in the same way, and the other statement is not.
    pid = backend(engine)
    stream = engine.batches(MANY, ONE, 10)
    next(stream)
    end(url, pid)
    assert engine.arrow("SELECT 2::bigint", ONE)["n"].to_pylist() == [2]
    with pytest.raises(ConnectionFailed, match="was lost"):
        list(stream)
    engine.close()


# ---- child processes


def in_child(action: Callable[[], object]) -> str:
    """Return the text of an action's result or error in a forked child; the child ends as Python does."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            try:
                answer = str(action())
            except BaseException as error:
                answer = f"{type(error).__name__}: {error}"
            os.write(writing, answer.encode())
        finally:
            os._exit(0)
    os.close(writing)
    answer = b""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if select.select([reading], [], [], 0.1)[0]:
            part = os.read(reading, 65536)
            if not part:
                break
            answer += part
    else:
        os.kill(pid, 9)
        answer += b" (the child hangs)"
    os.close(reading)
    os.waitpid(pid, 0)
    return answer.decode()


def numbers(engine: Engine, first: int) -> list[int]:
    sql = f"SELECT a::bigint FROM generate_series({first}, {first + 99999}) AS t(a)"
    return [n for batch in engine.batches(sql, ONE, 1000) for n in batch["n"].to_pylist()]


def targets(tmp_path: Path, url: str) -> dict[str, object]:
    pq.write_table(pa.table({"x": [1, 2, 3]}), tmp_path / "rows.parquet")
    return {"postgres": url, "parquet": str(tmp_path / "rows.parquet"), "memory": pa.table({"x": [1, 2, 3]})}


@pytest.mark.parametrize("target", ["postgres", "parquet", "memory"])
def test_child_has_a_connection_of_its_own(target: str, tmp_path: Path, url: str) -> None:
    engine = connect(targets(tmp_path, url)[target], new=True)
    assert len(numbers(engine, 0)) == 100_000
    stream = engine.batches("SELECT a::bigint FROM generate_series(1, 200000) AS t(a)", ONE, 1000)
    seen = [next(stream)["n"].to_pylist()]

    def child() -> str:
        found = [numbers(engine, 1_000_000 * k) == list(range(1_000_000 * k, 1_000_000 * k + 100_000)) for k in (1, 2)]
        try:
            next(stream)
        except QueryFailed as error:
            told = "belong to the process" in str(error)
        engine.close()
        return f"{found} {told} {engine.closed}"

    assert in_child(child) == "[True, True] True True"
    seen += [batch["n"].to_pylist() for batch in stream]
    assert [n for rows in seen for n in rows] == list(range(1, 200_001))
    assert numbers(engine, 5) == list(range(5, 100_005))
    assert in_child(lambda: numbers(engine, 7)[:2]) == "[7, 8]"
    assert numbers(engine, 5) == list(range(5, 100_005))
    engine.close()


def test_child_of_two_that_ask_at_once(url: str) -> None:
    engine = connect(url, new=True)
    pid = backend(engine)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        wrong = 0
        try:
            for k in range(200):
                wrong += engine.arrow(f"SELECT {k}::bigint", ONE)["n"].to_pylist() != [k]
            os.write(writing, f"{wrong} {backend(engine) != pid}".encode())
        finally:
            os._exit(0)
    rows = [engine.arrow(f"SELECT {k}::bigint", ONE)["n"].to_pylist() for k in range(1000, 1200)]
    os.close(writing)
    os.waitpid(child, 0)
    assert os.read(reading, 100) == b"0 True"
    os.close(reading)
    assert rows == [[k] for k in range(1000, 1200)]
    assert backend(engine) == pid
    engine.close()


@pytest.mark.parametrize("target", ["postgres", "parquet"])
def test_temporary_tables_stay_with_the_parent(target: str, tmp_path: Path, url: str, table: str) -> None:
    engine = connect(targets(tmp_path, url)[target], new=True)
    df = DataFrame.from_table(engine, table if target == "postgres" else "data")
    kept = df.materialize("parents_rows", materialization="temp_table")
    assert len(kept) == 3
    assert in_child(lambda: len(df)) == "3"
    assert "'parents_rows' no longer exists" in in_child(lambda: len(kept))
    assert (
        in_child(lambda: df.materialize("parents_rows", materialization="temp_table").view_sql().split("FROM ")[1])
        == "parents_rows_2"
    )
    assert len(kept) == 3
    engine.close()


def test_what_a_child_cannot_open_again(tmp_path: Path, url: str) -> None:
    database = duckdb.connect()
    database.execute("CREATE TABLE t AS SELECT 1::bigint AS n")
    own = connect(database)
    answer = in_child(lambda: own.arrow("SELECT n FROM t", ONE))
    assert answer.startswith("ConnectionFailed: the connection to DuckDB connection to memory belongs to the process that")
    assert "spawn" in answer
    assert in_child(lambda: [own.close(), own.closed]) == "[None, True]"
    assert own.arrow("SELECT n FROM t", ONE)["n"].to_pylist() == [1]
    set_up = connect(url, new=True)
    set_up.execute("SET search_path = pg_catalog")
    assert "belongs to the process that opened it" in in_child(lambda: set_up.arrow("SELECT 1::bigint", ONE))
    assert in_child(lambda: connect(url).arrow("SELECT 1::bigint", ONE)["n"].to_pylist()) == "[1]"
    set_up.close()
    snapshot = connect(url, new=True)
    with snapshot.snapshot():
        assert "another state of the data" in in_child(lambda: snapshot.arrow("SELECT 1::bigint", ONE))
        assert snapshot.arrow("SELECT 1::bigint", ONE)["n"].to_pylist() == [1]
    snapshot.close()


def test_files_of_duckdb_in_a_child(tmp_path: Path) -> None:
    path = tmp_path / "stored.duckdb"
    with duckdb.connect(path) as made:
        made.execute("CREATE TABLE t AS SELECT 5::bigint AS n; CREATE SCHEMA s; CREATE TABLE s.u AS SELECT 6::bigint AS n")
    reading = connect(path, new=True)
    df = DataFrame.from_table(reading, "t")
    other = DataFrame.from_table(reading, "s.u")
    assert in_child(lambda: [df.n.sum().value, other.n.sum().value, len(reading.table("t").columns)]) == "[5, 6, 1]"
    assert "ReadOnly" in in_child(lambda: reading.create_table("w", "SELECT 1 AS x", temporary=False))
    assert df.n.sum().value == 5
    reading.close()
    writing = connect(path, read_only=False, new=True)
    frame = DataFrame.from_table(writing, "t")
    assert "belongs to the process that opened it" in in_child(lambda: len(frame))
    assert frame.n.sum().value == 5
    writing.close()


def _total(first: int) -> int:
    return sum(numbers(_shared, first))


_shared: Engine


@pytest.mark.parametrize("target", ["postgres", "parquet"])
def test_pool_of_processes(target: str, tmp_path: Path, url: str) -> None:
    global _shared  # noqa: PLW0603 - children of a pool find it there
    _shared = connect(targets(tmp_path, url)[target], new=True)
    assert _total(0) == sum(range(100_000))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        answers = pool.map_async(_total, range(6)).get(timeout=60)
    assert answers == [sum(range(k, k + 100_000)) for k in range(6)]
    assert _total(3) == answers[3]
    _shared.close()


@pytest.mark.parametrize("target", ["postgres", "parquet", "duckdb"])
def test_child_that_ends_as_any_program_does(target: str, tmp_path: Path, url: str) -> None:
    """A child that never used the connection exits normally, and the parent can still read its rows."""
    found = {**targets(tmp_path, url), "duckdb": None}[target]
    script = textwrap.dedent(f"""
        import os, sys
        sys.path.insert(0, {str(ROOT)!r})
        import duckdb
        from objectiv_local.engines import connect
        from objectiv_local.types import INT64
        one = (("n", INT64),)
        target = {found!r}
        if target is None:
            target = duckdb.connect()
            target.execute("SET enable_progress_bar = false")
        engine = connect(target)
        stream = engine.batches("SELECT a::bigint FROM generate_series(1, 300000) AS t(a)", one, 100)
        next(stream)
        for action in (lambda: None, lambda: engine.close(), lambda: stream.close()):
            child = os.fork()
            if child == 0:
                action()
                sys.exit(0)
            # Flushed, so that the next child does not print it too.
            print(os.waitpid(child, 0)[1], flush=True)
        print(sum(batch.num_rows for batch in stream), engine.arrow("SELECT 1::bigint", one)["n"].to_pylist())
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["0", "0", "0", "299900", "[1]"], done.stderr
