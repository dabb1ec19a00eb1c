"""docs/bach.md: every public name of Bach with its example and the test that proves it, and the differences that stay."""

from __future__ import annotations

from tools.docs.examples import BACH, differences
from tools.docs.proofs import proofs


def page() -> str:
    """Return the page: the differences, then each name with its example, where it works and the test that proves it."""
    known = proofs()
    lines = [
        "# Coming from Bach",
        "",
        (
            "Every public name of Bach 0.0.28 that belongs to frames and series. An example was run on DuckDB and Postgres "
            "and gave equal answers, types included; the test named beside it checks such an answer against pandas or values "
            "worked out by hand. `make tables` writes this page."
        ),
        "",
        "## Differences",
        "",
        (
            "The known differences from Bach 0.0.28 on Postgres, each with its reason. Examples are over the frame of the "
            "names below; each was run on DuckDB and on Postgres and gave the answer that is shown."
        ),
        "",
    ]
    for line in differences():
        if len(line) == 1:
            lines += [f"### {line[0]}", "", "| what | in Bach | here, and why | example | answer |", "|---|---|---|---|---|"]
            continue
        what, bach, here, example, found = (cell.replace("|", "\\|") for cell in line)
        shown = "- | -" if example == "-" else f"`{example}` | `{found}`"
        lines += [f"| {what} | {bach} | {here} | {shown} |"]
    lines = [f"\n{line}" if line.startswith("### ") and lines[position - 1] else line for position, line in enumerate(lines)]
    lines += ["", "## Names", "", "| name | example | DuckDB | Postgres | test |", "|---|---|---|---|---|"]
    for name, example in BACH:
        if example.startswith("- "):
            reason = example.removeprefix("- ").replace("|", "\\|")
            lines.append(f"| `{name}` | {reason} | - | - | - |")
            continue
        member = name.rpartition(".")[2]
        proof = known.get(member) or f"test_names.py::test_the_example_has_one_answer[{name}]"
        code = example.replace("|", "\\|")
        lines.append(f"| `{name}` | `{code}` | yes | yes | `{proof}` |")
    return "\n".join(lines) + "\n"
