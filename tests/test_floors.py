"""The lowest versions that pyproject.toml allows are those that `make test-lowest` installs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
#: Extras that users install; those for development pin their tools in constraints.txt alone.
EXTRAS = ("postgres", "polars", "ml", "plot", "report")


def name_of(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def constraints(file: str) -> dict[str, str]:
    """Return the pinned versions of a file of constraints, by package."""
    lines = [line for line in (ROOT / file).read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return {name_of(name): version for name, _, version in (line.partition("==") for line in lines)}


def numbers(version: str) -> tuple[int, ...]:
    """Return a version without trailing zeros: 2.3 and 2.3.0 are the same."""
    found = [int(part) for part in version.split(".")]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def needed() -> set[str]:
    """Return the requirements of users; extras may share one."""
    return {*PROJECT["dependencies"], *(each for extra in EXTRAS for each in PROJECT["optional-dependencies"][extra])}


def floors() -> dict[str, str]:
    """Return the lowest version of each package that users need."""
    found = (re.fullmatch(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)", each) for each in needed())
    return {name_of(match[1]): match[2] for match in found if match}


def test_each_package_has_a_floor() -> None:
    assert len(floors()) == len(needed())


def test_the_lowest_versions_are_tested() -> None:
    pinned = constraints("constraints-lowest.txt")
    assert {name: numbers(version) for name, version in floors().items()} == {name: numbers(pinned[name]) for name in floors()}


def test_newer_versions_are_tested_too() -> None:
    pinned = constraints("constraints.txt")
    assert all(numbers(pinned[name]) >= numbers(version) for name, version in floors().items())


def test_the_readme_says_them() -> None:
    text = re.sub(r"\s+", " ", (ROOT / "README.md").read_text("utf-8"))
    shown = {"duckdb": "DuckDB", "pandas": "pandas", "pyarrow": "PyArrow", "scikit-learn": "scikit-learn", "polars": "Polars"}
    for name, title in shown.items():
        assert f"{title} {floors()[name]}" in text
