"""The program of docs/analyses.md runs and prints what the page shows, and the page names every analysis.

`OBJECTIV_UPDATE_DOCS=1` writes the printed output into the page, for review.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from hub.events import stream

from objectiv_local.hub.analyses.base.specs import ANALYSES

PATH = Path(__file__).parents[2] / "docs" / "analyses.md"
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```\n(.*?)```\n)?", re.DOTALL)


def test_the_program_of_the_guide_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stream.as_csv(stream.stream(), tmp_path / "clicks.csv")
    page = PATH.read_text("utf-8")
    names: dict[str, object] = {}

    def run(block):
        exec(block[1], names)
        shown = capsys.readouterr().out
        assert bool(shown) == (block[2] is not None), f"what is printed and what is shown differ: {shown}{block[1]}"
        return f"```python\n{block[1]}```\n" + (f"\n```\n{shown}```\n" if shown else "")

    found = BLOCK.sub(run, page)
    if os.environ.get("OBJECTIV_UPDATE_DOCS"):
        PATH.write_text(found, "utf-8")
        page = found
    assert found == page


def test_the_page_names_every_analysis():
    page = PATH.read_text("utf-8")
    assert [name for name in ANALYSES if f"hub.{name}(" not in page] == []
