"""Run benchmarks: ``python -m benchmarks [FAMILY ...]``, by default the workloads over raw events and everyday programs."""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import document, report
from benchmarks.measuring import Family, Result, Run, measured

#: Each family is a package with a module ``family``.
FAMILIES = ("workloads", "everyday", "clicks", "selections", "handing", "memory", "starting", "compiling", "ml")
DEFAULT = ("workloads", "everyday")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line. Exit code 1 if answers differ, or if a contender that could run fails."""
    # So that servers are stopped and files are removed, whatever ends the run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _parser().parse_args(arguments)
    families = {name: load(name, options) for name in options.families or DEFAULT}
    for name, family in families.items():
        unknown = set(options.questions) - set(family.questions) if len(families) == 1 else set()
        if unknown:
            raise SystemExit(f"{name} has no question {', '.join(sorted(unknown))}; it has: {', '.join(family.questions)}")
    results: list[Result] = []
    if options.read:
        results = [Result(**each) for each in json.loads(options.read.read_text(encoding="utf-8"))]
    else:
        run = Run(options.runs, options.seconds, options.timeout)
        for name, family in families.items():
            for size in options.sizes or family.sizes:
                # Who failed at a smaller size is not tried at a larger one.
                failed = {(each.question, each.contender) for each in results if each.family == name and each.failed}
                for found in measured(name, family, size, run, options, failed):
                    print(_progress(found), file=sys.stderr, flush=True)
                    results += found
                    if options.json:
                        # After each question, so that a run that is stopped leaves what it measured.
                        options.json.write_text(json.dumps([asdict(each) for each in results]), encoding="utf-8")
    text = "\n\n".join(_sections(families, results))
    print(text)
    if options.write:
        document.write(options.write, families, results, text)
    return 1 if any(each.failed for each in results) else 0


def load(name: str, options: Any) -> Family:
    """Return a family by its name."""
    found: Family = importlib.import_module(f"benchmarks.{name}.family").family(options)
    return found


def _sections(families: dict[str, Family], results: list[Result]) -> list[str]:
    parts = []
    for name, family in families.items():
        of_family = [each for each in results if each.family == name]
        parts += [
            report.tables(family, [each for each in of_family if each.size == size])
            for size in dict.fromkeys(each.size for each in of_family)
        ]
        parts.append(report.growth(family, of_family))
    return [part for part in parts if part]


def _progress(found: list[Result]) -> str:
    shown = ", ".join(f"{each.contender} {min(each.wall):.3f}" for each in found if each.wall and not each.note)
    wrong = "".join(f"\n  {each.contender}: {each.note}" for each in found if each.failed)
    return f"{found[0].question}: {shown}{wrong}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", choices=[*FAMILIES, []], help=", ".join(FAMILIES))
    parser.add_argument("--events", "--rows", dest="sizes", type=int, nargs="+", metavar="N", help="how many to generate")
    parser.add_argument("--parquet", type=Path, help="a Parquet file of raw events in place of generated ones")
    parser.add_argument("--postgres", action="store_true", help="run on Postgres too; loading takes a minute per million")
    parser.add_argument("--spark", action="store_true", help="run on a Spark server of this machine too")
    parser.add_argument("--original", metavar="PYTHON", help="interpreter that has the original release; runs on Postgres")
    parser.add_argument("--retentioneering", metavar="PYTHON", help="interpreter that has retentioneering, for clicks")
    parser.add_argument("--ibis", metavar="PYTHON", default=sys.executable, help="interpreter that has Ibis, if another one")
    parser.add_argument("--questions", nargs="+", default=[], help="these only")
    parser.add_argument("--contenders", nargs="+", default=[], help="these only")
    parser.add_argument("--runs", type=int, default=5, help="how often each is timed, after a first run")
    parser.add_argument("--seconds", type=float, default=60, help="no more runs of a contender on a question after so long")
    parser.add_argument("--timeout", type=float, default=900, help="seconds after which a run is ended")
    parser.add_argument("--threads", type=int, default=2, help="of each contender")
    parser.add_argument("--json", type=Path, help="write what was measured to this file")
    parser.add_argument("--read", type=Path, help="make tables of such a file and measure nothing")
    parser.add_argument("--write", type=Path, metavar="MARKDOWN", help="put tables and chart into this document")
    return parser


if __name__ == "__main__":
    sys.exit(main())
