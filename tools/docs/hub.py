"""docs/hub.md: every public name of the original model hub, from the docstrings and the examples."""

from __future__ import annotations

from objectiv_local.hub import aggregate, funnel, map, modelhub, series  # noqa: A004 - the name of the module
from objectiv_local.hub.models import logistic
from tools.docs.examples import HUB, HUB_EXAMPLES
from tools.docs.members import described, described_class, members
from tools.docs.proofs import proofs

CLASSES: list[type] = [
    modelhub.ModelHub,
    map.Map,
    aggregate.Aggregate,
    funnel.FunnelDiscovery,
    series.SeriesLocationStack,
    series.LocationStack,
    series.SeriesGlobalContext,
    series.SeriesGlobalContexts,
    series.GlobalContexts,
    logistic.BinaryLogisticRegression,
]
#: Classes that have another name than in the original.
RENAMED = {"BinaryLogisticRegression": "LogisticRegression"}


def page() -> str:
    """Return the page: each name with its example, where it works and how it differs, then what each does."""
    known = proofs()
    lines = [
        "# The model hub",
        "",
        (
            "Every public name of the original model hub, release 0.0.28, and of its older column of all contexts. An "
            "example was run on DuckDB and on Postgres and gave equal answers, types included; the test named beside it "
            "checks such an answer against values worked out by hand. What follows the table says what each name does. "
            "In the examples, `hub` and `df` are made as in [README.md](../README.md), `'bought'` is a conversion that "
            "`add_conversion_event` registered, and `features`, `labels` and `fitted` are those of a logistic regression. "
            "`make tables` writes this page."
        ),
        "",
        "| name | example | DuckDB | Postgres | test | differences from the original |",
        "|---|---|---|---|---|---|",
    ]
    for name, example, *more in HUB:
        if example.startswith("- "):
            lines.append(f"| `{name}` | {example.removeprefix('- ')} | - | - | - | - |")
            continue
        proof = known.get(name.rpartition(".")[2]) or f"test_hub.py::test_the_example_has_one_answer[{name}]"
        lines.append(f"| `{name}` | `{example}` | yes | yes | `{proof}` | {more[0] if more else 'none'} |")
    for cls in CLASSES:
        lines += ["", f"## {cls.__name__}", "", described_class(cls), ""]
        for name, member in members(cls):
            if not callable(member) and not isinstance(member, property | classmethod):
                continue
            signature, doc = described(name, member)
            lines += [f"### `{cls.__name__}.{signature}`", "", doc, ""]
            original = f"{RENAMED.get(cls.__name__, cls.__name__)}.{name}"
            if original in HUB_EXAMPLES:
                lines += [f"    {HUB_EXAMPLES[original]}", ""]
    return "\n".join(lines).rstrip() + "\n"
