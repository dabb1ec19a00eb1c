"""Tasks of the scikit-learn bridge, and who does them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import engines
from benchmarks.measuring import Contender, Family, Question

_TITLES = {
    "pull": "scikit-learn on fetched rows",
    "batches": "objectiv_local, batches",
    "ours": "objectiv_local",
    "sql": "objectiv_local, in SQL",
    "local": "objectiv_local, by streaming",
}
_LAYOUTS = {"rows": "Parquet", "postgres": "Postgres"}


def _prepare(folder: Path, size: int, options: Any, stack: ExitStack) -> dict[str, Any]:
    from benchmarks.ml import rows, tasks
    from objectiv_local import DataFrame

    data: dict[str, Any] = {"rows": str(folder / "rows.parquet"), "models": str(folder)}
    rows.generate(Path(data["rows"]), size)
    if not options.questions or any(name.startswith(("mean", "rows")) for name in options.questions):
        tasks.prepare(DataFrame.from_parquet(data["rows"], index="id", key="id"), folder)
    if options.postgres:
        data["postgres"] = engines.started(stack)
        rows.load_postgres(Path(data["rows"]), data["postgres"])
    return data


def family(options: Any) -> Family:
    """Return the family."""
    from benchmarks.ml.tasks import TASKS

    contenders = tuple(
        Contender(
            f"{title}, {layout_title}",
            "benchmarks.ml.contenders:opens",
            f"{_TITLES['pull']}, {layout_title}" if name != "pull" else "",
            engines.NEEDS_POSTGRES if layout == "postgres" else (),
            questions=tuple(task for task in TASKS if name in TASKS[task].contenders),
            arguments=(("layout", layout), ("contender", name)),
        )
        for layout, layout_title in _LAYOUTS.items()
        for name, title in _TITLES.items()
    )
    questions = {name: Question(name, absolute=task.tolerance, relative=task.tolerance) for name, task in TASKS.items()}
    return Family("The scikit-learn bridge", questions, contenders, _prepare, (1_000_000,), fresh=True)
