"""The same analyses in retentioneering, which is installed in an environment of its own because it is no dependency.

``python -m benchmarks.analyses.in_retentioneering --python OTHER/bin/python [--events 1000000]`` runs this file in the other
environment, and the analyses of the hub over the same Parquet file here. Answers have to be equal. Wall and CPU seconds, the
least of the runs, and the most memory that a process held, in MB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STEPS = ["view", "click", "buy"]


def theirs(parquet: str) -> dict[str, Callable[[], Any]]:
    """Return the analyses in retentioneering."""
    import pandas as pd
    from retentioneering import Eventstream

    def stream() -> Any:
        # Ties are in the order of rows there.
        clicks = pd.read_parquet(parquet, columns=["uid", "ts", "action", "event_id"]).sort_values(["uid", "ts", "event_id"])
        schema = {"path_cols": ["uid"], "event_col": "action", "timestamp_col": "ts"}
        return Eventstream(clicks.drop(columns="event_id"), schema=schema)

    def transitions() -> dict[str, int]:
        matrix = stream().transition_graph_data(edge_weight="count")
        return {f"{source} to {target}": int(count) for source, row in matrix.iterrows() for target, count in row.items()
                if source in STEPS and target in STEPS}

    def funnel() -> list[int]:
        found = stream().funnel_data(steps=STEPS)["steps"]
        return [int(step["unique_paths"]) for step in found]

    def sessions() -> int:
        return int(stream().split_sessions(timeout="30m").to_dataframe()["session_id"].nunique())

    return {"transitions": transitions, "funnel": funnel, "sessions": sessions}


def ours(parquet: str) -> dict[str, Callable[[], Any]]:
    """Return the analyses of the hub."""
    import datetime

    from objectiv_local import ModelHub

    hub = ModelHub()

    def transitions() -> dict[str, int]:
        rows = hub.paths(hub.events(parquet), by="user_id").transitions().frame.to_arrow().to_pylist()
        return {f"{row['source']} to {row['target']}": row["count"] for row in rows if row["target"] in STEPS}

    def funnel() -> list[int]:
        # An event fills a step only after the one before it, at whatever time.
        ages = datetime.timedelta(days=10_000)
        found: list[int] = hub.funnel(hub.events(parquet), STEPS, ages).frame["users"].to_arrow().to_pylist()
        return found

    def sessions() -> int:
        return int(hub.sessions(hub.events(parquet)).summary().to_arrow().to_pylist()[0]["sessions"])

    return {"transitions": transitions, "funnel": funnel, "sessions": sessions}


def measured(question: str, action: Callable[[], Any], runs: int) -> dict[str, Any]:
    """Return the answer of an analysis, its least seconds, and the most memory of the process so far."""
    wall = cpu = float("inf")
    answer = None
    for _ in range(runs):
        start, start_cpu = time.perf_counter(), time.process_time()
        answer = action()
        wall, cpu = min(wall, time.perf_counter() - start), min(cpu, time.process_time() - start_cpu)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"question": question, "answer": answer, "wall": wall, "cpu": cpu, "memory": memory}


def main() -> int:
    """Run from the command line: all of it, or with ``--side`` one analysis of one side, in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", help="the interpreter of an environment with retentioneering")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--side", choices=["theirs", "ours"], help="what to run in this process")
    parser.add_argument("--question")
    parser.add_argument("--parquet")
    options = parser.parse_args()
    if options.side:
        actions = theirs(options.parquet) if options.side == "theirs" else ours(options.parquet)
        print(json.dumps(measured(options.question, actions[options.question], options.runs)))
        return 0
    from benchmarks.events import clicks

    environment = {**os.environ, "RETENTIONEERING_NO_TRACK": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    equal = True
    with tempfile.TemporaryDirectory() as scratch:
        parquet = Path(scratch) / "clicks.parquet"
        clicks.write(parquet, options.events)
        print(f"  {'':<12} {'retentioneering':>34} {'hub':>34} {'times':>7} {'memory':>7}")
        for question in ("transitions", "funnel", "sessions"):
            found = {}
            for side, python in (("theirs", options.python), ("ours", sys.executable)):
                command = [python, __file__, "--side", side, "--question", question, "--parquet", str(parquet), "--runs",
                           str(options.runs)]
                done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
                found[side] = json.loads(done.stdout.splitlines()[-1])
            one, other = found["theirs"], found["ours"]
            texts = [f"{each['wall']:8.2f} ({each['cpu']:7.2f}) s {each['memory']:7.0f} MB" for each in (one, other)]
            print(f"  {question:<12} {texts[0]:>34} {texts[1]:>34} {one['wall'] / other['wall']:7.1f} "
                  f"{one['memory'] / other['memory']:7.1f}", flush=True)
            if one["answer"] != other["answer"]:
                equal = False
                print(f"    differs: {one['answer']} and {other['answer']}")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
