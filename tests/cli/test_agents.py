"""The command ``mcp``, called by the client of the protocol's own SDK."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import servers
from hub.events import stream
from mcp import Client, StdioServerParameters
from mcp.server.mcpserver.exceptions import ToolError

from objectiv_local import ModelHub
from objectiv_local.cli.serving import _Served, _with_errors, served
from objectiv_local.errors import NotSupported
from objectiv_local.hub.analyses.base.specs import ANALYSES

ROOT = Path(__file__).parents[2]

CSV = """\
event_id,user_id,event_type,moment,amount
1,a,view,2024-01-01 10:00:00,
2,a,buy,2024-01-01 11:00:00,150
3,b,view,2024-01-02 10:00:00,
4,b,view,2024-01-09 10:00:00,
5,c,buy,2024-01-09 12:00:00,20
"""


def ask(arguments: list[str], *calls: tuple[str, dict[str, Any]]) -> tuple[dict[str, Any], list[Any]]:
    """Return the tools of a server by name, and its answer: a value, or an error message as a str."""

    async def session() -> tuple[dict[str, Any], list[Any]]:
        server = StdioServerParameters(command=sys.executable, args=["-m", "objectiv_local", "mcp", *arguments], cwd=ROOT)
        async with Client(server, read_timeout_seconds=60) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            answers = []
            for name, given in calls:
                found = await client.call_tool(name, given)
                text = found.content[0].text
                assert "Traceback" not in text
                answers.append(text if found.is_error else json.loads(text) if text[:1] in "{[" else text)
            return {"tools": tools, "instructions": client.instructions}, answers

    return asyncio.run(session())


@pytest.fixture
def clicks(tmp_path: Path) -> str:
    (tmp_path / "clicks.csv").write_text(CSV)
    return str(tmp_path / "clicks.csv")


def spec(analysis: str, **arguments: Any) -> dict[str, Any]:
    return {"spec": {"analysis": analysis, "arguments": arguments}}


def test_what_is_in_the_data_and_its_analyses(clicks: str) -> None:
    about, (contents, listed, described, daily, limited, buyers, sql, on_postgres, checks) = ask(
        [clicks],
        ("inspect", {}),
        ("list_analyses", {}),
        ("describe_analysis", {"name": "retention"}),
        ("run_analysis", spec("trend", by="day")),
        ("run_analysis", {**spec("trend", by="day"), "rows": 2, "definition": False}),
        ("run_analysis", spec("trend", by="month", where={"query": "amount > 100"})),
        ("analysis_sql", spec("trend", by="day")),
        ("analysis_sql", {**spec("trend", by="day"), "dialect": "postgres"}),
        ("check_quality", {}),
    )
    assert list(about["tools"]) == [
        "inspect",
        "list_analyses",
        "describe_analysis",
        "run_analysis",
        "analysis_sql",
        "check_quality",
    ]
    assert all(tool.annotations.read_only_hint for tool in about["tools"].values())
    assert "DuckDB over clicks.csv" in about["instructions"]

    assert (contents["events"], contents["users"]) == (5, 3)
    assert contents["event_types"] == {"view": 3, "buy": 2}
    assert contents["moments"] == {"first": "2024-01-01 10:00:00", "last": "2024-01-09 12:00:00"}
    assert contents["columns"]["amount"] == "int64"

    assert sorted(listed) == sorted(ANALYSES)
    steps = next(each for each in listed["funnel"]["arguments"] if each["name"] == "steps")
    assert steps["required"] is True
    assert described.startswith("Return ")

    assert daily["index"] == ["period"]
    assert {row["period"]: row["value"] for row in daily["rows"] if row["value"]} == {
        "2024-01-01": 1,
        "2024-01-02": 1,
        "2024-01-09": 2,
    }
    assert len(daily["rows"]) == 9
    assert daily["more_rows"] is False
    assert any("5 of 5 events are in the range" in line for line in daily["definition"])
    assert [row["period"] for row in limited["rows"]] == ["2024-01-01", "2024-01-02"]
    assert limited["more_rows"] is True
    assert "definition" not in limited
    assert [row["value"] for row in buyers["rows"]] == [1]
    assert sql == ModelHub().trend(ModelHub().events(clicks), by="day").view_sql()
    assert "FROM data" in on_postgres
    assert {row["check"] for row in checks["rows"]}


def test_errors_have_hints(clicks: str) -> None:
    _, answers = ask(
        [clicks],
        ("run_analysis", spec("trendy")),
        ("run_analysis", spec("trend", bye="day")),
        ("run_analysis", spec("trend", by="fortnight")),
        ("run_analysis", {"spec": {}}),
        ("run_analysis", {}),
        ("run_analysis", {**spec("trend"), "rows": 0}),
        ("describe_analysis", {"name": "tren"}),
        ("run_analysis", spec("trend", where={"query": "amont > 1"})),
        ("query", {"sql": "SELECT 1"}),
        ("analysis_sql", {**spec("trend"), "dialect": "oracle"}),
    )
    expected = [
        "unknown analysis 'trendy'\nhint: did you mean 'trend'",
        "'bye', which trend does not take",
        "fortnight",
        "needs a string 'analysis'",
        "Field required",
        "greater than or equal to 1",
        "unknown analysis 'tren'",
        "amont",
        "query",
        "oracle",
    ]
    for answer, part in zip(answers, expected, strict=True):
        assert isinstance(answer, str)
        assert part in answer


def test_a_table_without_events(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("item,price\nbread,2\n")
    _, (contents, trend) = ask([str(tmp_path / "prices.csv")], ("inspect", {}), ("run_analysis", spec("trend")))
    assert "not_events" in contents
    assert "hint:" in trend


def test_answers_are_limited_in_rows_and_time(clicks: str) -> None:
    endless = "SELECT count(*) AS n FROM range(1000000) AS a, range(1000000) AS b WHERE a.range * b.range % 7 = 9"
    _, (many, late, after) = ask(
        [clicks, "--allow-sql", "--rows", "3", "--seconds", "1"],
        ("query", {"sql": "SELECT range AS n FROM range(100) ORDER BY n", "rows": 50}),
        ("query", {"sql": endless}),
        ("query", {"sql": "SELECT 42 AS n"}),
    )
    assert ([row["n"] for row in many["rows"]], many["more_rows"]) == ([0, 1, 2], True)
    assert "the query was canceled: stopped after 1 s" in late
    assert after["rows"] == [{"n": 42}]


def test_concurrent_calls_run_one_at_a_time(clicks: str) -> None:
    async def session() -> list[Any]:
        server = StdioServerParameters(command=sys.executable, args=["-m", "objectiv_local", "mcp", clicks], cwd=ROOT)
        async with Client(server, read_timeout_seconds=60) as client:
            asked = [client.call_tool("run_analysis", spec("trend", by="month", where=kind)) for kind in ("view", "buy") * 4]
            return [json.loads(found.content[0].text) for found in await asyncio.gather(*asked)]

    assert [[row["value"] for row in answer["rows"]] for answer in asyncio.run(session())] == [[2], [2]] * 4


def test_reports_are_new_files_of_one_directory(clicks: str, tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    about, (made, again, outside, bad) = ask(
        [clicks, "--reports", str(tmp_path / "reports")],
        ("write_report", {"name": "march.html", "steps": ["view", {"query": "amount > 100"}]}),
        ("write_report", {"name": "march.html"}),
        ("write_report", {"name": "../out.html"}),
        ("write_report", {"name": "other.html", "by": "fortnight"}),
    )
    assert made["written"] == str((tmp_path / "reports" / "march.html").resolve())
    page = (tmp_path / "reports" / "march.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert made["bytes"] == len(page.encode())
    assert "already" in again
    assert "not the name of an HTML file" in outside
    assert "fortnight" in bad
    assert sorted(each.name for each in tmp_path.rglob("*.html")) == ["march.html"]
    assert about["tools"]["write_report"].annotations.read_only_hint is False
    assert "write_report" not in ask([clicks])[0]["tools"]


def test_sql_is_one_select_that_reads_the_source_alone(clicks: str, tmp_path: Path) -> None:
    about, answers = ask(
        [clicks, "--allow-sql"],
        ("query", {"sql": "SELECT sum(amount)::bigint AS total FROM data"}),
        *(
            ("query", {"sql": sql})
            for sql in (
                "DROP TABLE data",
                "SELECT 1; SELECT 2",
                "SELECT 1; DROP TABLE data",
                "",
                f"COPY data TO '{tmp_path}/copy.csv'",
                "SELECT * FROM read_text('/etc/hostname')",
                f"ATTACH '{tmp_path}/new.db'",
                "SELECT * FROM nowhere",
                "SELEC 1",
            )
        ),
    )
    assert "query" in about["tools"]
    assert answers[0]["rows"] == [{"total": 170}]
    assert all(isinstance(answer, str) for answer in answers[1:])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clicks.csv"]


def test_a_duckdb_database_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE clicks AS SELECT 1 AS event_id")
    _, answers = ask(
        [str(path), "--allow-sql"],
        ("query", {"sql": "DELETE FROM clicks"}),
        ("query", {"sql": "WITH gone AS (DELETE FROM clicks RETURNING *) SELECT * FROM gone"}),
        ("query", {"sql": "SELECT count(*)::bigint AS n FROM clicks"}),
    )
    assert all(isinstance(answer, str) for answer in answers[:2])
    assert answers[2]["rows"] == [{"n": 1}]


def test_postgres_is_read_and_its_password_is_not_shown() -> None:
    address = str(servers.target("postgres"))
    _, answers = ask(
        [address, "--allow-sql", "--seconds", "2"],
        ("query", {"sql": "SELECT 1::bigint AS n"}),
        ("query", {"sql": "CREATE TABLE not_there (n int)"}),
        ("query", {"sql": "SELECT 1; SELECT 2"}),
        ("query", {"sql": "SELECT pg_sleep(60)::text AS s"}),
        ("query", {"sql": "SELECT set_config('default_transaction_read_only', 'off', false) AS s"}),
        ("query", {"sql": "SELECT current_setting('transaction_read_only') AS s"}),
        ("inspect", {}),
    )
    assert answers[0]["rows"] == [{"n": 1}]
    assert all(isinstance(answer, str) for answer in answers[1:4])
    assert "the query was canceled: stopped after 2 s" in answers[3]
    assert answers[5]["rows"] == [{"s": "on"}]
    assert "tables" in answers[6]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv"], "there is no file"),
        (["postgresql://me:hunter2@127.0.0.1:1/shop"], "cannot connect"),
        (["https://me:hunter2@127.0.0.1:1/a.parquet"], "error: "),
        ([], "Missing argument 'SOURCE'"),
        (["x.csv", "--rows", "0"], "--rows"),
    ],
)
def test_a_server_that_cannot_start_says_why(arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "objectiv_local", "mcp", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_an_internal_error_shows_no_secrets() -> None:
    def broken() -> str:
        raise KeyError("in postgresql://me:hunter2@db.example.com/shop")

    with pytest.raises(ToolError, match=r"KeyError: (.|\n)*This is a bug in objectiv_local") as found:
        _with_errors(broken, _Served("postgresql://me:hunter2@db.example.com/shop", {}, 10, 1.0))()
    assert "hunter2" not in str(found.value)


def test_sql_is_not_offered_where_it_could_read_other_files() -> None:
    with pytest.raises(NotSupported, match="--allow-sql is not possible for DuckDB connection"):
        served(duckdb.connect(), {}, rows=10, seconds=1, allow_sql=True)  # type: ignore[arg-type]
    served(duckdb.connect(), {}, rows=10, seconds=1, allow_sql=False)  # type: ignore[arg-type]


def test_the_command_names_the_missing_package(clicks: str) -> None:
    code = (
        f"import sys; sys.modules['mcp'] = None; from objectiv_local.cli.main import code; sys.exit(code(['mcp', {clicks!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "pip install 'objectiv-local[mcp]'" in done.stderr


def test_odd_names_are_valid_json(tmp_path: Path) -> None:
    stream.as_csv(stream.stream(), tmp_path / "odd.csv")
    hub = ModelHub(time_aggregation="%Y-%m-%d")
    events = hub.events(str(tmp_path / "odd.csv"))
    _, (types,) = ask([str(tmp_path / "odd.csv")], ("run_analysis", {**spec("event_types"), "rows": 1000}))
    assert {row["event_type"]: row["events"] for row in types["rows"]} == dict(hub.event_types(events).to_pandas()["events"])
