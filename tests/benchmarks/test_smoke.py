"""The benchmarks run, and a wrong result is detected. Nothing here measures time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
try:
    from benchmarks import __main__, answers, document, measuring, report
finally:
    sys.path.remove(str(ROOT))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments, "--runs", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_answers_of_workloads_agree(tmp_path):
    contenders = [
        "SQL by hand, typed Parquet",
        "objectiv_local, raw Parquet",
        "objectiv_local, snapshot",
        "Polars, typed Parquet",
        "pandas, typed Parquet",
    ]
    written = tmp_path / "results.json"
    done = run("workloads", "--events", "2000", "--questions", "W3", "W4", "--contenders", *contenders, "--json", str(written))
    assert done.returncode == 0, done.stderr
    results = json.loads(written.read_text())
    assert [(each["question"], each["contender"]) for each in results] == [
        (question, contender) for question in ("W3", "W4") for contender in contenders
    ]
    assert [each["note"] for each in results] == [""] * len(results)
    assert all(each["wall"] and each["peak"] > 20 for each in results)


def test_all_families_load_and_are_documented():
    options = __main__._parser().parse_args([])
    page = (ROOT / "docs" / "performance.md").read_text("utf-8")
    for name in __main__.FAMILIES:
        assert f"| `{name}` |" in page
        family = __main__.load(name, options)
        assert family.questions
        assert {each.base for each in family.contenders} - {""} <= {each.name for each in family.contenders}
        assert all(set(each.questions) <= set(family.questions) for each in family.contenders)


@pytest.fixture
def two(tmp_path):
    def written(one, other):
        paths = []
        for name, columns in (("one", one), ("other", other)):
            paths.append(str(tmp_path / f"{name}.parquet"))
            answers.write(pa.table(columns), paths[-1])
        return paths

    return written


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"k": ["a", "b"], "v": [1, 2]}, {"k": ["b", "a"], "v": [2.0, 1.0]}),  # in any order, numbers of any type
        ({"k": ["a"], "v": [1.0]}, {"k": ["a"], "v": [1 + 1e-12]}),
        ({"k": [None], "v": [float("nan")]}, {"k": [None], "v": pa.array([None], "float64")}),
        ({"k": ["a"], "v": [1]}, {"v": [1], "k": ["a"]}),  # columns by name
        ({"k": ["a"], "v": [1]}, {"x": ["a"], "y": [1]}),  # or by position
    ],
)
def test_equal_answers(two, one, other):
    assert answers.differences(*two(one, other), 1) == []


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"k": ["a", "b"], "v": [1, 2]}, {"k": ["a", "b"], "v": [1, 3]}, "1 of 2 rows, such as ('b', 3.0), not ('b', 2.0)"),
        ({"k": ["a"], "v": [1.0]}, {"k": ["a"], "v": [1 + 1e-6]}, "1 of 1 rows"),
        ({"k": ["a"], "v": [1]}, {"k": ["b"], "v": [1]}, "2 of 1 rows"),
        ({"k": ["a"], "v": ["x"]}, {"k": ["a"], "v": pa.array([None], "string")}, "1 of 1 rows"),
        ({"k": ["a"], "v": [1]}, {"k": ["a", "a"], "v": [1, 1]}, "2 rows with 1 keys, not 1 with 1"),
        ({"k": ["a"], "v": [1]}, {"k": ["a"]}, "columns ['k'], not ['k', 'v']"),
    ],
)
def test_other_answers(two, one, other, said):
    found = answers.differences(*two(one, other), 1)
    assert len(found) == 1
    assert said in found[0]


CONTENDERS = """
from benchmarks.worker import Session

def right(data): return Session({"q": lambda: [1.0, 2.0]})
def wrong(data): return Session({"q": lambda: [1.0, 3.0]})
def absent(data): import no_such_package
def fails(data): return Session({"q": lambda: 1 / 0})
def dies(data): return Session({"q": lambda: __import__("os")._exit(3)})
def slow(data): return Session({"q": lambda: __import__("time").sleep(60)})
"""


@pytest.fixture
def measure(tmp_path, monkeypatch):
    (tmp_path / "some_contenders.py").write_text(CONTENDERS)
    (tmp_path / "benchmarks").symlink_to(ROOT / "benchmarks")
    monkeypatch.setattr(measuring, "ROOT", tmp_path)

    def results(*names, **needs):
        contenders = tuple(measuring.Contender(name, f"some_contenders:{name}", needs=needs.get(name, ())) for name in names)
        family = measuring.Family("t", {"q": measuring.Question("q")}, contenders, lambda *_: {}, (1,))
        run = measuring.Run(runs=2, timeout=0.5 if "slow" in names else 60)
        [found] = list(measuring.measured("t", family, 1, run, __main__._parser().parse_args([])))
        return {each.contender: each for each in found}

    return results


def test_a_contender_that_is_missing_or_fails_is_reported_and_ends_nothing(measure):
    found = measure("right", "absent", "fails", "dies", "wrong", "unwanted", unwanted=(("nothing", "not asked for"),))
    assert found["right"].note == ""
    assert len(found["right"].wall) == 2
    assert found["absent"].is_missing
    assert "no_such_package" in found["absent"].note
    assert found["fails"].note == "ZeroDivisionError: division by zero"
    assert found["dies"].note.startswith("the process ended with 3")
    assert found["wrong"].note == "differs: 1 of 2 rows, such as (1.0, 3.0), not (1.0, 2.0)"
    assert found["unwanted"].is_missing
    assert [name for name, each in found.items() if each.failed] == ["fails", "dies", "wrong"]


def test_a_contender_that_takes_too_long_is_ended(measure):
    assert measure("slow")["slow"].note == "not done in 0.5 s"


def test_tables_hold_ratios_against_the_base(tmp_path):
    contenders = (measuring.Contender("hand", "h:h"), measuring.Contender("ours", "o:o", "hand"))
    family = measuring.Family("Questions", {"q": measuring.Question("what")}, contenders, lambda *_: {}, (1,))
    results = [
        measuring.Result("f", 10, "q", "hand", "", [0.2, 0.1], [0.4, 0.5], 100.0, 5.0),
        measuring.Result("f", 10, "q", "ours", "hand", [0.3, 0.15, 0.2], [0.2], 150.0, 5.0),
    ]
    text = report.tables(family, results)
    assert "| q | 1.50 / 0.50 / 1.50 |" in text
    assert "| q: what | 0.100 (0.150, 0.200) | 0.150 (0.200, 0.300) |" in text
    document.write(tmp_path / "page.md", {"f": family}, results, text)
    document.write(tmp_path / "page.md", {"f": family}, results, "anew")
    assert "anew" in (tmp_path / "page.md").read_text()
    assert "1.50" not in (tmp_path / "page.md").read_text()
