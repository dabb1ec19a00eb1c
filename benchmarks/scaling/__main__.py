"""Run the workloads on Spark and print what each of them moves: ``python -m benchmarks.scaling``.

The figures are those that Spark reports for each step of a query that has run. They depend on the events and on the statement,
and on nothing else that the machine does, so one run is enough.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import document, engines
from benchmarks.workloads import by_hand, ours
from benchmarks.workloads.data import prepare
from benchmarks.workloads.family import QUESTIONS


@dataclass(frozen=True)
class Moved:
    """What a query moved between executors: the number of exchanges, their bytes and their rows."""

    question: str
    contender: str
    events: int
    exchanges: int
    shuffled: int
    rows: int

    def cells(self) -> list[str]:
        """Return the cells of a row of the table."""
        return [
            f"{self.events:,}",
            self.contender,
            str(self.exchanges),
            f"{self.shuffled / 1e6:,.1f}",
            f"{self.shuffled / self.events:,.1f}",
            f"{self.rows / self.events:,.2f}",
        ]


HEADER = ("question", "events", "SQL", "exchanges", "MB moved", "bytes per event", "rows per event")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[100_000, 1_000_000], metavar="N", help="how many to generate")
    parser.add_argument("--questions", nargs="+", default=list(QUESTIONS), choices=list(QUESTIONS), metavar="W")
    parser.add_argument("--server", help="a Spark server in place of one that is started here, as sc://host:port")
    parser.add_argument("--threads", type=int, default=2, help="of the server that is started here")
    parser.add_argument("--write", type=Path, metavar="MARKDOWN", help="put the table into this document")
    options = parser.parse_args(arguments)
    found = sorted(measured(options), key=lambda each: (each.question, each.contender, each.events))
    rows = [[f"{each.question}: {QUESTIONS[each.question].title}", *each.cells()] for each in found]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in [HEADER, ["---"] * 3 + ["---:"] * 4, *rows])
    print(text)
    if options.write:
        document.put(options.write, "scaling", text)


def measured(options: Any) -> Iterator[Moved]:
    """Yield what each question moves, of each size."""
    with ExitStack() as stack:
        server = options.server or engines.spark_started(stack, options.threads)[0]
        for size in options.events:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            given = argparse.Namespace(parquet=None, threads=options.threads, original=None, postgres=False, spark=False)
            data = prepare(folder, size, given, stack) | {"spark": server}
            session = engines.spark_session(server)
            programs = ours.programs(*ours.events(data, "spark"))
            hand = by_hand.statements(data, "spark")
            for question in options.questions:
                for contender, sql in (("objectiv_local", programs[question]().view_sql()), ("by hand", hand[question])):
                    yield moved(session, question, contender, size, sql)


def moved(session: Any, question: str, contender: str, events: int, sql: str) -> Moved:
    """Return what a statement moves when it runs."""
    answer = session.sql(sql)
    answer.toArrow()
    exchanges = [
        {metric.name: int(metric.value) for metric in step.metrics}
        for step in answer.executionInfo.metrics.extract_graph()[1].values()
        if step.name in ("Exchange", "BroadcastExchange")
    ]
    return Moved(
        question,
        contender,
        events,
        len(exchanges),
        sum(each.get("shuffleBytesWritten", each.get("dataSize", 0)) for each in exchanges),
        sum(each.get("shuffleRecordsWritten", each.get("numOutputRows", 0)) for each in exchanges),
    )


if __name__ == "__main__":
    main()
