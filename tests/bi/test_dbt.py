"""Frames and analyses as dbt models: dbt builds them, their tests pass, and the tables equal the library's own results."""

from __future__ import annotations

import datetime

import duckdb
import psycopg
import pytest
from bi.dbt_project import Project

from objectiv_local import DataFrame, ModelHub, connect
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, TableNotFound
from objectiv_local.frame.dbt import escaped, quoted

#: Text that would run, end a constant or change if it reached dbt as anything but a literal.
HOSTILE = '{{ 7 * 7 }} {% endraw %} {# x #} {{{ -- \'; DROP "a" \\ \r\n %s é 😀 }} #} {'
MOMENTS = ["2024-03-01 10:00", "2024-03-01 10:05", "2024-03-02 09:00", "2024-03-04 12:00", "2024-03-09 23:59:59.5"]
EVENTS = [
    (1, "a", MOMENTS[0], "view", 1.5),
    (2, "a", MOMENTS[1], HOSTILE, None),
    (3, "b", MOMENTS[2], "view", 2.0),
    (4, "b", MOMENTS[3], "view", 0.25),
    (5, None, MOMENTS[4], "view", 9.0),
]
COLUMNS = "event_id bigint, user_id varchar, moment timestamp, event_type varchar, amount float8"
NAMED = 'a"b {{ 1 }}'
STATEMENTS = [
    "CREATE SCHEMA web",
    "CREATE SCHEMA analytics",
    f"CREATE TABLE web.clicks ({COLUMNS})",
    'CREATE TABLE "My ""T {{ x }}" (k bigint PRIMARY KEY, v varchar)',
    'INSERT INTO "My ""T {{ x }}" VALUES (1, \'x\'), (2, NULL)',
]


def results(source):
    """Return the models to write, by name, over one connection."""
    hub = ModelHub(time_zone="Europe/Amsterdam")
    events = hub.events(source, table_name="web.clicks")
    plain = DataFrame.from_table(source, "web.clicks", index="event_id")
    odd = DataFrame.from_table(source, '"My ""T {{ x }}"', index="k")
    named = odd.rename(index={"k": NAMED}, columns={"v": "{% v %}"})
    spans = plain[["moment"]].assign(since=plain.moment - plain.moment.min(), same=plain.event_type == HOSTILE, text=HOSTILE)
    return {
        "daily": hub.trend(events, breakdown="event_type"),
        "weekly": hub.trend(events, "events", by="week"),
        "retained": hub.retention(events, by="day"),
        "bought": hub.funnel(events, ["view", HOSTILE]),
        "kinds": hub.event_types(events),
        "spans": spans[["since", "same", "text"]],
        "odd": named,
        "by_user": plain.groupby("user_id").amount.count().to_frame(),
        "totals": plain.amount.sum().to_frame(),
    }


def rows(frame):
    """Return the rows in a fixed order, with durations as microseconds, as they are stored."""
    found = [
        {
            name: value // datetime.timedelta(microseconds=1) if isinstance(value, datetime.timedelta) else value
            for name, value in row.items()
        }
        for row in frame.to_arrow().to_pylist()
    ]
    return sorted(found, key=repr)


def built(project):
    """Build the models, run their tests, and return the names of the tests."""
    statuses = project.build()
    assert {each["status"] for each in statuses if each["id"].startswith("model.")} == {"success"}
    assert {each["status"] for each in statuses if each["id"].startswith("test.")} == {"pass"}
    return [each["id"].split(".")[2] for each in statuses if each["id"].startswith("test.")]


def check_rows(source, made):
    """Check that dbt's tables have the rows that the library computes."""
    for name, found in made.items():
        assert rows(DataFrame.from_table(source, f"analytics.{name}")) == rows(found), name
    assert rows(DataFrame.from_table(source, "analytics.weekly")) == [
        {"period": datetime.date(2024, 2, 26), "value": 3, "complete": False},
        {"period": datetime.date(2024, 3, 4), "value": 2, "complete": False},
    ]
    assert rows(DataFrame.from_table(source, "analytics.spans"))[1] == {
        "event_id": 2,
        "since": 300_000_000,
        "same": True,
        "text": HOSTILE,
    }


