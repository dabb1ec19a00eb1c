"""A snapshot follows its source: after any change, it has the rows of the source, and only changed months are read."""

from __future__ import annotations

import datetime
import json
import random
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
import servers
from snapshot.sources import ENGINES, HUB, Table, content, event, parquet_rows, stream

from objectiv_local import DataFrame, connect, snapshot
from objectiv_local.errors import DataInvalid, InvalidValue, TableNotFound
from objectiv_local.snapshot import staging

on_every_engine = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture
def exported(monkeypatch):
    """Return a growing list of the months that are read from the source."""
    months = []
    export = staging.export

    def noting(asked, counts, wanted, *args):
        months.append(list(wanted))
        return export(asked, counts, wanted, *args)

    monkeypatch.setattr(staging, "export", noting)
    return months


def files(directory):
    """Return the file of each month, as identified by the file system."""
    version = snapshot.manifest.read(Path(directory)).version
    return {path.parent.name[6:]: path.stat().st_ino for path in (Path(directory) / version / "rows").glob("*/*.parquet")}


def changed(draw, rows):
    """Return rows that differ in one of the ways in which tables of events change."""
    rows = [dict(row) for row in rows]
    kind = draw.choice(["later", "late", "gone", "moved", "user", "month", "kind", "nothing"])
    number = draw.randrange(len(rows))
    match kind:
        case "later":
            latest = max(row["at"] for row in rows)
            rows += [event(draw.randrange(5000, 9999), draw.choice("abe"), f"2024-06-{draw.randrange(1, 30):02} 10:00")]
            rows[-1]["at"] = max(latest, rows[-1]["at"])
        case "late":
            rows += [{**rows[number], "id": f"x{draw.randrange(10**6)}"}]
        case "gone":
            del rows[number]
        case "moved":
            rows[number]["at"] = rows[draw.randrange(len(rows))]["at"]
        case "user":
            rows[number]["user"] = draw.choice(["a", "zz", None])
        case "month":
            rows = [row for row in rows if row["at"].month != rows[number]["at"].month] or rows
        case "kind":
            rows[number]["kind"] = draw.choice(["view", "buy"])
    return kind, list({row["id"]: row for row in rows}.values())


#: Other changes on each version of an engine, and on DuckDB, which runs them fastest, all of them.
HISTORIES = [(engine, seed) for seed, engine in enumerate(ENGINES)] + [("duckdb", seed) for seed in range(1, len(ENGINES))]


@pytest.mark.parametrize(("engine", "seed"), HISTORIES)
def test_after_any_change_a_refresh_has_the_rows_of_the_source(engine, seed, tmp_path):
    draw = random.Random(seed)
    table = Table(engine, tmp_path, stream(seed))
    table.events().snapshot(tmp_path / "local")
    for number in range(8):
        kind, rows = changed(draw, table.rows)
        table.write(rows)
        local = (
            table.events().snapshot(tmp_path / "local")
            if number % 2
            else snapshot.refresh(tmp_path / "local", None if engine == "duckdb" else table.target)
        )
        assert content(local) == content(table.events()), (seed, kind)
        assert snapshot.verify(tmp_path / "local").rows == len(rows)
        assert parquet_rows(tmp_path / "local") == len(rows)


def test_only_changed_months_are_read_and_written(tmp_path, exported):
    rows = [event(1, at="2024-01-05 10:00"), event(2, at="2024-02-05 10:00"), event(3, at="2024-03-05 10:00", user="b")]
    table = Table("duckdb", tmp_path, rows)
    table.events().snapshot(tmp_path / "local")
    first = files(tmp_path / "local")
    assert exported.pop() == ["2024-01", "2024-02", "2024-03"]

    table.events().snapshot(tmp_path / "local")
    assert exported.pop() == []
    assert snapshot.info(tmp_path / "local").version == "v000001"

    # A later event only changes its own month; the sessions of the other months are unchanged.
    table.write([*rows, event(4, at="2024-04-01 00:00")])
    table.events().snapshot(tmp_path / "local")
    assert exported.pop() == ["2024-04"]
    assert {month: file for month, file in files(tmp_path / "local").items() if month != "2024-04"} == first

    # A late event adds a session, so the numbers of all later sessions are rewritten, but the rows are not read again.
    table.write([event(0, at="2024-01-01 00:00", user="c"), *table.rows])
    local = table.events().snapshot(tmp_path / "local")
    assert exported.pop() == ["2024-01"]
    assert first.items().isdisjoint(files(tmp_path / "local").items())
    assert local.sort_index().session_id.to_numpy().tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("check", "found"), [("rows", False), ("keys", False), ("values", True)])
