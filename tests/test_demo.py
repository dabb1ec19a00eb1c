"""The demo: the notebook runs on the sample and shows what it says, also from a built wheel."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from objectiv_local import demo, sample
from objectiv_local.errors import TableNotFound

ROOT = Path(__file__).parents[1]


def test_demo_runs_the_notebook(capsys):
    assert demo.main() == 0
    shown = capsys.readouterr().out
    code = [
        line
        for cell in json.loads(demo.notebook_path().read_text())["cells"]
        if cell["cell_type"] == "code"
        for line in "".join(cell["source"]).splitlines()
        if line
    ]
    assert all(f"  > {line}" in shown for line in code)
    assert "How long sessions last" in shown
    assert "FROM read_parquet('sample.parquet')" in shown  # the SQL for DuckDB
    assert 'ORDER BY time_aggregation COLLATE "C"' in shown  # and for Postgres
    assert shown.count("(a chart, which notebooks show") == 1
    assert str(sample.path()) not in shown


def test_new_users_of_the_demo_are_the_users_whose_first_session_starts_in_the_month(capsys):
    import duckdb

    # The first month has new users only: every first session starts within the data.
    counted = duckdb.sql(f"SELECT count(DISTINCT cookie_id) FROM '{sample.path()}' WHERE moment < '2022-02-01'")
    assert counted.fetchall() == [(352,)]
    demo.main()
    assert capsys.readouterr().out.count("2022-01                    352") == 2  # of the users, and of the new ones


def test_missing_notebook_is_a_clear_error(monkeypatch, capsys):
    monkeypatch.setattr(demo, "NOTEBOOK", "other.ipynb")
    with pytest.raises(TableNotFound, match=r"other\.ipynb is neither packaged nor in a checkout"):
        demo.notebook_path()
    assert demo.main() == 1
    assert "the demo failed" in capsys.readouterr().err


def test_wheel_has_the_sample_and_the_notebook(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "objectiv_local/sample/sample.parquet" in names
    assert "objectiv_local/sample/model_hub_basics.ipynb" in names
    assert "objectiv_local/py.typed" in names
