"""The program of docs/snapshots.md runs."""

from __future__ import annotations

import re
from pathlib import Path

from hub.events import stream

PAGE = (Path(__file__).parents[2] / "docs" / "snapshots.md").read_text("utf-8")


def test_the_program_of_the_guide_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stream.as_csv(stream.stream(), tmp_path / "clicks.csv")
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        exec(block, names)
    shown = capsys.readouterr().out
    assert shown.startswith("True\nsnapshot events: ")
    assert shown.endswith("True\n")
    assert len(names["orders"]) == len(names["events"])
