"""Results as Markdown tables."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Sequence

from benchmarks.measuring import Family, Result

#: A count of CPU ticks below this says little.
TICK = 0.01


def rows_of(results: Sequence[Result]) -> dict[str, dict[str, Result]]:
    """Return the results by question and contender."""
    found: dict[str, dict[str, Result]] = {}
    for each in results:
        found.setdefault(each.question, {})[each.contender] = each
    return found


def ratios(one: Result, base: Result | None) -> tuple[float, float, float] | None:
    """Return how many times more wall time, CPU and memory one took than its base, if both ran."""
    if base is None or not one.wall or not base.wall:
        return None
    cpu, base_cpu = min(one.cpu), min(base.cpu)
    return min(one.wall) / min(base.wall), max(cpu, TICK) / max(base_cpu, TICK), one.peak / base.peak


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; all columns but the first are aligned to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def tables(family: Family, results: Sequence[Result]) -> str:
    """Return the tables of one family at one size."""
    found = rows_of(results)
    ran = [each.name for each in family.contenders if any(each.name in row and row[each.name].wall for row in found.values())]
    held = [each for each in ran if any(row[each].base for row in found.values() if each in row)]
    size = results[0].size
    parts = [f"### {family.title}: {size:,}"]
    if held:
        parts += ["Ratios to the base of the same layout: wall / CPU / peak memory.", _ratio_table(family, found, held)]
    parts += [
        "Wall seconds: minimum (median, maximum).",
        _table(family, found, ran, _wall),
        "CPU seconds of client and server: minimum.",
        _table(family, found, ran, lambda each: f"{min(each.cpu):.3f}"),
        "Peak memory of the client process, MB; in brackets by how much the first run made it grow.",
        _table(family, found, ran, lambda each: f"{each.peak:,.0f} ({each.grown:,.0f})"),
    ]
    parts += _more_figures(family, found, ran)
    parts.append(notes(family, results))
    return "\n\n".join(part for part in parts if part)


def _wall(each: Result) -> str:
    return f"{min(each.wall):.3f} ({statistics.median(each.wall):.3f}, {max(each.wall):.3f})"


def _table(
    family: Family, found: dict[str, dict[str, Result]], contenders: Sequence[str], cell: Callable[[Result], str]
) -> str:
    cells = {
        question: {each: text for each in contenders if (text := _cell(row.get(each), cell))} for question, row in found.items()
    }
    titles = {
        question: f"{question}: {title}" if (title := family.questions[question].title) != question else question
        for question, row in cells.items()
        if row
    }
    shown = [each for each in contenders if any(each in row for row in cells.values())]
    if len(titles) < len(shown) / 2:
        rows = [[each, *(cells[question].get(each, "") for question in titles)] for each in shown]
        return markdown(["", *titles.values()], rows)
    return markdown(
        ["", *shown], [[title, *(cells[question].get(each, "") for each in shown)] for question, title in titles.items()]
    )


def _cell(result: Result | None, cell: Callable[[Result], str]) -> str:
    if result is None or not result.wall:
        return "failed" if result is not None and result.failed else ""
    return cell(result) + (" differs" if result.note else "")


def _ratio_table(family: Family, found: dict[str, dict[str, Result]], contenders: Sequence[str]) -> str:
    rows, columns = [], {each: [] for each in contenders}  # type: tuple[list[list[str]], dict[str, list[tuple[float, ...]]]]
    for question, row in found.items():
        cells = []
        for each in contenders:
            ratio = ratios(row[each], row.get(row[each].base)) if each in row else None
            if ratio is not None and not row[each].note:
                columns[each].append(ratio)
            cells.append("" if ratio is None else " / ".join(_number(part) for part in ratio))
        rows.append([question, *cells])
    for title, function in (("median", statistics.median), ("largest", max)):
        rows.append(
            [title, *(" / ".join(_number(function(part)) for part in zip(*columns[each], strict=True)) for each in contenders)]
        )
    bases = {each: next(row[each].base for row in found.values() if each in row) for each in contenders}
    return markdown(["", *(f"{each}, to {bases[each]}" for each in contenders)], rows)


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _more_figures(family: Family, found: dict[str, dict[str, Result]], ran: Sequence[str]) -> list[str]:
    """Return a table of each figure that only some families have."""
    names = dict.fromkeys(name for row in found.values() for each in row.values() for name in each.figures)

    def shown(value: object) -> str:
        return f"{value:,.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)

    parts = []
    for name in names:
        parts += [
            f"{name[0].upper()}{name[1:]}.",
            _table(
                family,
                found,
                ran,
                lambda each, name=name: (  # type: ignore[misc]
                    shown(each.figures[name]) if name in each.figures else ""
                ),
            ),
        ]
    return parts


def notes(family: Family, results: Sequence[Result]) -> str:
    """Return who did not run or failed, and why."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for each in results:
        if each.note:
            reasons.setdefault((each.contender, f"{'missing' if each.is_missing else 'failed'}: {each.note}"), []).append(
                each.question
            )
    questions = {each.question for each in results}
    return "\n".join(
        f"- {contender}{'' if len(where) == len(questions) else ', ' + ', '.join(where)}: {reason}"
        for (contender, reason), where in reasons.items()
    )


def growth(family: Family, results: Sequence[Result]) -> str:
    """Return how CPU seconds grow from one size to the next, where there are several sizes."""
    sizes = sorted({each.size for each in results})
    if len(sizes) < 2:
        return ""
    cpu = {(each.question, each.contender, each.size): min(each.cpu) for each in results if each.wall and not each.note}
    ran = [each.name for each in family.contenders if any(key[1] == each.name for key in cpu)]
    rows = []
    for question in dict.fromkeys(each.question for each in results):
        cells = []
        for contender in ran:
            steps = [cpu.get((question, contender, size)) for size in sizes]
            cells.append(
                " ".join(
                    f"x{after / max(before, TICK):.1f}" if before and after else "-"
                    for before, after in itertools.pairwise(steps)
                )
            )
        rows.append([question, *cells])
    title = f"CPU time: how many times more from {' to '.join(f'{size:,}' for size in sizes)}."
    return f"### {family.title}: growth\n\n{title}\n\n{markdown(['', *ran], rows)}"
