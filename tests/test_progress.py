"""Progress of long operations: in a terminal and a notebook, and nowhere else."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
import servers
from nbclient import NotebookClient

from objectiv_local import options
from objectiv_local.progress import Progress, counting

ROOT = Path(__file__).parents[1]
#: Engines that show progress.
KINDS = ("duckdb", "postgres")

SCRIPT = """
import sys
sys.path.insert(0, {root!r})
import objectiv_local as ol
from objectiv_local import progress
from objectiv_local.engines import connect
from objectiv_local.types import INT64
import pyarrow as pa
progress.DELAY = 0.3
one = (("n", INT64),)
engine = connect({target!r} or pa.table({{"x": [1]}}))
print("ready", flush=True)
{action}
"""

#: About two seconds of work.
LONG = {
    "duckdb": "SELECT count(*)::bigint FROM range(60000) AS a, range(150000) AS b WHERE hash(a.range) % 7 = hash(b.range) % 13",
    "postgres": "SELECT i::bigint FROM generate_series(1, 40) AS s(i), pg_sleep(i * 0 + 0.03)",
}
ENDLESS = "SELECT count(*) FROM generate_series(1, 1000000) AS t(a), generate_series(1, 1000000) AS u(b) WHERE a * b % 7 = 9"


def script(kind: str, action: str) -> str:
    target = None if kind == "duckdb" else servers.target(kind)
    return SCRIPT.format(root=str(ROOT), target=target, action=action)


class Terminal:
    """A process in a terminal of 80 columns."""

    def __init__(self, code: str) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.written = ""

    def read(self, until: str | None = None) -> str:
        """Return the output, up to a text or to the end."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (until is None or until not in self.written):
            try:
                found = os.read(self.ours, 4096)
            except OSError as error:
                if error.errno != errno.EIO:  # the end, on Linux
                    raise
                break
            if not found:
                break
            self.written += found.decode()
        return self.written

    def screen(self) -> list[str]:
        """Return the lines that remain visible."""
        self.read()
        self.process.wait(30)
        os.close(self.ours)
        lines = []
        for line in self.written.replace("\r\n", "\n").split("\n"):
            shown = ""
            for part in line.split("\r"):
                shown = part + shown[len(part) :]
            lines.append(shown.rstrip())
        return [line for line in lines if line]


@pytest.mark.parametrize("kind", KINDS)
def test_a_terminal_shows_progress_and_nothing_is_left_of_it(kind: str) -> None:
    terminal = Terminal(script(kind, f"engine.arrow({LONG[kind]!r}, one)\nprint('done')"))
    assert terminal.screen() == ["ready", "done"]
    assert re.search(r"query: +\d+%\|.*\| 00:0\d" if kind == "duckdb" else r"query: 00:0\d", terminal.written)


def test_rows_that_were_fetched_are_counted() -> None:
    rows = "SELECT i::bigint FROM generate_series(1, 3000000) AS s(i)"
    terminal = Terminal(script("postgres", f"print(engine.arrow({rows!r}, one).num_rows)"))
    assert terminal.screen() == ["ready", "3000000"]
    counts = [int(each.replace(",", "")) for each in re.findall(r"query: ([\d,]+) rows, 00:0\d", terminal.written)]
    assert len(counts) > 1
    assert counts == sorted(counts)
    assert 0 < counts[0] < counts[-1] <= 3_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_streams_tables_and_other_statements_show_progress(kind: str) -> None:
    action = (
        f"print(sum(b.num_rows for b in engine.batches({LONG[kind]!r}, one)) > 0)\n"
        f"engine.create_table('kept', {LONG[kind]!r})\nengine.execute({LONG[kind]!r})\nprint('done')"
    )
    terminal = Terminal(script(kind, action))
    assert terminal.screen() == ["ready", "True", "done"]
    # Each of the three starts from the beginning.
    assert len(re.findall("\r +\r", terminal.written)) >= 3