def check_read(manifest, tests):
    """Check the descriptions, types, sources and tests that dbt read."""
    models = {each["name"]: each for each in manifest["nodes"].values() if each["resource_type"] == "model"}
    assert models["spans"]["description"] == HOSTILE
    assert "Periods and days are in the time zone Europe/Amsterdam" in models["daily"]["description"]
    since = models["spans"]["columns"]["since"]
    assert (since["description"], since["data_type"].lower() in ("bigint", "int8")) == ("timedelta, microseconds", True)
    assert {'My ""T {{ x }}', "clicks"} <= {each["identifier"] for each in manifest["sources"].values()}
    # The user of an event may be missing, so only tests that hold are written.
    for name in (
        "not_null_daily_period",
        "not_null_daily_event_type",
        "unique_daily__period",
        "unique_weekly_period",
        "unique_spans_event_id",
        "unique_odd",
        "not_null_odd",
    ):
        assert any(each.startswith(name) for each in tests), name
    assert [each for each in tests if "totals" in each or "by_user" in each] == ["unique_by_user_user_id"]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("dbt") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.executemany("INSERT INTO web.clicks VALUES (?, ?, ?, ?, ?)", EVENTS)
    return path


def test_on_duckdb(database, tmp_path):
    project = Project(tmp_path / "project", {"type": "duckdb", "path": str(database), "schema": "analytics", "threads": 1})
    path = tmp_path / "{odd} 'place'" / "rows.parquet"
    path.parent.mkdir()
    duckdb.sql("SELECT 1 AS k, 'x' AS v UNION ALL SELECT 2, 'y'").write_parquet(str(path))
    with connect(database) as source:
        for number, (name, found) in enumerate(results(source).items()):
            write(found, project, name, materialized=("view", "table")[number % 2])
        DataFrame.from_parquet(path, index="k").to_dbt(project.models, "from_files")
        upon = DataFrame.from_schema({"since": "int64", "same": "bool"}, dialect="duckdb", table_name="spans")
        upon[upon.same].to_dbt(project.models, "upon", refs=["spans"])
    tests = built(project)
    with connect(database, external_access=True) as source:
        check_rows(source, results(source))
        assert rows(DataFrame.from_table(source, "analytics.from_files")) == [{"k": 1, "v": "x"}, {"k": 2, "v": "y"}]
        assert rows(DataFrame.from_table(source, "analytics.upon")) == [{"since": 300_000_000, "same": True}]
    check_read(project.manifest, tests)


def test_on_postgres(postgres_url, database, tmp_path):
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS shop_dbt")
        connection.execute("CREATE DATABASE shop_dbt")
        info = connection.info
        target = {
            "type": "postgres",
            "host": info.host,
            "port": info.port,
            "user": info.user,
            "password": info.password or "-",
            "dbname": "shop_dbt",
            "schema": "analytics",
            "threads": 1,
        }
    url = postgres_url.replace("/postgres?", "/shop_dbt?")
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)
        cursor.executemany("INSERT INTO web.clicks VALUES (%s, %s, %s, %s, %s)", EVENTS)
    project = Project(tmp_path / "project", target)
    with connect(url) as source:
        made = results(source)
        for name, found in made.items():
            write(found, project, name)
        with connect(database) as local:
            results(local)["weekly"].to_dbt(project.models, "weekly_from_duckdb", dialect="postgres", table_name="web.clicks")
        tests = built(project)
        check_rows(source, {**made, "weekly_from_duckdb": made["weekly"]})
    check_read(project.manifest, tests)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE shop_dbt WITH (FORCE)")


def write(found, project, name, **options):
    if isinstance(found, DataFrame):
        options["description"] = HOSTILE
    found.to_dbt(project.models, name, **options)


@pytest.fixture
def frame():
    connection = duckdb.connect()
    connection.execute("CREATE TABLE hits AS SELECT * FROM (VALUES ('a', 1), ('b', NULL)) AS rows (page, n)")
    return DataFrame.from_table(connection, "hits", index="page")


