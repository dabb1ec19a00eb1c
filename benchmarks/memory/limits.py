"""Programs on a connection with a limit, and how much it spilled."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import engines
from benchmarks.worker import Measured, Session
from objectiv_local import DataFrame, ModelHub, connect

EVERY = 0.02


class _Watch(threading.Thread):
    """Looks at how much is in a folder, until it is stopped."""

    def __init__(self, folder: str) -> None:
        super().__init__(daemon=True)
        self.folder, self.most, self.stopped = Path(folder), 0, threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(EVERY):
            found = 0
            for path in self.folder.glob("**/*"):
                try:
                    found += path.stat().st_blocks * 512
                except OSError:  # it is gone again
                    continue
            self.most = max(self.most, found)


def limited(data: dict[str, Any]) -> Session:
    """Return the programs on a connection with the limit, and a figure of what they spilled."""
    folder = tempfile.TemporaryDirectory()
    config = {"memory_limit": data["limit"]} if "limit" in data else {}
    connection = engines.duckdb_connection(data, temp_directory=folder.name, **config)
    connection.execute(f"CREATE VIEW data AS SELECT * FROM read_parquet('{data['raw']}')")
    engine = connect(connection)
    events = ModelHub().get_objectiv_dataframe(db_url=engine)
    raw = DataFrame.from_table(engine, "data", key="event_id")

    def last_events() -> DataFrame:
        last = raw.copy()
        window = last.sort_values(["moment", "event_id"], [False, False]).groupby("cookie_id").window()
        last["text"] = last.value.astype("string").window_first_value(window=window)
        last["rank"] = last.event_id.window_row_number(window)
        return last[last["rank"] == 1][["cookie_id", "text"]]

    programs = {"sessions": lambda: events[["session_id", "session_hit_number"]], "last events": last_events}

    def action(program: Callable[[], DataFrame]) -> Callable[[], Measured]:
        def run() -> Measured:
            watch = _Watch(folder.name)
            watch.start()
            try:
                answer = program().to_arrow()
            finally:
                watch.stopped.set()
                watch.join()
            return Measured(answer, {"MB spilled": watch.most / 1e6})

        return run

    return Session({name: action(program) for name, program in programs.items()})
