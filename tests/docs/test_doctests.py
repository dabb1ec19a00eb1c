"""Every example in a docstring of the package runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import objectiv_local


def examples() -> Iterator[doctest.DocTest]:
    """Yield the docstrings of the package that hold examples."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for found in pkgutil.walk_packages(objectiv_local.__path__, "objectiv_local."):
        if not found.name.endswith("__main__"):
            yield from (test for test in finder.find(importlib.import_module(found.name)) if test.examples)
    yield from (test for test in finder.find(objectiv_local) if test.examples)


@pytest.mark.parametrize("example", [pytest.param(test, id=test.name) for test in examples()])
def test_docstring_example(example: doctest.DocTest) -> None:
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.REPORT_NDIFF)
    failed, _ = runner.run(example, out=report.append, clear_globs=False)
    assert failed == 0, "".join(report)
