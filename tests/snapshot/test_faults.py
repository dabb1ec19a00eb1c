"""Whatever interrupts an export, a reader finds the version before or after it, and the next run goes on.

``OBJECTIV_KILLS=100`` kills as many exporters.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
import servers
from snapshot.sources import HUB, Table, content, event, stream

from objectiv_local import DataFrame, connect, snapshot
from objectiv_local.errors import ConnectionFailed, DataInvalid, InvalidValue, ObjectivError, TableNotFound
from objectiv_local.snapshot import staging
from objectiv_local.types import INT64

KILLS = int(os.environ.get("OBJECTIV_KILLS", "8"))
POSTGRES = next(name for name in servers.STARTED if name.startswith("postgres"))

EXPORTER = """
import os, random, resource, signal, sys, threading
sys.path.insert(0, "tests")
from objectiv_local import ModelHub, snapshot
from objectiv_local.snapshot import staging
staging.FILE_ROWS = 20
source, path, delay, limit = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
hub = ModelHub()
events = hub.events(source, user_id="user", moment="at", event_type="kind", event_id="id", schema="table")
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if delay:
    threading.Timer(delay, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
try:
    events.snapshot(path)
except Exception as error:
    print(f"{type(error).__name__}: {error}", flush=True)
    os._exit(3)
os._exit(0)
"""


def exporter(table, path, delay=0.0, limit=0):
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", EXPORTER, table.target, str(path), str(delay), str(limit)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_killed_exporter_loses_and_doubles_nothing(tmp_path):
    table = Table("duckdb", tmp_path, stream(0, 120))
    path = tmp_path / "local"
    killed = 0
    states = []
    for number in range(KILLS):
        states.append(content(table.events()))
        # From the first moments of an export to those after it was published.
        killed += exporter(table, path, delay=0.02 + 0.6 * number / KILLS).returncode == -9
        if (path / "manifest.json").exists():
            assert snapshot.verify(path).rows in (120 + each for each in range(number + 1))
            assert content(snapshot.open(path)) in states
        if number % 2:
            table.write([*table.rows, event(9000 + number, "a", "2024-01-15 10:00")])
    assert killed > KILLS // 3
    done = exporter(table, path)
    assert done.returncode == 0, done.stdout
    assert content(snapshot.open(path)) == content(table.events())
    assert snapshot.verify(path).rows == len(table.rows)
    assert sorted(each.name for each in path.iterdir() if not each.name.startswith("v")) == [".lock", "manifest.json"]


def test_a_full_disk_publishes_nothing_and_the_next_run_goes_on(tmp_path):
    table = Table("duckdb", tmp_path, stream(1, 120))
    path = tmp_path / "local"
    for limit in (1, 1000, 4000):
        failed = exporter(table, path, limit=limit)
        assert failed.returncode == 3, failed
        assert failed.stdout.startswith("DataInvalid: the snapshot "), failed.stdout
        assert "cannot be written: File too large" in failed.stdout
        assert not (path / "manifest.json").exists()
        with pytest.raises(TableNotFound, match="is not a snapshot"):
            snapshot.open(path)
    assert exporter(table, path).returncode == 0
    assert content(snapshot.open(path)) == content(table.events())


def test_a_lost_connection_costs_one_file_at_most(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "FILE_ROWS", 30)
    table = Table(POSTGRES, tmp_path, stream(2, 120))
    # A connection of its own, because others hold what other tests need.
    engine = connect(table.target, new=True)
    pid = engine.arrow("SELECT pg_backend_pid()", (("pid", INT64),)).column(0)[0].as_py()
    events = table.events(engine)
    path = tmp_path / "local"
    streamed, read = staging.streamed, []

    def broken(plan, engine):
        for batch in streamed(plan, engine):
            if len(read) == 2:
                with psycopg.connect(table.target, autocommit=True) as other:
                    other.execute("SELECT pg_terminate_backend(%s)", [pid])
                list(streamed(plan, engine))
            read.append(batch.num_rows)
            yield batch

    monkeypatch.setattr(staging, "streamed", broken)
    with pytest.raises(ObjectivError) as raised:
        events.snapshot(path)
    assert isinstance(raised.value, ConnectionFailed), raised.value
    assert not (path / "manifest.json").exists()
    kept = [json.loads(each.read_text())["rows"] for each in (path / ".staging").glob("20*.json")]
    assert len(kept) == 2

    again = []
    monkeypatch.setattr(
        staging, "streamed", lambda plan, engine: (again.append(batch.num_rows) or batch for batch in streamed(plan, engine))
    )
    local = table.events().snapshot(path)
    assert sum(again) == 120 - sum(kept)
    assert content(local) == content(table.events())


def test_rows_that_changed_since_an_interruption_are_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "FILE_ROWS", 30)
    table = Table("duckdb", tmp_path, stream(3, 120))
    path = tmp_path / "local"
    write = staging._write
    written = []

    def stopping(*args):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(args)
        return write(*args)

    monkeypatch.setattr(staging, "_write", stopping)
    with pytest.raises(KeyboardInterrupt):
        table.events().snapshot(path)
    first = min(table.rows, key=lambda row: row["at"])
    table.write([{**row, "user": "someone else"} if row["id"] == first["id"] else row for row in table.rows])
    monkeypatch.setattr(staging, "_write", write)
    assert content(table.events().snapshot(path)) == content(table.events())


def interrupted(frame, path, monkeypatch, **options):
    """Write all files of a snapshot but the last one."""
    with monkeypatch.context() as patch:
        patch.setattr(staging, "FILE_ROWS", 30)
        write, count = staging._write, []

        def stopping(*args):
            count.append(args)
            if len(count) == 3:
                raise KeyboardInterrupt
            return write(*args)

        patch.setattr(staging, "_write", stopping)
        with pytest.raises(KeyboardInterrupt):
            frame.snapshot(path, **options)
    assert len(list((path / ".staging").glob("20*.parquet"))) == 2


@pytest.mark.parametrize("check", ["rows", "values"])
def test_values_that_changed_since_an_interruption_are_read_again(check, tmp_path, monkeypatch):
    table = Table("duckdb", tmp_path, stream(3, 120))
    path = tmp_path / "local"
    interrupted(table.events(), path, monkeypatch, check=check)
    column = {"rows": "user", "values": "props"}[check]
    table.write([{**row, column: '"new"'} for row in table.rows])
    assert content(table.events().snapshot(path, check=check)) == content(table.events())
    assert content(table.events().snapshot(path, check=check)) == content(table.events())


@pytest.mark.parametrize("names", [["moment", "event_type", "user_id"], ["moment", "user_id"], ["moment", "user_id", "props"]])
def test_other_columns_of_an_interrupted_export_are_read_again(names, tmp_path, monkeypatch):
    events = Table("duckdb", tmp_path, stream(3, 120)).events()
    path = tmp_path / "local"
    interrupted(events[["moment", "user_id", "event_type"]], path, monkeypatch)
    assert content(events[names].snapshot(path)) == content(events[names])


def test_one_exporter_at_a_time(tmp_path):
    table = Table("duckdb", tmp_path, stream(4))
    path = tmp_path / "local"
    command = [
        sys.executable,
        "-c",
        f"""
import time
from pathlib import Path
from objectiv_local.snapshot.directory import locked
with locked(Path({str(path)!r})):
    print("locked", flush=True)
    time.sleep(60)
""",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "locked\n"
            with pytest.raises(InvalidValue, match="another process is writing the snapshot"):
                table.events().snapshot(path)
        finally:
            holder.kill()
    assert content(table.events().snapshot(path)) == content(table.events())


def test_readers_find_one_version_while_others_are_published(tmp_path):
    table = Table("duckdb", tmp_path, stream(5))
    path = tmp_path / "local"
    table.events().snapshot(path)
    expected = {80 + number for number in range(6)}
    found, failures, done = [], [], threading.Event()

    def read():
        while not done.is_set():
            try:
                found.append(len(snapshot.open(path)))
            except Exception as error:
                failures.append(error)
            time.sleep(0.01)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(5):
        table.write([*table.rows, event(9000 + number)])
        table.events().snapshot(path)
    done.set()
    reader.join()
    assert failures == []
    assert set(found) <= expected
    assert found == sorted(found)


@pytest.fixture
def published(tmp_path):
    events = Table("duckdb", tmp_path, stream(6)).events()
    events["props"] = events.props.astype("json")
    events.snapshot(tmp_path / "local")
    return tmp_path / "local"


def test_verify_finds_what_was_changed(published):
    version = published / snapshot.manifest.read(published).version
    file = next((version / "rows").rglob("*.parquet"))
    content_ = file.read_bytes()

    def problems():
        with pytest.raises(DataInvalid, match="is damaged") as raised:
            snapshot.verify(published)
        return str(raised.value)

    file.write_bytes(content_[:-1] + bytes([content_[-1] ^ 1]))
    assert "rows.parquet was changed" in problems()
    file.unlink()
    assert "rows.parquet is missing" in problems()
    file.write_bytes(content_)
    (version / "rows" / "more.parquet").write_bytes(content_)
    assert "more.parquet is not of this snapshot" in problems()
    (version / "rows" / "more.parquet").unlink()
    assert snapshot.verify(published).rows == 80


def test_verify_looks_at_the_rows(published, tmp_path):
    import hashlib

    import duckdb

    manifest = published / "manifest.json"
    text = manifest.read_text()
    version = published / json.loads(text)["version"]

    def rewritten(name, sql):
        """Replace a file by others of its rows, and the manifest by one that says so."""
        file = version / name
        before = file.read_bytes()
        duckdb.sql(f"COPY ({sql.format(file=file)}) TO '{tmp_path}/other.parquet' (FORMAT parquet)")
        after = (tmp_path / "other.parquet").read_bytes()
        file.write_bytes(after)
        changed = text.replace(hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest())
        manifest.write_text(changed.replace(f'"bytes": {len(before)}', f'"bytes": {len(after)}'))
        try:
            with pytest.raises(DataInvalid, match="is damaged") as raised:
                snapshot.verify(published)
            return str(raised.value)
        finally:
            file.write_bytes(before)
            manifest.write_text(text)

    month = next((version / "rows").glob("month=*")).name
    name = f"rows/{month}/rows.parquet"
    assert f"{name} should have" in rewritten(name, "FROM read_parquet('{file}', hive_partitioning = false) LIMIT 3")
    assert f"{name} should have" in rewritten(
        name, "SELECT * REPLACE (moment + INTERVAL 1 YEAR AS moment) FROM read_parquet('{file}', hive_partitioning = false)"
    )
    assert "repeat the event_id of another row" in rewritten(
        name, "SELECT * REPLACE ('e1' AS event_id) FROM read_parquet('{file}', hive_partitioning = false)"
    )
    assert "rows have a number that props.parquet lacks" in rewritten("props.parquet", "FROM '{file}' WHERE props_id <> 1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format": "other"}',
        '{"format": "objectiv_local.snapshot"}',
        '{"format": "objectiv_local.snapshot", "format_version": 1}',
    ],
)
def test_a_damaged_manifest_is_an_error(published, text):
    (published / "manifest.json").write_text(text)
    for read in (snapshot.open, snapshot.info, snapshot.verify, snapshot.refresh):
        with pytest.raises(DataInvalid, match="manifest"):
            read(published)


@pytest.mark.parametrize(("name", "value"), [("version", "../other"), ("version", "/etc"), ("version", 5)])
def test_a_manifest_leads_nowhere_else(published, name, value):
    manifest = published / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), name: value}))
    for read in (snapshot.open, snapshot.info, snapshot.verify, lambda path: DataFrame.from_table(path, "data")):
        with pytest.raises(DataInvalid, match="manifest"):
            read(published)


def test_a_manifest_with_anything_in_it(published):
    manifest = published / "manifest.json"
    text = manifest.read_text()
    for where in (
        "published",
        "version",
        "index",
        "key",
        "columns",
        "parts.0.rows",
        "parts.0.month",
        "parts.0.file.path",
        "columns.0",
        "columns.0.dtype",
        "columns.0.file_column",
        "dictionaries.0.column",
        "dictionaries.0.file",
        "origin",
    ):
        for value in (None, 5, "../v000001", {}, "x" * 70_000, "a\0b"):
            content_ = json.loads(text)
            *above, name = (int(each) if each.isdigit() else each for each in where.split("."))
            inside = content_
            for each in above:
                inside = inside[each]
            inside[name] = value
            manifest.write_text(json.dumps(content_))
            for read in (snapshot.open, snapshot.info, snapshot.verify):
                with contextlib.suppress(ObjectivError):
                    str(read(published))
            assert snapshot.is_snapshot(published) in (True, False)


def test_a_later_version_is_an_error(published):
    manifest = published / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format_version": 2, "library": "9.0"}))
    with pytest.raises(DataInvalid, match="later version of objectiv_local"):
        snapshot.open(published)


def test_directories_that_hold_something_else(tmp_path):
    events = Table("duckdb", tmp_path, [event(1)]).events()
    with pytest.raises(InvalidValue, match=r"holds other files: events\.parquet"):
        events.snapshot(tmp_path)
    with pytest.raises(InvalidValue, match="is a file"):
        events.snapshot(tmp_path / "events.parquet")
    with pytest.raises(TableNotFound, match="is not a snapshot"):
        snapshot.open(tmp_path)
    with pytest.raises(TableNotFound, match="is not a snapshot"):
        snapshot.refresh(tmp_path / "nothing")
    assert not snapshot.is_snapshot(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["events.parquet"]
    assert HUB.events(tmp_path, user_id="user", moment="at", event_type="kind").columns


@pytest.mark.parametrize(
    "path",
    ["", " ", "a\0b", "\ud800", "~no_such_user/x", "s3://bucket/events", "postgresql://analyst:s3cret@db.example.com/shop"],
)
def test_what_cannot_be_a_directory(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    events = Table("duckdb", tmp_path, [event(1)]).events()
    for read in (snapshot.open, snapshot.info, snapshot.verify, snapshot.refresh, events.snapshot):
        with pytest.raises(InvalidValue) as raised:
            read(path)
        assert "s3cret" not in str(raised.value)
    if path.isascii():
        assert not snapshot.is_snapshot(path)
    assert [each.name for each in tmp_path.iterdir()] == ["events.parquet"]
