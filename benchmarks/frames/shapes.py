"""Long programs: how long they take to build and to become SQL, for each dialect, and the same in Ibis.

Run by itself with the interpreter of an environment that has Ibis, this file measures Ibis and prints JSON.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

#: The sizes of each shape; the time of the last by that of the one before says how it grows.
SIZES = {"dependent assignments": (50, 100, 200, 400), "independent columns": (250, 500, 1_000, 2_000),
         "pipeline steps": (25, 50, 100), "self-merges": (5, 10, 20)}


def assignments(df: Any, n: int) -> Any:
    for _ in range(n):
        df["x"] = df.x + 1
    return df


def columns(df: Any, n: int) -> Any:
    for i in range(n):
        df[f"c{i}"] = df.x * i + df.y
    return df


def pipeline(df: Any, n: int) -> Any:
    for i in range(n):
        if i % 5 == 4:
            df = df[df.x > i]
        elif i % 25 == 12:
            df = df.groupby("g").agg(x=("x", "sum"), y=("y", "max")).reset_index()
        else:
            df[f"c{i % 7}"] = df.x + i
            df["x"] = df.x + df[f"c{i % 7}"]
    return df


def merges(df: Any, n: int) -> Any:
    left = df
    for i in range(n):
        left = left.merge(df[["g", "y"]].rename(columns={"y": f"y{i}"}), on="g")
    return left


PROGRAMS: dict[str, Callable[[Any, int], Any]] = {
    "dependent assignments": assignments, "independent columns": columns, "pipeline steps": pipeline, "self-merges": merges}


def ibis_programs() -> dict[str, Callable[[int], Any]]:
    import ibis

    def table() -> Any:
        return ibis.table({"g": "string", "x": "int64", "y": "int64"}, name="data")

    def dependent(n: int) -> Any:
        t = table()
        for _ in range(n):
            t = t.mutate(x=t.x + 1)
        return t

    def independent(n: int) -> Any:
        t = table()
        return t.mutate(**{f"c{i}": t.x * i + t.y for i in range(n)})

    def steps(n: int) -> Any:
        t = table()
        for i in range(n):
            if i % 5 == 4:
                t = t.filter(t.x > i)
            elif i % 25 == 12:
                t = t.group_by("g").agg(x=t.x.sum(), y=t.y.max())
            else:
                t = t.mutate(**{f"c{i % 7}": t.x + i})
                t = t.mutate(x=t.x + t[f"c{i % 7}"])
        return t

    def joined(n: int) -> Any:
        t = left = table()
        for i in range(n):
            left = left.join(t.select("g", y2=t.y).rename({f"y{i}": "y2"}).view(), "g")
        return left

    return {"dependent assignments": dependent, "independent columns": independent, "pipeline steps": steps,
            "self-merges": joined}


def timed(build: Callable[[], Any], to_sql: Callable[[Any], str], runs: int) -> tuple[float, float, int]:
    """Return the least CPU milliseconds of building and of making SQL, and the length of the SQL."""
    least = [float("inf"), float("inf")]
    length = 0
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        made = build()
        built = time.process_time()
        length = len(to_sql(made))
        least = [min(least[0], (built - start) * 1e3), min(least[1], (time.process_time() - built) * 1e3)]
        del made
    return least[0], least[1], length


def rows(ibis_python: str | None, runs: int = 3) -> Iterator[str]:
    """Yield the lines of the report."""
    from objectiv_local import DataFrame

    yield "long programs, least CPU ms of build and to SQL     duckdb            postgres           characters"
    for name, sizes in SIZES.items():
        before = 0.0
        for n in sizes:
            shown = []
            for dialect in ("duckdb", "postgres"):
                def build(n: int = n, name: str = name, dialect: str = dialect) -> Any:
                    df = DataFrame.from_schema({"g": "string", "x": "int64", "y": "int64"}, dialect=dialect)
                    return PROGRAMS[name](df, n)

                shown.append(timed(build, lambda df: df.view_sql(), runs))
            total = sum(shown[0][:2])
            growth = f"  x{total / before:.1f}" if before else ""
            before = total
            times = "  ".join(f"{built:7.1f} + {compiled:7.1f}" for built, compiled, _ in shown)
            yield f"  {n:5} {name:24} {times}  {shown[0][2]:9}{growth}"
    if ibis_python is not None:
        yield "the same in Ibis, DuckDB"
        for name, sizes in SIZES.items():
            for n in sizes:
                yield _of_ibis(ibis_python, name, n)


def _of_ibis(python: str, name: str, n: int) -> str:
    try:
        done = subprocess.run([python, __file__, name, str(n)], capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return f"  {n:5} {name:24} not done in 120 s"
    if done.returncode:
        return f"  {n:5} {name:24} fails: {done.stderr.strip().splitlines()[-1][:90]}"
    built, compiled, length = json.loads(done.stdout)
    return f"  {n:5} {name:24} {built:7.1f} + {compiled:7.1f}                     {length:9}"


if __name__ == "__main__":
    import ibis

    made = ibis_programs()[sys.argv[1]]
    size = int(sys.argv[2])
    ibis.to_sql(made(2), dialect="duckdb")
    print(json.dumps(timed(lambda: made(size), lambda t: ibis.to_sql(t, dialect="duckdb"), 1)))