def test_changes_that_each_check_detects(tmp_path, check, found):
    table = Table("duckdb", tmp_path, [event(1, plan="free"), event(2, plan="pro")])
    table.events().snapshot(tmp_path / "local", check=check)
    table.write([event(1, plan="pro"), event(2, plan="pro")])
    local = table.events().snapshot(tmp_path / "local", check=check)
    assert (content(local) == content(table.events())) == found


@pytest.mark.parametrize(("check", "found"), [("rows", False), ("keys", True)])
def test_the_check_by_keys_finds_replaced_rows(tmp_path, check, found):
    table = Table("duckdb", tmp_path, [event(1), event(2)])
    table.events().snapshot(tmp_path / "local")
    table.write([event(1), event(3)])
    local = table.events().snapshot(tmp_path / "local", check=check)
    assert (content(local) == content(table.events())) == found


@pytest.mark.parametrize("check", ["rows", "keys"])
def test_rows_without_a_key_are_compared_by_all_their_columns(check, tmp_path):
    table = Table("duckdb", tmp_path, [event(1, kind="view"), event(2, kind="buy", user="b")])

    def made(*names):
        frame = DataFrame.from_table(table.target, "data").rename(columns={"user": "user_id"})
        frame["props"] = frame.props.astype("json")
        return frame[list(names)]

    wanted = (["user_id", "kind"], ["props"])
    for names in wanted:
        made(*names).snapshot(tmp_path / names[0], check=check)
    table.write([event(1, kind="cart", n=1), event(2, kind="buy", user="b", n=2)])
    for names in wanted:
        local = made(*names).snapshot(tmp_path / names[0], check=check)
        assert (content(local) == content(made(*names))) == (check == "keys")


def test_rows_that_depend_on_others_are_checked_by_all_values(tmp_path):
    table = Table("duckdb", tmp_path, stream(7))

    def made():
        events = table.events()
        events["n"] = events.groupby("user_id").moment.transform("count")
        return events[events.n > 3]

    made().snapshot(tmp_path / "local", check="rows")
    table.write([row for row in table.rows if row["user"] != "b"] + [event(9000, "a", "2023-12-01 10:00")])
    assert content(made().snapshot(tmp_path / "local", check="rows")) == content(made())


def test_labels_over_all_rows_are_recomputed(tmp_path):
    table = Table("duckdb", tmp_path, stream(8))

    def made():
        events = table.events()
        events["last"] = events.groupby("user_id").moment.transform("max")
        events["is_new_user"] = HUB.map.is_new_user(events)
        return events

    made().snapshot(tmp_path / "local")
    table.write([*table.rows, event(9000, "a", "2024-08-01 10:00"), event(9001, "a", "2023-11-20 00:00")])
    local = made().snapshot(tmp_path / "local")
    assert content(local) == content(made())
    assert str(local["last"].max().value) == "2024-08-01 10:00:00"


def test_dictionaries_grow_and_keep_their_numbers(tmp_path):
    table = Table("duckdb", tmp_path, [event(number, at="2024-01-01 10:00", plan="abc"[number % 3]) for number in range(30)])

    def made():
        events = table.events()
        events["props"] = events.props.astype("json")
        return events

    made().snapshot(tmp_path / "local")
    before = files(tmp_path / "local")
    table.write([*table.rows, event(90, at="2024-02-01 10:00", plan="new"), event(91, at="2024-02-02 10:00", plan="a")])
    local = made().snapshot(tmp_path / "local")
    assert content(local) == content(made())
    assert files(tmp_path / "local")["2024-01"] == before["2024-01"]
    assert [each.values for each in snapshot.manifest.read(tmp_path / "local").dictionaries] == [5]  # with the missing value
    assert local.props["plan"].astype("string").value_counts().to_pandas().to_dict() == {"a": 11, "b": 10, "c": 10, "new": 1}