def test_what_is_written(frame, tmp_path):
    files = frame[frame.n > 0].to_dbt(tmp_path, "some", materialized="table", description="Pages with hits: many")
    assert [file.relative_to(tmp_path).as_posix() for file in files] == ["source_main__hits.yml", "some.yml", "some.sql"]
    source, about, sql = (file.read_text("utf-8") for file in files)
    assert (
        source
        == """\
version: 2
sources:
  - name: "main"
    schema: "main"
    tables:
      - name: "hits"
        identifier: "hits"
"""
    )
    assert (
        about
        == """\
version: 2
models:
  - name: "some"
    description: "Pages with hits: many"
    columns:
      - name: "page"
        description: "string"
        data_type: "VARCHAR"
        data_tests:
          - not_null
          - unique
      - name: "n"
        description: "int64"
        data_type: "BIGINT"
"""
    )
    assert (
        sql
        == """\
{{ config(materialized='table') }}

SELECT page, n::bigint AS n
FROM {{ source('main', 'hits') }}
WHERE n::bigint > 0
"""
    )


def test_the_model_has_no_order_and_no_row_ids(tmp_path):
    connection = duckdb.connect()
    connection.execute("CREATE TABLE hits AS SELECT 1 AS id, 'a' AS page, '{\"a\": 1}'::json AS data")
    df = DataFrame.from_table(connection, "hits", index="id").sort_values("page", ascending=False)
    df["number"] = df.groupby("page").cumcount()
    df["a"] = df["data"].json["a"]
    found = df[df.number == 0][["page", "number", "a"]]
    # The frame reads JSON late, by the row id that a table has and a view has not.
    assert "rowid" in found.view_sql()
    sql = found.to_dbt(tmp_path, "some")[-1].read_text("utf-8")
    assert "rowid" not in sql
    assert "ORDER BY page DESC" not in sql.splitlines()[-1]


