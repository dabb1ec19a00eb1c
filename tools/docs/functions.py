"""docs/functions.md: what frames, series and their accessors offer, from the docstrings and the examples."""

from __future__ import annotations

from objectiv_local.frame import frame, plot, savepoints, window
from objectiv_local.frame.series import base, datetime, json, nested, numeric, string
from objectiv_local.plan.ops import OPS
from tools.docs.examples import NAMES
from tools.docs.members import described, described_class, members

CLASSES: list[type] = [
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


def example(cls: type, name: str) -> str | None:
    """Return the example of a member: its own, or that of the same name of another class."""
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


def page() -> str:
    """Return the page."""
    lines = [
        "# Functions",
        "",
        (
            "What frames, series and their accessors offer. Every example was run on DuckDB and on Postgres and gave equal "
            "answers, on a frame `df` with the columns g and s (text), v (int64), x (float64), t (timestamp), d (date), u "
            "(uuid) and j (JSON), sorted by its index k. `make tables` writes this page."
        ),
        "",
    ]
    for cls in CLASSES:
        lines += [f"## {cls.__name__}", "", described_class(cls), ""]
        for name, member in members(cls):
            signature, doc = described(name, member)
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