@pytest.mark.parametrize(
    ("kind", "option", "shown"),
    [("duckdb", "None", False), ("postgres", "None", False), ("duckdb", "True", True), ("postgres", "True", True)],
)
def test_a_pipe_shows_nothing_unless_an_option_asks_for_it(kind: str, option: str, shown: bool) -> None:
    code = script(kind, f"ol.options.progress = {option}\nengine.arrow({LONG[kind]!r}, one)\nprint('done')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["ready", "done"]
    assert ("query" in done.stderr) is shown


@pytest.mark.parametrize("kind", KINDS)
def test_short_queries_other_threads_and_an_option_show_nothing(kind: str) -> None:
    action = f"""
import threading
engine.arrow("SELECT 1::bigint", one)
thread = threading.Thread(target=lambda: engine.arrow({LONG[kind]!r}, one))
thread.start()
thread.join()
with ol.options(progress=False):
    engine.arrow({LONG[kind]!r}, one)
print("done")
"""
    terminal = Terminal(script(kind, action))
    assert terminal.screen() == ["ready", "done"]
    assert "query" not in terminal.written


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_stops_the_query_and_removes_its_progress(kind: str) -> None:
    action = f"""
try:
    engine.arrow({ENDLESS!r}, one)
except KeyboardInterrupt:
    print("stopped")
print(engine.arrow("SELECT 41::bigint + 1::bigint", one)["n"].to_pylist())
"""
    terminal = Terminal(script(kind, action))
    terminal.read("query: ")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.screen() == ["ready", "stopped", "[42]"]


def test_a_terminal_that_is_closed_does_not_stop_the_query(tmp_path: Path) -> None:
    action = f"""
import os, pathlib
ol.options.progress = True
os.close(2)
sys.stderr.close()
pathlib.Path({str(tmp_path / "rows")!r}).write_text(str(engine.arrow({LONG["duckdb"]!r}, one).num_rows))
"""
    subprocess.run([sys.executable, "-c", script("duckdb", action)], stdout=subprocess.PIPE, timeout=60, check=False)
    assert (tmp_path / "rows").read_text() == "1"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_a_notebook_shows_progress_and_keeps_nothing_of_it(kind: str) -> None:
    shown: list[str] = []

    class Client(NotebookClient):  # type: ignore[misc]
        def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
            if msg["msg_type"] in ("display_data", "update_display_data"):
                shown.append(msg["content"]["data"]["text/plain"])
            return super().process_message(msg, cell, cell_index)

    code = script(kind, f"engine.arrow({LONG[kind]!r}, one)\nprint('done')")
    cell = nbformat.v4.new_code_cell("import sys\nsys.modules['ipywidgets'] = None\n" + code)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    Client(notebook, kernel_name="python3", timeout=120).execute()
    assert any(line.startswith("query: 00:0") for line in shown)
    outputs = notebook.cells[0].outputs
    kept = [output for output in outputs if output["output_type"] == "display_data"]
    assert [output["data"] for output in kept] == [{"text/plain": ""}]
    streams = "".join(output["text"] for output in outputs if output["output_type"] == "stream")
    assert streams.split() == ["ready", "done"]


def test_what_is_counted_is_shown_with_its_total(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objectiv_local.progress.DELAY", 0.0)
    monkeypatch.setattr("objectiv_local.progress.INTERVAL", 0.0)
    with options(progress=True), counting("orders to copy", 4, "rows") as count:
        count(1)
        with Progress().watched() as tick:  # a nested query
            assert tick is not None
            tick(1.0)
        count(2)
    shown = capsys.readouterr().err
    last = re.findall(r"(\S.*?): +(\d+)%.*?(\d of \d rows)", shown.replace("\r", "\n"))[-1]
    assert last == ("orders to copy", "75", "3 of 4 rows")
    assert "query" not in shown
    assert shown.endswith("\r")


def test_nothing_is_shown_before_the_delay_and_time_of_others_does_not_count(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("objectiv_local.progress.DELAY", 0.2)
    progress = Progress()
    with options(progress=True):
        with progress.watched(last=False) as tick:
            assert tick is not None
            time.sleep(0.1)
            tick(0.1)
        time.sleep(0.3)  # what the reader of a stream does
        with progress.watched(last=False) as tick:
            assert tick is not None
            tick(0.09)
            assert capsys.readouterr().err == ""
            tick(0.01)
            assert "query: " in capsys.readouterr().err
    progress.close()


def test_other_threads_are_not_watched() -> None:
    seen = []

    def look() -> None:
        with options(progress=True), Progress().watched() as tick:
            seen.append(tick)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [None]
