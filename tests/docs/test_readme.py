"""The commands that README names exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_make_target_of_the_readme_exists() -> None:
    named = set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text("utf-8")))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_every_linked_file_of_the_readme_exists() -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text("utf-8"))
    assert linked
    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_python_of_the_readme_runs(capsys) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 7
    names: dict[str, object] = {}
    exec(blocks[0], names)
    shown = capsys.readouterr().out
    assert "time_aggregation" in shown
    assert "sample.parquet')" in shown
    exec(blocks[2], names)
    assert "of_first" in capsys.readouterr().out
    assert "postgresql://" in blocks[5]


def test_the_frame_of_the_readme_runs_on_postgres(postgres_url, capsys) -> None:
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS orders")
        connection.execute("CREATE TABLE orders (id int PRIMARY KEY, city text, placed timestamp, amount numeric(10, 2))")
        connection.execute(
            "INSERT INTO orders SELECT i, 'city ' || i % 3, TIMESTAMP '2022-01-31' + i * INTERVAL '1 hour', i "
            "FROM generate_series(1, 100) AS t (i)"
        )
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    program = blocks[3].replace("postgresql://analyst@db.example.com/shop", postgres_url)
    names: dict[str, object] = {}
    exec("import objectiv_local as ol\n" + program, names)
    shown = capsys.readouterr().out
    # The last 24 hours of January have 8 orders of each city; the other 76 orders are in February.
    assert "2022-02" in shown
    assert "2022-01" not in shown
    # The bridge continues with that frame.
    exec(blocks[4], names)
    assert "exp(" in capsys.readouterr().out


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