def test_existing_files_are_kept(frame, tmp_path):
    (tmp_path / "source_main__hits.yml").write_text("mine", "utf-8")
    assert [file.name for file in frame.to_dbt(tmp_path, "some")] == ["some.yml", "some.sql"]
    (tmp_path / "some.sql").write_text("mine", "utf-8")
    (tmp_path / "some.yml").unlink()
    with pytest.raises(InvalidValue, match=r"some.sql' exists\nhint: pass overwrite=True"):
        frame.to_dbt(tmp_path, "some")
    assert {file.name: file.read_text("utf-8") for file in tmp_path.iterdir()} == dict.fromkeys(
        ("source_main__hits.yml", "some.sql"), "mine"
    )
    assert len(frame.to_dbt(tmp_path, "some", overwrite=True)) == 3
    assert "mine" not in "".join(file.read_text("utf-8") for file in tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a b", "a.b", "1a", "x" * 64, "a\n", "{{ a }}", "é"])
def test_names_of_models(frame, tmp_path, name):
    with pytest.raises(InvalidValue, match="cannot name a dbt model"):
        frame.to_dbt(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_sources_that_dbt_cannot_read(frame, tmp_path):
    kept = frame.materialize(materialization="temp_table")
    refused = [
        (lambda: kept.to_dbt(tmp_path, "x"), InvalidValue, "reads a temporary table"),
        (lambda: frame.to_dbt(tmp_path, "x", dialect="postgres"), InvalidValue, "schema of the table 'hits' .* is unknown"),
        (lambda: frame.to_dbt(tmp_path, "x", table_name={"hit": "a.b"}), InvalidValue, "reads no table 'hit'"),
        (lambda: frame.to_dbt(tmp_path, "x", table_name=""), InvalidValue, "table_name is empty"),
        (lambda: frame.to_dbt(tmp_path, "x", table_name={"hits": ""}), InvalidValue, "empty name for 'hits'"),
        (lambda: frame.to_dbt("", "x"), TableNotFound, "there is no directory ''"),
        (lambda: frame.to_dbt(tmp_path, "x", dialect=""), InvalidValue, "dialect"),
        (lambda: frame.to_dbt(tmp_path, "x", dialect="spark"), NotSupported, "cannot be written for spark"),
        (lambda: frame.to_dbt(tmp_path, "x", refs=["hit"]), InvalidValue, "refs: the frame reads no table 'hit'"),
        (lambda: frame.to_dbt(tmp_path, "x", materialized="incremental"), InvalidValue, "materialized is 'incremental'"),
        (lambda: frame.to_dbt(tmp_path, "x", dialect="mysql"), InvalidValue, "mysql"),
        (lambda: frame.to_dbt(tmp_path / "none", "x"), TableNotFound, "there is no directory"),
        (lambda: frame.to_dbt("a\0b", "x"), TableNotFound, "there is no directory"),
        (lambda: frame.assign(N=1).to_dbt(tmp_path, "x"), InvalidValue, "column '[nN]' would be named"),
        (lambda: frame.assign(**{"n" * 64: 1}).to_dbt(tmp_path, "x"), InvalidValue, "would be named"),
        (lambda: frame.groupby("n").to_dbt(tmp_path, "x"), InvalidValue, "needs rows"),
        (lambda: frame.to_dbt(3, "x"), InvalidType, "path of DataFrame.to_dbt"),
        (lambda: DataFrame.from_schema({"a": "int64"}, dialect="postgres").to_dbt(tmp_path, "x"), InvalidValue, "is unknown"),
    ]
    for call, error, message in refused:
        with pytest.raises(error, match=message):
            call()
    assert list(tmp_path.iterdir()) == []


def test_an_analysis_computed_in_python_is_not_a_model(tmp_path):
    hub = ModelHub()
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE clicks ({COLUMNS})")
    connection.executemany("INSERT INTO clicks VALUES (?, ?, ?, ?, ?)", EVENTS)
    events = hub.events(connection, table_name="clicks")
    found = hub.impact(events, "view", feature="event_type", least=1)
    with pytest.raises(NotSupported, match="impact cannot be a dbt model"):
        found.to_dbt(tmp_path, "x")
    with pytest.raises(NotSupported, match="impact cannot be a view"):
        found.create_view("x")


def test_labels_that_repeat_or_are_missing_are_not_tested(tmp_path):
    connection = duckdb.connect()
    connection.execute("CREATE TABLE hits AS SELECT * FROM (VALUES ('a', 1), ('a', 1), (NULL, 2)) AS rows (page, n)")
    for index in ("page", ["page", "n"]):
        frame = DataFrame.from_table(connection, "hits", index=index)
        text = frame.to_dbt(tmp_path, "some", overwrite=True)[1].read_text("utf-8")
        assert "unique" not in text
        assert text.count("not_null") == (index != "page")
    assert "not_null" not in frame.to_dbt(tmp_path, "some", overwrite=True, tests=False)[1].read_text("utf-8")


def test_a_directory_that_cannot_be_written(frame, tmp_path):
    # A directory is in the place of the file to write.
    (tmp_path / "some.yml").mkdir()
    with pytest.raises(InvalidValue, match="is a directory"):
        frame.to_dbt(tmp_path, "some", overwrite=True)
    assert not (tmp_path / "some.sql").exists()


@pytest.mark.parametrize("text", ["{{", "{%x", "{#", "{{{{", "{ {", "a\r\nb", "}}", "{{ '{' }}", HOSTILE])
def test_jinja_returns_the_text(text):
    jinja2 = pytest.importorskip("jinja2")
    assert jinja2.Environment(autoescape=False).from_string(escaped(text)).render() == text


@pytest.mark.parametrize("text", ["a: b", '"', "\\", "\n", "\x85\u2028\ufeff", "😀\U0010ffff", "\x00\x7f", "- x", " "])
def test_yaml_returns_the_text(text):
    import yaml

    assert yaml.safe_load(f"a: {quoted(text)}") == {"a": text}


def test_files_that_dbt_does_not_read_need_the_name_of_a_table(tmp_path):
    (tmp_path / "hits.csv").write_text("k,n\na,1\n")
    hits = DataFrame.from_table(tmp_path / "hits.csv", "data", index="k")
    models = tmp_path / "models"
    models.mkdir()
    with pytest.raises(InvalidValue, match=r"schema of the table 'data' .* is unknown"):
        hits.to_dbt(models, "x")
    assert list(models.iterdir()) == []
    hits.to_dbt(models, "x", table_name="web.hits")
    assert "source('web', 'hits')" in (models / "x.sql").read_text("utf-8")
