"""How long a program takes to build and to become SQL, and what importing the package costs."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.programs import event_frame
from objectiv_local import sample

HEAVY = ("duckdb", "numpy", "pandas", "polars", "psycopg", "pyarrow", "sklearn")
STAGES = {
    "python itself": "pass",
    "import duckdb": "import duckdb",
    "import objectiv_local": "import objectiv_local",
    "a hub": "import objectiv_local as ol; ol.ModelHub()",
    "a frame from a schema": "import objectiv_local as ol; ol.DataFrame.from_schema({'x': 'int64'}).view_sql()",
}


def rows(runs: int = 50) -> Iterator[str]:
    """Yield the lines of the report."""
    hub, df = event_frame(sample.path())
    build, compiling = [], []
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        labeled = df.copy()
        labeled["is_new_user"] = hub.map.is_new_user(labeled)
        share = hub.agg.unique_users(labeled[labeled.is_new_user]) / hub.agg.unique_users(labeled)
        built = time.process_time()
        text = share.view_sql()
        compiling.append((time.process_time() - built) * 1e3)
        build.append((built - start) * 1e3)
        del labeled, share
    yield f"share of new users, CPU ms of {runs} runs   least   median"
    for name, times in (("build", build), ("to SQL", compiling)):
        yield f"  {name:36} {min(times):7.2f} {statistics.median(times):8.2f}"
    yield f"  SQL: {len(text)} characters, {text.count(chr(10)) + 1} lines"
    yield "import, CPU ms (least of 5)                          modules loaded"
    for name, code in STAGES.items():
        found = [_import(code) for _ in range(5)]
        yield f"  {name:36} {min(ms for ms, _ in found):7.0f}        {found[0][1]}"


def _import(code: str) -> tuple[float, str]:
    script = (f"import sys\n{code}\nimport time; print(time.process_time() * 1e3, "
              f"*[name for name in {HEAVY!r} if name in sys.modules])")
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    return float(output[0]), ", ".join(output[1:]) or "none of the heavy ones"
