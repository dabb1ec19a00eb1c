"""Every Python block of every page of the docs runs, in order, and prints what the page shows.

The blocks of a page share their names and an empty directory with the files of `prepared.py`. A block of text right after a
Python block is what that block prints; `...` at its end leaves out the rest. `OBJECTIV_UPDATE_DOCS=1` writes what is printed
into the pages, for review. A block that is marked `no-run` shows an address that no test has.
"""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path

import pytest
import spark_server

from docs import prepared
from objectiv_local import sample
from objectiv_local.hub.analyses.base.specs import ANALYSES
from objectiv_local.hub.analyses.charts.drawing import CHARTS
from objectiv_local.hub.schemas import SCHEMAS, TABLE
from tools.docsite import schemas

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```(\w*)\n(.*?)```\n)?", re.DOTALL)
#: Pages that have a test of their own: they need another engine or a server, or are generated.
ELSEWHERE = {"bach.md", "functions.md", "hub.md", "ml-reference.md", "ml.md", "report.md", "spark.md"}
PAGES = {
    path.relative_to(DOCS).as_posix(): path
    for path in sorted(DOCS.rglob("*.md"))
    if path.relative_to(DOCS).as_posix() not in ELSEWHERE and "```python\n" in path.read_text("utf-8")
}
#: Calls that need a server that no test has; tests/hub/test_metabase.py has one for cards.
NOT_RUN = ("to_metabase",)


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """Return a directory with the files that the pages name, the current one."""
    prepared.files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(name: str, capsys, directory: Path) -> tuple[dict[str, object], str]:
    """Run the blocks of a page, and return their names and all that they print."""
    path = PAGES[name]
    page, names, printed = path.read_text("utf-8"), {"__name__": "docs"}, []

    def block(found):
        code, language, shown = found.groups()
        if any(each in code for each in NOT_RUN):
            return found[0]
        exec(compile(_here(code), name, "exec"), names)
        out = capsys.readouterr().out.replace(f"{directory}/", "").replace(f"{sample.path().parent}/", "")
        printed.append(out)
        if shown is None or language not in ("", "sql"):
            return found[0]
        return f"```python\n{code}```\n\n```{language}\n{_as_shown(out, shown)}```\n"

    result = BLOCK.sub(block, page)
    if os.environ.get("OBJECTIV_UPDATE_DOCS"):
        path.write_text(result, "utf-8")
        page = result
    assert result == page
    return names, "".join(printed)


def _here(code: str) -> str:
    """Return a program with the address of the docs replaced."""
    return code.replace(prepared.ADDRESS, prepared.postgres()) if prepared.ADDRESS in code else code


def _as_shown(printed: str, shown: str) -> str:
    """Return what is printed, as far as the page shows it."""
    start, dots, rest = shown.rpartition("...\n")
    return shown if dots and not rest and printed.startswith(start) else printed


@pytest.mark.parametrize("name", PAGES)
def test_the_programs_of_a_page_run(name, capsys, directory):
    names, printed = run(name, capsys, directory)
    CHECKS.get(name, lambda *_: None)(names, printed, directory)


def _bi(names, _printed, directory):
    assert {path.name for path in (directory / "models").iterdir()} == {
        "source_web__clicks.yml",
        "weekly_users.yml",
        "weekly_users.sql",
        "funnel.yml",
        "funnel.sql",
    }
    [shown] = re.findall(r"```sql\n(\{\{ config.*?)\.\.\.\n```", PAGES["bi.md"].read_text("utf-8"), re.DOTALL)
    assert (directory / "models" / "weekly_users.sql").read_text("utf-8").startswith(shown)
    assert "FROM {{ source('web', 'clicks') }}" in (directory / "models" / "funnel.sql").read_text("utf-8")
    assert names["source"].table("analytics.weekly").columns[0] == ("period", "DATE")
    names["source"].close()


def _charts(names, _printed, directory):
    assert (directory / "visitors.html").read_text("utf-8").count("vegaEmbed") > 0
    assert (directory / "visitors.png").read_bytes().startswith(b"\x89PNG")
    assert names["html"].startswith("<figure><svg")


def _matomo(names, _printed, _directory):
    rows = names["visits"][["moment", "event_type", "session_id", "session_hit_number"]].sort_values("moment").to_arrow()
    assert [tuple(row.values())[1:] for row in rows.to_pylist()] == [
        (datetime.datetime(2024, 3, 1, 10), "action", 7, 1),
        (datetime.datetime(2024, 3, 1, 10, 1), "search", 7, 2),
    ]


def _schema(names, _printed, _directory):
    assert names["events"][["user_id", "location", "country", "session_hit_number"]].to_arrow().to_pylist() == [
        {"event_id": 1, "user_id": "a", "location": "/cart", "country": "NL", "session_hit_number": 1}
    ]


def _snapshots(names, printed, _directory):
    assert printed.startswith("True\nsnapshot events: ")
    assert printed.endswith("True\n")
    assert len(names["orders"]) == len(names["events"])


#: What else holds after the programs of a page ran.
CHECKS = {"bi.md": _bi, "charts.md": _charts, "data/files.md": _matomo, "events.md": _schema, "snapshots.md": _snapshots}


def test_every_page_with_programs_is_run_somewhere():
    assert set(CHECKS) <= set(PAGES)
    assert all((DOCS / name).exists() for name in ELSEWHERE)


def test_spark_runs_the_program_of_its_page(tmp_path, capsys):
    import pyarrow as pa
    import pyarrow.parquet as pq

    moments = pa.array([datetime.datetime(2024, 3, day, 9) for day in (1, 1, 2)], pa.timestamp("us"))
    clicks = {"user_id": ["ann", "bob", "ann"], "moment": moments, "event_type": ["view"] * 3}
    pq.write_table(pa.table(clicks), tmp_path / "a.parquet")
    program = "\n".join(re.findall(r"```python\n(.*?)```", (DOCS / "spark.md").read_text("utf-8"), re.DOTALL))
    program = program.replace("sc://spark.example.com:15002", spark_server.session_url())
    exec(program.replace("/data/clicks", str(tmp_path)), {})
    shown = capsys.readouterr().out
    assert re.search(r"2024-03-01\s+2\s+2\s+2", shown), shown
    assert re.search(r"2024-03-02\s+1\s+2\s+2", shown), shown


def test_pages_name_every_analysis_chart_and_schema():
    page = (DOCS / "analyses.md").read_text("utf-8")
    assert [name for name in ANALYSES if f"hub.{name}(" not in page] == []
    page = (DOCS / "charts.md").read_text("utf-8")
    for analysis, kinds in CHARTS.items():
        assert f"`{analysis}`" in page or f"{analysis}()`" in page
        assert [kind for kind in list(kinds)[1:] if f"plot('{kind}')" not in page] == []
    page = (DOCS / "events.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [*dict.fromkeys(each.name for each in SCHEMAS), TABLE]


@pytest.mark.parametrize("name", sorted(path.name for path in (DOCS / "data").glob("*.md")))
def test_the_columns_of_a_page_are_those_of_its_schema(name):
    path = DOCS / "data" / name
    page = path.read_text("utf-8")
    expected = schemas.updated(page)
    if os.environ.get("OBJECTIV_UPDATE_DOCS"):
        path.write_text(expected, "utf-8")
        page = expected
    assert page == expected


def test_every_schema_has_a_page():
    pages = "".join(path.read_text("utf-8") for path in (DOCS / "data").glob("*.md"))
    assert set(re.findall(r"<!-- columns: (\w+) -->", pages)) == {each.name for each in SCHEMAS}
