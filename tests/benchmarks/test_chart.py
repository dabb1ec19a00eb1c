"""The chart of ratios: each measurement relative to its baseline."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
try:
    from benchmarks.chart import draw
    from benchmarks.measuring import Contender, Family, Result
finally:
    sys.path.remove(str(ROOT))

BASE, OURS, OTHER = "SQL by hand, Postgres", "objectiv_local, Postgres", "Ibis, Postgres"


def result(contender, base, wall, note=""):
    return Result("some", 1_000, "first", contender, base, [wall], [wall], 100.0, 10.0, note=note)


def test_ratios_are_drawn(tmp_path):
    contenders = (Contender(BASE, ""), Contender(OURS, "", base=BASE), Contender(OTHER, "", base=BASE))
    family = Family("Questions", {}, contenders, lambda *_: {}, (1_000,))
    results = [result(BASE, "", 2.0), result(OURS, BASE, 3.0), result(OTHER, BASE, 8.0, note="differs")]
    draw([("some", family, results)], tmp_path / "chart.svg")
    drawn = (tmp_path / "chart.svg").read_text("utf-8")
    shown = re.findall(r">([^<>]+)</text>", drawn)
    assert {"Questions: 1,000", "first", "wall time", "CPU time", "peak memory", OURS} <= set(shown)
    assert OTHER not in shown, "who answers something else has no mark"
    marks = re.findall(r'aria-label="([^":]+): ([\d.]+); question: first; contender: objectiv_local, Postgres"', drawn)
    assert marks == [("wall time", "1.5"), ("CPU time", "1.5"), ("peak memory", "1")]
