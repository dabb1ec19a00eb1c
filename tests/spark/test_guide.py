"""The program of docs/spark.md runs as written, on the server and the directory of the tests."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import spark_server

PAGE = (Path(__file__).parents[2] / "docs" / "spark.md").read_text("utf-8")


def test_the_program_of_the_guide_runs(tmp_path, capsys):
    directory = tmp_path / "clicks"
    directory.mkdir()
    moments = [datetime.datetime(2024, 3, day, 9) for day in (1, 1, 2)]
    pq.write_table(
        pa.table(
            {"user_id": ["ann", "bob", "ann"], "moment": pa.array(moments, pa.timestamp("us")), "event_type": ["view"] * 3}
        ),
        directory / "a.parquet",
    )
    program = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    program = program.replace("sc://spark.example.com:15002", spark_server.session_url())
    program = program.replace("/data/clicks", str(directory))
    exec(program, {})
    shown = capsys.readouterr().out
    assert re.search(r"2024-03-01\s+2\s+2\s+2", shown), shown
    assert re.search(r"2024-03-02\s+1\s+2\s+2", shown), shown
