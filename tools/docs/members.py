"""The public members of classes, with their signatures and docstrings as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from objectiv_local.frame.series import base


def members(cls: type) -> Iterator[tuple[str, Any]]:
    """Return the public members that a class defines, or inherits from a class that is not on the page."""
    for name in sorted(dir(cls)):
        inherited = cls is not base.Series and issubclass(cls, base.Series) and hasattr(base.Series, name)
        if not name.startswith("_") and not inherited:
            yield name, inspect.getattr_static(cls, name)


def described(name: str, member: Any) -> tuple[str, str]:
    """Return the signature and the docstring of a member."""
    function = member.__func__ if isinstance(member, classmethod) else member
    if isinstance(function, property):
        signature, doc = name, inspect.getdoc(function)
    else:
        parameters = list(inspect.signature(function).parameters.values())[1:]
        shown = ", ".join(parameter(each) for each in parameters)
        signature, doc = f"{name}({shown})", inspect.getdoc(function)
    return signature, flowing(without_example(doc))


def described_class(cls: type) -> str:
    """Return the docstring of a class."""
    return flowing(without_example(inspect.getdoc(cls)))


def without_example(doc: str | None) -> str:
    """Return a docstring up to its example."""
    return re.split(r"\n*>>>", doc or "")[0].strip()


def flowing(doc: str) -> str:
    """Return a docstring with each paragraph on one line; tables keep their lines, as blocks of code."""
    parts = (
        "\n".join(f"    {line}" for line in part.splitlines()) if part.startswith("====") else part.replace("\n", " ")
        for part in re.split(r"\n\n+", doc)
    )
    return "\n\n".join(parts)


def parameter(found: inspect.Parameter) -> str:
    """Return a parameter as a signature shows it, without its annotation."""
    name = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(found.kind.name, "") + found.name
    return name if found.default is inspect.Parameter.empty else f"{name}={found.default!r}"
