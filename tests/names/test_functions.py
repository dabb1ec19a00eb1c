"""The function reference: everything that frames, series and their accessors offer has a docstring and an example."""

from __future__ import annotations

from tools.docs.functions import CLASSES, example
from tools.docs.members import described, members


def test_everything_public_has_a_docstring_and_an_example():
    without_doc = [
        f"{cls.__name__}.{name}" for cls in CLASSES for name, member in members(cls) if not described(name, member)[1]
    ]
    assert without_doc == []
    without_example = [f"{cls.__name__}.{name}" for cls in CLASSES for name, _ in members(cls) if example(cls, name) is None]
    assert without_example == []
