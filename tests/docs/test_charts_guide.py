"""The program of docs/charts.md runs, and the page names every kind of chart."""

from __future__ import annotations

import re
from pathlib import Path

from objectiv_local.hub.analyses.charts.drawing import CHARTS

PAGE = (Path(__file__).parents[2] / "docs" / "charts.md").read_text("utf-8")


def test_the_program_of_the_guide_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```\n", PAGE, re.DOTALL):
        exec(block, names)
    assert (tmp_path / "visitors.html").read_text("utf-8").count("vegaEmbed") > 0
    assert (tmp_path / "visitors.png").read_bytes().startswith(b"\x89PNG")
    assert names["html"].startswith("<figure><svg")


def test_the_page_names_every_chart():
    for analysis, kinds in CHARTS.items():
        assert f"`{analysis}`" in PAGE or f"{analysis}()`" in PAGE
        assert [kind for kind in list(kinds)[1:] if f"plot('{kind}')" not in PAGE] == []
