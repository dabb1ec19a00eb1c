"""The commands that README names exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_make_target_of_the_readme_exists() -> None:
    named = set(re.findall(r"`make ([a-z-]+)`", (ROOT / "README.md").read_text("utf-8")))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {"demo", "test", "test-docs", "docs"} <= named <= targets


def test_every_linked_file_of_the_readme_exists() -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text("utf-8"))
    assert linked
    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_python_of_the_readme_runs(capsys) -> None:
    [block] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(block, names)
    shown = capsys.readouterr().out
    assert "time_aggregation" in shown
    assert "sample.parquet')" in shown


def test_sql_of_the_readme_is_that_of_the_program() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"```sql\n(.*?)\.\.\.\n```", text, re.DOTALL)
    program = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block is not None
    assert program is not None
    names: dict[str, object] = {}
    exec(program[1], names)
    sql = eval("(new_users / users).view_sql()", names)
    assert re.sub(r"read_parquet\('.*/", "read_parquet('", sql).startswith(block[1])
