"""The programs of docs/bi.md run, and write what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
from hub.events import stream

PAGE = (Path(__file__).parents[2] / "docs" / "bi.md").read_text("utf-8")


def test_the_programs_of_the_guide_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stream.as_csv(stream.stream(), tmp_path / "clicks.csv")
    (tmp_path / "models").mkdir()
    with duckdb.connect("shop.duckdb") as connection:
        for statement in ("CREATE SCHEMA web", "CREATE SCHEMA analytics", "CREATE TABLE web.clicks AS FROM 'clicks.csv'"):
            connection.execute(statement)
    names: dict[str, object] = {}
    # tests/hub/test_metabase.py has a server for cards.
    blocks = [block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "to_metabase" not in block]
    assert len(blocks) == 3
    for block in blocks:
        exec(block, names)
    assert {path.name for path in Path("models").iterdir()} == {
        "source_web__clicks.yml",
        "weekly_users.yml",
        "weekly_users.sql",
        "funnel.yml",
        "funnel.sql",
    }
    [shown] = re.findall(r"```sql\n(.*?)\.\.\.\n```", PAGE, re.DOTALL)
    assert Path("models/weekly_users.sql").read_text("utf-8").startswith(shown)
    assert "FROM {{ source('web', 'clicks') }}" in Path("models/funnel.sql").read_text("utf-8")
    assert names["source"].table("analytics.weekly").columns[0] == ("period", "DATE")
    names["source"].close()
