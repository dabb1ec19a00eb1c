"""The guide to the scikit-learn bridge runs as written, with the same output on every engine."""

from __future__ import annotations

import io
import re
import shutil
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from pyarrow import parquet

from objectiv_local import DataFrame, connect, sample

GUIDE = Path(__file__).parents[2] / "docs" / "ml.md"
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


def shown(program: str) -> str:
    """Return what a program prints, without the statements, which differ between engines."""
    out = io.StringIO()
    with redirect_stdout(out):
        exec(program, {"__name__": "guide"})
    return out.getvalue()


@pytest.fixture(scope="module")
def on_postgres(postgres_url):
    """Return the address of the sample as a table."""
    table = parquet.read_table(sample.path())
    loaded = DataFrame.from_arrow(connect(postgres_url, read_only=False), table, materialization="temp_table")
    loaded.database_create_table("sample_events", if_exists="replace")
    return f"db_url={postgres_url!r}, table_name='sample_events'"


def test_the_guide_shows_the_same_on_every_engine(tmp_path, monkeypatch, on_postgres):
    shutil.copy(sample.path(), tmp_path / "events.parquet")
    monkeypatch.chdir(tmp_path)
    program = "\n".join(block for block in BLOCKS if "view_sql" not in block)
    found = shown(program)
    assert found.count("ROC AUC") == 2
    assert shown(program.replace("db_url='events.parquet'", on_postgres)) == found


def test_the_statement_of_the_guide_is_written(tmp_path, monkeypatch):
    shutil.copy(sample.path(), tmp_path / "events.parquet")
    monkeypatch.chdir(tmp_path)
    last = next(number for number, block in enumerate(BLOCKS) if "view_sql" in block)
    found = shown("\n".join(BLOCKS[: last + 1]))
    assert "events.parquet')" in found
    assert "exp(" in found