@pytest.mark.parametrize("names", [["props.plan"], ["props.plan", "x" * 90], ["column_3", "PROPS.n"], ["props_id", "Props"]])
@pytest.mark.parametrize("repeats", [False, True], ids=["members", "dictionary"])
def test_columns_keep_their_names_in_files(names, repeats, tmp_path):
    values = 3 if repeats else 99
    rows = [event(number, at=f"2024-0{1 + number % 2}-05 10:00", n=number % values, plan="a") for number in range(30)]
    table = Table("duckdb", tmp_path, rows)

    def made():
        events = table.events()
        events["props"] = events.props.astype("json")
        return events.assign(**dict.fromkeys(names, events.event_type))

    made().snapshot(tmp_path / "local")
    assert bool(snapshot.manifest.read(tmp_path / "local").members) != repeats
    for number in range(2):
        table.write([*table.rows, event(90 + number, at="2024-05-05 10:00", n=number, plan="new")])
        local = made().snapshot(tmp_path / "local")
        assert content(local) == content(made())
        assert local[local.props["plan"] == "new"].event_type.count().value == 1 + number
        assert snapshot.verify(tmp_path / "local").rows == 31 + number


def test_an_open_frame_stays_as_it_is(tmp_path):
    table = Table("duckdb", tmp_path, [event(1)])
    before = table.events().snapshot(tmp_path / "local")
    table.write([event(1), event(2)])
    after = table.events().snapshot(tmp_path / "local")
    assert (len(before), len(after), len(snapshot.open(tmp_path / "local"))) == (1, 2, 2)
    table.write([event(1), event(2), event(3)])
    table.events().snapshot(tmp_path / "local")
    # Versions older than the previous one are deleted.
    with pytest.raises(TableNotFound, match="moved or deleted"):
        len(before)
    assert len(after) == 2
    assert sorted(path.name for path in (tmp_path / "local").glob("v*")) == ["v000002", "v000003"]


def test_a_frame_with_other_rows_is_refused(tmp_path):
    table = Table("duckdb", tmp_path, [event(1), event(2, kind="buy")])
    events = table.events()
    events.snapshot(tmp_path / "local")
    for other, what in (
        (events[["moment", "user_id"]], "other columns"),
        (events[events.event_type == "buy"], "another query"),
        (events.assign(user_id=events.user_id.str.upper()), "another query"),
        (events.reset_index().set_index("user_id"), "other columns"),
    ):
        with pytest.raises(InvalidValue, match=what):
            other.snapshot(tmp_path / "local")
    assert len(snapshot.open(tmp_path / "local")) == 2
    bought = events[events.event_type == "buy"]
    assert content(bought.snapshot(tmp_path / "local", replace=True)) == content(bought)
    none = events[events.event_type == "none"]
    assert content(none.snapshot(tmp_path / "local", replace=True)) == content(none)


def test_a_source_without_an_address_is_given_again(tmp_path):
    import pyarrow as pa

    rows = pa.table({"id": [1, 2]})
    frame = DataFrame.from_table(rows, "data")
    frame.snapshot(tmp_path / "local")
    with pytest.raises(InvalidValue, match="cannot be opened again") as raised:
        snapshot.refresh(tmp_path / "local")
    assert "refresh(path, frame)" in str(raised.value)
    more = DataFrame.from_table(pa.table({"id": [1, 2, 3]}), "data")
    assert len(snapshot.refresh(tmp_path / "local", more)) == 3


def test_passwords_are_not_stored(tmp_path, postgres_urls):
    import postgres_server

    server = postgres_server.session(next(iter(postgres_urls)))
    table = Table(f"postgres{server.version}", tmp_path, [event(1)])
    frame = HUB.events(
        server.tcp_url, table_name=table.name, user_id="user", moment="at", event_type="kind", event_id="id", schema="table"
    )
    frame.snapshot(tmp_path / "local")
    texts = [path.read_bytes() for path in (tmp_path / "local").rglob("*") if path.is_file()]
    assert not any(b"s3cret" in text for text in texts)
    address = json.loads((tmp_path / "local" / "manifest.json").read_text())["origin"]["address"]
    assert "host=" in address
    assert "password" not in address


def test_repeated_keys_are_an_error(tmp_path):
    table = Table("duckdb", tmp_path, [event(1), event(2)])
    events = table.events()
    table.write([event(1), event(1, at="2024-03-01 10:00")])
    with pytest.raises(DataInvalid, match="1 rows repeat the event_id of another row"):
        events.snapshot(tmp_path / "local")
    assert not (tmp_path / "local" / "manifest.json").exists()


def test_repeated_keys_are_an_error_for_rows_without_sessions(tmp_path):
    table = Table("duckdb", tmp_path, [event(1), event(2)])
    events = table.events()[["moment", "user_id"]]
    events.snapshot(tmp_path / "local")
    table.write([event(1), event(1, at="2024-03-01 10:00"), event(2)])
    with pytest.raises(DataInvalid, match="1 rows repeat the event_id of another row"):
        events.snapshot(tmp_path / "local")
    assert snapshot.verify(tmp_path / "local").rows == 2


