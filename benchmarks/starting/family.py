"""What it costs to start."""

from __future__ import annotations

from typing import Any

from benchmarks.engines import NEEDS_POSTGRES
from benchmarks.measuring import Contender, Family, Question
from benchmarks.starting.stages import STAGES
from benchmarks.workloads.data import prepare

_HERE = "benchmarks.starting.stages"


def family(options: Any) -> Family:
    """Return the family. Its events are few: nothing runs on them."""
    python = {"import ibis": options.ibis}
    stages = tuple(
        Contender(
            name,
            f"{_HERE}:stage",
            "import duckdb" if name != "import duckdb" else "",
            questions=("import",),
            arguments=(("stage", name),),
            **({"python": python[name]} if name in python else {}),
        )
        for name in STAGES
    )
    contenders = (
        *stages,
        Contender("objectiv_local, DuckDB", f"{_HERE}:w3", questions=("W3 to SQL",), arguments=(("layout", "raw"),)),
        Contender(
            "objectiv_local, Postgres",
            f"{_HERE}:w3",
            needs=NEEDS_POSTGRES,
            questions=("W3 to SQL",),
            arguments=(("layout", "postgres"),),
        ),
        Contender(
            "Ibis, DuckDB", f"{_HERE}:w3_in_ibis", "objectiv_local, DuckDB", python=options.ibis, questions=("W3 to SQL",)
        ),
    )
    questions = {name: Question(name, 0) for name in ("import", "W3 to SQL")}
    return Family("Starting", questions, contenders, prepare, (1_000,), fresh=True)
