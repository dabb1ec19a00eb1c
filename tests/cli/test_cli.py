"""The command line: printed output, written files, and exit codes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hub.events import stream

from objectiv_local import ModelHub, sample, snapshot
from objectiv_local.cli.analyses import parameters_of, value_of
from objectiv_local.cli.describing import description_of, known
from objectiv_local.cli.main import code
from objectiv_local.errors import InvalidValue
from objectiv_local.hub.analyses.base.specs import ANALYSES

HUB = ModelHub()
ROOT = Path(__file__).parents[2]


@pytest.fixture
def clicks(tmp_path, monkeypatch):
    """Return the name of a file of clicks in the working directory."""
    monkeypatch.chdir(tmp_path)
    stream.as_csv(stream.stream(), tmp_path / "clicks.csv")
    return "clicks.csv"


@pytest.fixture
def asked(capsys):
    """Return a function that runs a command and returns its exit code, its output and its messages."""

    def ask(*arguments):
        result = code([str(each) for each in arguments])
        shown = capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        return result, shown.out, shown.err

    return ask


def test_inspect(asked, clicks):
    result, out, err = asked("inspect", clicks)
    assert (result, err) == (0, "")
    events = HUB.events(clicks)
    assert f"events: {len(events):,}\n" in out
    assert f"users: {events.user_id.nunique().value}\n" in out
    assert "user_id from uid (guessed)" in out
    result, out, _ = asked("inspect", clicks, "--json")
    found = json.loads(out)
    assert result == 0
    assert (found["events"], found["columns"]["user_id"]) == (len(events), "string")
    assert sum(found["event_types"].values()) == len(events)


def test_inspect_a_source_without_events(asked, tmp_path):
    (tmp_path / "prices.csv").write_text("item,price\nbread,2\n")
    result, out, _ = asked("inspect", tmp_path / "prices.csv")
    assert result == 0
    assert "not events: " in out
    assert "price  BIGINT" in out


def test_inspect_several_tables(asked, postgres_url):
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in ("cli_one", "cli_two"):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
            connection.execute(f"CREATE TABLE {name} (uid text, ts timestamp, action text)")
            connection.execute(f"INSERT INTO {name} VALUES ('a', '2024-03-01', 'view'), ('b', '2024-03-02', 'buy')")
    result, out, _ = asked("inspect", postgres_url)
    assert (result, "choose one with --table NAME" in out) == (0, True)
    result, out, _ = asked("inspect", postgres_url, "--table", "cli_two")
    assert (result, "users: 2\n" in out) == (0, True)


def test_run_prints_the_rows_of_an_analysis(asked, clicks):
    events = HUB.events(clicks)
    expected = HUB.trend(events, by="week", where="view").to_pandas()
    result, out, _ = asked("run", "trend", clicks, "--by", "week", "--where", "view")
    assert result == 0
    assert out.rstrip("\n") == expected.to_string(line_width=200, na_rep="")

    result, out, _ = asked("run", "trend", clicks, "--by", "week", "--where", "=event_type == 'view'", "--json")
    found = json.loads(out)
    assert [row["value"] for row in found["rows"]] == expected["value"].to_list()
    assert HUB.from_spec(found["spec"], events).to_pandas()["value"].to_list() == expected["value"].to_list()

    result, out, _ = asked("run", "trend", clicks, "--by", "week", "--where", "view", "--csv")
    assert [int(row["value"]) for row in csv.DictReader(out.splitlines())] == expected["value"].to_list()

    result, out, err = asked("run", "trend", clicks, "--by", "day", "-n", "2")
    assert len(out.splitlines()) == 4
    assert "more rows" in err


def test_run_a_funnel(asked, clicks):
    result, out, _ = asked("run", "funnel", clicks, "--steps", "view,click,buy", "--window", "2h", "--json", "--definition")
    found = json.loads(out)
    import datetime

    expected = HUB.funnel(HUB.events(clicks), ["view", "click", "buy"], datetime.timedelta(hours=2))
    assert result == 0
    assert [row["users"] for row in found["rows"]] == expected.to_pandas()["users"].to_list()
    assert found["definition"] == expected.definition


def test_every_analysis_has_a_command_with_all_of_its_arguments(asked):
    _, out, _ = asked("run", "list", "--json")
    assert set(json.loads(out)) == set(ANALYSES)
    _, out, _ = asked("run", "list")
    assert len(out.splitlines()) == len(ANALYSES)
    for name, arguments in json.loads(asked("run", "list", "--json")[1]).items():
        for command in ("run", "sql"):
            result, out, _ = asked(command, name.replace("_", "-"), "--help")
            assert result == 0
            assert [each for each in arguments if f"-{each.replace('_', '-')}" not in out] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["active-users"],
        ["stickiness"],
        ["lifecycle"],
        ["retention", "--by", "week"],
        ["sessions"],
        ["event-types"],
        ["paths"],
        ["properties", "--columns", "event_type,location"],
        ["cohort", "--rules", "buy"],
        ["rfm", "--value", "session_hit_number"],
        ["attribution", "--conversion", "buy", "--touch", "utm_source"],
        ["drivers", "--from-step", "view", "--to-step", "buy"],
        ["impact", "--conversion", "buy"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_run_other_analyses(asked, clicks, arguments):
    name, *options = arguments
    result, out, err = asked("run", name, clicks, *options, "--json")
    assert (result, err) == (0, "")
    assert json.loads(out)["rows"]


def test_run_a_file(asked, clicks, tmp_path):
    events = HUB.events(clicks)
    analysis = HUB.trend(events, by="month")
    Path("trend.json").write_text(json.dumps(analysis.spec()))
    Path("metrics.yml").write_text("buyers: {analysis: trend, arguments: {by: month, where: buy}}\n")
    result, out, _ = asked("run", "spec", "trend.json", clicks, "--json")
    assert [row["value"] for row in json.loads(out)["rows"]] == analysis.to_pandas()["value"].to_list()
    result, out, _ = asked("run", "spec", "metrics.yml", clicks, "--metric", "buyers", "--json")
    assert [row["value"] for row in json.loads(out)["rows"]] == HUB.trend(events, by="month", where="buy").to_pandas()[
        "value"
    ].to_list()
    result, _, err = asked("run", "spec", "metrics.yml", clicks)
    assert (result, "has several metrics: buyers" in err) == (2, True)
    result, out, _ = asked("sql", "spec", "trend.json", clicks)
    assert out.rstrip("\n") == analysis.view_sql()


def test_sql_prints_the_query_of_the_analysis(asked, clicks):
    analysis = HUB.trend(HUB.events(clicks), by="week")
    for dialect in (None, "postgres"):
        _, out, _ = asked("sql", "trend", clicks, "--by", "week", *(["--dialect", dialect] if dialect else []))
        assert out.rstrip("\n") == analysis.view_sql(dialect=dialect)


def test_results_are_written_to_files(asked, clicks):
    assert asked("run", "trend", clicks, "-o", "trend.parquet")[0] == 0
    assert pq.read_table("trend.parquet").num_rows == len(HUB.trend(HUB.events(clicks)).to_pandas())
    result, _, err = asked("run", "trend", clicks, "-o", "trend.parquet")
    assert (result, "exists" in err, "--overwrite" in err) == (2, True, True)
    assert asked("run", "trend", clicks, "-o", "trend.parquet", "--overwrite")[0] == 0
    assert asked("run", "trend", clicks, "-o", "trend.xls")[0] == 2
    assert asked("run", "trend", clicks, "-o", "nowhere/trend.csv")[0] == 2
    assert not Path("trend.xls").exists()


def test_snapshots(asked, clicks):
    result, out, _ = asked("snapshot", clicks, "local")
    assert result == 0
    assert out.startswith("snapshot local: ")
    assert asked("refresh", "local")[0] == 0
    assert asked("verify", "local")[0] == 0
    found = json.loads(asked("info", "local", "--json")[1])
    assert found["rows"] == len(HUB.events(clicks)) == snapshot.info("local").rows
    result, out, _ = asked("run", "trend", "local", "--by", "week", "--csv")
    assert out == asked("run", "trend", clicks, "--by", "week", "--csv")[1]
    file = next(Path("local").rglob("rows.parquet"))
    file.write_bytes(file.read_bytes()[:-1])
    result, _, err = asked("verify", "local")
    assert (result, "was changed" in err) == (1, True)


def test_quality_fails_when_checks_fail(asked, tmp_path):
    rows = ["id,uid,ts,action", "1,a,2024-03-01T10:00:00,view", "1,a,2024-03-01T10:01:00,view"]
    (tmp_path / "twice.csv").write_text("\n".join(rows) + "\n")
    result, out, err = asked("quality", tmp_path / "twice.csv", "--event-id", "id")
    assert (result, "failed: repeated_event_id" in err) == (1, True)
    assert asked("quality", tmp_path / "twice.csv", "--event-id", "id", "--fail-on", "never")[0] == 0
    (tmp_path / "once.csv").write_text("\n".join(rows[:2]) + "\n")
    result, out, err = asked("quality", tmp_path / "once.csv", "--event-id", "id", "--json")
    assert (result, err) == (0, "")
    assert {row["check"]: row["failed"] for row in json.loads(out)["rows"]}["repeated_event_id"] == 0


def test_sample(asked, tmp_path):
    path = tmp_path / "events.parquet"
    assert asked("sample", path, "--events", 500, "--days", 3)[0] == 0
    assert pq.read_metadata(path).num_rows == 500
    assert asked("sample", path)[0] == 2
    assert asked("sample", tmp_path / "events.csv")[0] == 2
    assert asked("sample", tmp_path / "nowhere" / "events.parquet")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "trend", "nothing.parquet"], "there is no file"),
        (["run", "trend", "clicks.csv", "--by", "fortnight"], "--by is not a period"),
        (["run", "trend", "clicks.csv", "--where", "=nothing > 1"], "nothing"),
        (["run", "trend", "clicks.csv", "--where", "[1"], "--where is not valid JSON"),
        (["run", "funnel", "clicks.csv"], "Missing option '--steps'"),
        (["run", "funnel", "clicks.csv", "--steps", "view,buy", "--window", "soon"], "--window has to be a duration"),
        (["run", "trend", "clicks.csv", "--top", "many"], "--top has to be a number"),
        (["run", "trends", "clicks.csv"], "No such command"),
        (
            ["run", "trend", "clicks.csv", "--start", "soon"],
            "--start is not a day or a moment: 'soon'\nhint: for instance --start",
        ),
        (
            ["run", "trend", "clicks.csv", "--from", "soon"],
            "--from is not a day or a moment: 'soon'\nhint: for instance --from",
        ),
        (
            ["run", "trend", "clicks.csv", "--top", "0"],
            "--top is 0, and has to be from 1 to 10,000\nhint: for instance --top 10",
        ),
        (["run", "paths", "clicks.csv", "--end-date", "soon"], "--end-date is not a day"),
        (["sql", "retention", "clicks.csv", "--start-date", "soon"], "--start-date is not a day"),
        (
            ["run", "funnel", "clicks.csv", "--steps", "view,buy", "--order", "any way"],
            "--order has to be one of ordered, strict, any",
        ),
        (["run", "trend", "clicks.csv", "--identity", "last_known"], "--user-id device_id,user_id"),
        (["run", "trend"], "Missing argument 'SOURCE'"),
        (["run", "trend", "clicks.csv", "--user-id", "nobody"], "nobody"),
        (["run", "trend", "clicks.csv", "--time-zone", "Mars"], "Mars"),
        (["run", "spec", "nothing.json", "clicks.csv"], "cannot be read"),
        (["inspect", ""], "is empty"),
        (["verify", "."], "is not a snapshot"),
        (["refresh", "nothing"], "is not a snapshot"),
        (["snapshot", "clicks.csv", "."], "contains other files"),
        (["snapshot", "clicks.csv", "local", "--check", "all"], "is not one of"),
        (["run", "trend", "clicks.csv", "-o", "nowhere/rows.csv"], "there is no directory"),
        (["run", "trend", "clicks.csv", "-o", "clicks.csv/rows.csv"], "clicks.csv"),
        (["run", "trend", "clicks.csv", "-o", "/proc/rows.csv"], "cannot be written"),
        (["run", "trend", "clicks.csv", "-o", "clicks.csv"], "exists"),
        (["run", "trend", "clicks.csv", "-o", "rows.docx"], "no known file extension"),
        (["sample", "/proc/events.parquet"], "cannot be written"),
        (["sample", "nowhere/events.parquet"], "does not exist"),
        (["snapshot", "clicks.csv", "/proc/events"], "cannot be written"),
        (["snapshot", "clicks.csv", "clicks.csv"], "is a file"),
        (["snapshot", "clicks.csv", "clicks.csv/events"], "cannot be written"),
        (["quality", "nothing.csv"], "there is no file"),
        (["sql", "trend", "nothing.csv"], "there is no file"),
        (["info", "nothing"], "is not a snapshot"),
        (["mcp", "nothing.csv"], "there is no file"),
        *(
            ([*command, "postgresql://me:hunter2@localhost:1/events", *rest], "cannot connect to database 'events'")
            for command, rest in (
                (["run", "trend"], []),
                (["sql", "funnel"], ["--steps", "a,b"]),
                (["quality"], []),
                (["mcp"], []),
                (["snapshot"], ["local"]),
            )
        ),
        (["inspect", "postgresql://me:hunter2@localhost:1/events"], "cannot connect to database 'events'"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_invalid_input_to_commands(asked, clicks, arguments, message):
    result, out, err = asked(*arguments)
    assert result == 2
    assert message in err
    assert out == ""
    assert "hunter2" not in err


@pytest.mark.parametrize(
    ("text", "annotation", "expected"),
    [
        ("14d", "datetime.timedelta", {"days": 14}),
        ("90m", "datetime.timedelta | None", {"minutes": 90}),
        ("1.5h", "datetime.timedelta", {"hours": 1.5}),
        ("2 days", "datetime.timedelta", {"days": 2}),
        ("3", "int", 3),
        ("0.5", "float", 0.5),
        ("3", "str", "3"),
        ("a,b", "object", ["a", "b"]),
        ("=x > 1", "object", {"query": "x > 1"}),
        ('{"query": "x"}', "object", {"query": "x"}),
        ('["a", "b,c"]', "object", ["a", "b,c"]),
        ('"a,b"', "object", "a,b"),
    ],
)
def test_values(text, annotation, expected):
    assert value_of("some", text, annotation) == expected


@pytest.mark.parametrize(("text", "annotation"), [("x", "int"), ("[", "object"), ("week", "datetime.timedelta")])
def test_invalid_values(text, annotation):
    with pytest.raises(InvalidValue):
        value_of("some", text, annotation)


def test_every_option_of_an_analysis_is_described(asked):
    assert known().keys() <= ANALYSES.keys()
    for name in ANALYSES:
        arguments = {each.name for each in parameters_of(name)}
        assert known().get(name, set()) <= arguments, name
        assert [each for each in arguments if not description_of(name, each)] == []
    _, out, _ = asked("run", "sessions", "--help")
    shown = " ".join(out.split())
    assert "The duration from which a session counts as engaged. [default: 10s]" in shown
    assert "--gap DURATION The inactivity after which a session ends; 30 minutes by default." in shown
    _, out, _ = asked("run", "attribution", "--help")
    assert "[default: direct,(direct)]" in " ".join(out.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    def completed(words, last):
        environment = {
            "_OBJECTIV_LOCAL_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": f"{words} {last}",
            "PATH": "",
            "COMP_CWORD": last if shell == "fish" else str(len(words.split())),
        }
        return subprocess.run(
            [sys.executable, "-m", "objectiv_local"],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        ).stdout

    analyses = completed("objectiv-local run", "tre")
    assert "trend" in analyses
    assert "funnel" not in analyses
    # The shell completes the files itself.
    for words in ("objectiv-local inspect", "objectiv-local run trend", "objectiv-local sql trend"):
        assert completed(words, "clicks").split("\n")[0].split(",")[0] == "file"


def test_an_internal_error_prints_no_traceback(asked, monkeypatch):
    monkeypatch.setattr("objectiv_local.cli.data.connect", lambda source: 1 / 0)
    result, _, err = asked("inspect", "x")
    assert (result, "ZeroDivisionError" in err, "bug in objectiv_local" in err) == (70, True, True)
    with pytest.raises(ZeroDivisionError):
        code(["--traceback", "inspect", "x"])


def test_the_command_itself(tmp_path):
    def command(*arguments, **options):
        return subprocess.run(
            [sys.executable, "-m", "objectiv_local", *arguments], capture_output=True, text=True, check=False, **options
        )

    done = command("run", "trend", str(sample.path()), "--by", "month", "--csv")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5
    assert command("--version").stdout == "objectiv-local, version 0.1.0\n"
    failed = command("run", "trend", "nothing.parquet", cwd=tmp_path)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith("error: there is no file 'nothing.parquet'\nhint: ")


@pytest.mark.parametrize("output", [[], ["--json"], ["--csv"], ["-o", "found.parquet"]])
def test_event_types_that_never_occur_are_reported(asked, clicks, output):
    result, _, err = asked("run", "trend", clicks, "--where", "biuy", *output)
    assert result == 0
    assert "biuy" in err


def test_inspect_with_unknown_columns(asked, clicks):
    result, out, err = asked("inspect", clicks, "--user-id", "visitor")
    assert (result, out) == (2, "")
    assert "visitor" in err