def test_removed_and_retyped_columns_are_an_error(tmp_path):
    source = tmp_path / "orders.csv"

    def rows(text):
        source.write_text(text)

    rows("id,moment,amount\n1,2024-01-01 10:00:00,1\n")
    DataFrame.from_table(source, "data").snapshot(tmp_path / "local")
    for text, problem in (
        ("id,moment,amount\n1,2024-01-01 10:00:00,1.5\n2,2024-01-01 10:00:00,1\n", "is DOUBLE now and was"),
        ("id,moment,total\n1,2024-01-01 10:00:00,1\n", "of data was removed"),
    ):
        rows(text)
        with pytest.raises(DataInvalid, match=f"column 'amount' .*{problem}") as raised:
            snapshot.refresh(tmp_path / "local")
        assert "replace=True" in str(raised.value)
    rows("more,id,moment,amount\nx,1,2024-01-01 10:00:00,1\ny,2,2024-02-01 10:00:00,2\n")
    assert snapshot.refresh(tmp_path / "local").amount.sum().value == 3


@pytest.mark.parametrize("change", ["ALTER amount TYPE numeric(10, 2)", "ALTER amount TYPE text", "RENAME amount TO total"])
def test_columns_of_postgres_that_changed_are_an_error(change, tmp_path):
    engine = next(name for name in ENGINES if name.startswith("postgres"))
    with psycopg.connect(servers.target(engine), autocommit=True) as connection:
        connection.execute("CREATE TABLE drifting (id int PRIMARY KEY, amount int)")
        try:
            connection.execute("INSERT INTO drifting VALUES (1, 1), (2, 2)")
            DataFrame.from_table(servers.target(engine), "drifting").snapshot(tmp_path / "local")
            connection.execute(f"ALTER TABLE drifting {change}")
            with pytest.raises(DataInvalid, match=r"column .amount. of .*drifting (is|was)"):
                snapshot.refresh(tmp_path / "local")
        finally:
            connection.execute("DROP TABLE drifting")


def test_a_snapshot_of_a_snapshot_is_not_refreshed_from_its_old_version(tmp_path):
    table = Table("duckdb", tmp_path, [event(1)])
    first = table.events().snapshot(tmp_path / "first [a]")
    second = first.snapshot(tmp_path / "second")
    assert content(second) == content(first)
    table.write([event(1), event(2)])
    first = table.events().snapshot(tmp_path / "first [a]")
    with pytest.raises(InvalidValue, match="came from a version of another snapshot"):
        snapshot.refresh(tmp_path / "second")
    assert content(first.snapshot(tmp_path / "second", replace=True)) == content(first)


def test_moments_without_an_end_are_an_error(tmp_path):
    engine = next(name for name in ENGINES if name.startswith("postgres"))
    frame = DataFrame.from_model(servers.target(engine), "SELECT 1 AS id, 'infinity'::timestamp AS moment")
    with pytest.raises(DataInvalid, match="column 'moment' contains a timestamp outside the years 1 to 9999"):
        frame.snapshot(tmp_path / "local")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_source_that_has_moved_is_given(suffix, tmp_path):
    def rows(name, count):
        moments = [datetime.datetime(2024, 1 + number % 3, 1) for number in range(count)]
        table = pa.table({"id": list(range(count)), "moment": moments})
        frame = DataFrame.from_arrow(connect(table), table, "id")
        (frame.to_csv if suffix == "csv" else frame.to_parquet)(tmp_path / name)

    rows(f"one.{suffix}", 6)
    DataFrame.from_table(tmp_path / f"one.{suffix}", "data", index="id").snapshot(tmp_path / "local")
    (tmp_path / f"one.{suffix}").unlink()
    rows(f"two.{suffix}", 8)
    for number in range(2):
        local = snapshot.refresh(tmp_path / "local", tmp_path / f"two.{suffix}" if number == 0 else None)
        assert local.sort_index().to_arrow().column("id").to_pylist() == list(range(8))
        assert snapshot.verify(tmp_path / "local").rows == 8


def test_a_snapshot_is_not_replaced_by_its_own_rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Table("duckdb", tmp_path, [event(1)]).events().snapshot("local")
    for replace in (False, True):
        with pytest.raises(InvalidValue, match="cannot be replaced by its own rows"):
            snapshot.open("local").snapshot(tmp_path / "local", replace=replace)
    assert snapshot.verify("local").rows == 1
