"""The function reference: what frames, series and their accessors offer, from the docstrings and the examples.

The page is docs/functions.md; `OBJECTIV_UPDATE_NAMES=1` writes it again, for review.
"""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path

from names.test_names import NAMES

from objectiv_local.frame import frame, plot, savepoints, window
from objectiv_local.frame.series import base, datetime, json, nested, numeric, string
from objectiv_local.plan.ops import OPS

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "functions.md"
CLASSES = [
    frame.DataFrame,
    base.Series,
    numeric.SeriesNumeric,
    numeric.SeriesNumericInterval,
    string.SeriesString,
    string.StringOperation,
    datetime.SeriesTimestamp,
    datetime.DateTimeOperation,
    datetime.SeriesTimedelta,
    datetime.TimedeltaOperation,
    json.SeriesJson,
    json.JsonAccessor,
    nested.ListAccessor,
    nested.DictAccessor,
    window.Window,
    plot.Plot,
    savepoints.Savepoints,
]
#: The class whose examples stand for a class as well.
SAME = {"Window": "DataFrame", "Plot": "PlotHandler", "SeriesNumeric": "SeriesAbstractNumeric"}


def members(cls):
    """Return the public members that a class defines, or inherits from a class that is not on the page."""
    for name in sorted(dir(cls)):
        inherited = cls is not base.Series and issubclass(cls, base.Series) and hasattr(base.Series, name)
        if not name.startswith("_") and not inherited:
            yield name, inspect.getattr_static(cls, name)


def example(cls, name):
    known = dict(NAMES)
    others = (
        "SeriesAbstractNumeric",
        "SeriesInt64",
        "SeriesFloat64",
        "SeriesAbstractMultiLevel",
        "SeriesAbstractDateTime",
        "DataFrame",
    )
    for owner in (cls.__name__, SAME.get(cls.__name__, ""), *others):
        found = known.get(f"{owner}.{name}")
        if found is not None:
            return found
    return None


def described(cls, name, member):
    """Return the signature and the docstring of a member."""
    function = member.__func__ if isinstance(member, classmethod) else member
    if isinstance(function, property):
        signature, doc = name, inspect.getdoc(function)
    else:
        parameters = list(inspect.signature(function).parameters.values())[1:]
        shown = ", ".join(_parameter(each) for each in parameters)
        signature, doc = f"{name}({shown})", inspect.getdoc(function)
    return signature, flowing(re.split(r"\n*>>>", doc or "")[0].strip())


def flowing(doc):
    """Return a docstring with each paragraph on one line; tables keep their lines, as blocks of code."""
    parts = (
        "\n".join(f"    {line}" for line in part.splitlines()) if part.startswith("====") else part.replace("\n", " ")
        for part in re.split(r"\n\n+", doc)
    )
    return "\n\n".join(parts)


def _parameter(parameter):
    name = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "") + parameter.name
    return name if parameter.default is inspect.Parameter.empty else f"{name}={parameter.default!r}"


def page() -> str:
    lines = [
        "# Functions",
        "",
        (
            "What frames, series and their accessors offer. Every example was run on DuckDB and on Postgres and gave equal "
            "answers, on a frame `df` with the columns g and s (text), v (int64), x (float64), t (timestamp), d (date), u "
            "(uuid) and j (JSON), sorted by its index k. `tests/names/test_functions.py` writes this page."
        ),
        "",
    ]
    for cls in CLASSES:
        lines += [f"## {cls.__name__}", "", described_class(cls), ""]
        for name, member in members(cls):
            signature, doc = described(cls, name, member)
            lines += [f"### `{cls.__name__}.{signature}`", "", doc, ""]
            shown = example(cls, name)
            if shown is not None and not shown.startswith("- "):
                lines += [f"    {shown}", ""]
    lines += [
        "## Operations",
        "",
        (
            "What the functions are made of: each operation of the catalogue with its signatures and "
            "its exact meaning, which holds on every engine."
        ),
        "",
    ]
    for op in OPS.values():
        signatures = "; ".join(f"`{text}`" for text in op.signatures)
        lines += [f"- **{op.name}** ({op.kind}): {op.meaning} {signatures}"]
    return "\n".join(lines).replace("``", "`") + "\n"


def described_class(cls):
    return flowing(re.split(r"\n*>>>", inspect.getdoc(cls) or "")[0].strip())


def test_everything_public_has_a_docstring_and_an_example():
    without_doc = [
        f"{cls.__name__}.{name}" for cls in CLASSES for name, member in members(cls) if not described(cls, name, member)[1]
    ]
    assert without_doc == []
    without_example = [f"{cls.__name__}.{name}" for cls in CLASSES for name, _ in members(cls) if example(cls, name) is None]
    assert without_example == []


def test_the_page_is_up_to_date():
    text = page()
    if os.environ.get("OBJECTIV_UPDATE_NAMES"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text("utf-8") == text
