"""Configuration of our DuckDB connections: the files that they may read, and the optimizer rules that are disabled."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from objectiv_local.progress import is_watched

if TYPE_CHECKING:
    import duckdb

    from objectiv_local.engines.duckdb.files import Reach

#: Optimizer rules that return wrong rows in DuckDB 2.0.0 and 2.0.1 (tests/engines/test_faults.py). With ``common_subplan``, two
#: different projections of a VALUES subquery joined to itself count as equal if they are appended, ordered and limited. With
#: ``top_n_window_elimination``, the first rows of each group, by their row number, get wrong values of ``file_row_number`` and
#: ``filename``; mostly, these are of the wrong type, which ends in an internal error.
_WRONG_OPTIMIZERS = ("common_subplan", "top_n_window_elimination")


def confine(connection: duckdb.DuckDBPyConnection, reach: Reach) -> None:
    """Permanently restrict a connection to the files of its target."""
    if not connection.execute("SELECT current_setting('enable_external_access')").fetchall()[0][0]:
        return  # already done by another connection to the same file
    for name, paths in (("allowed_paths", reach.files), ("allowed_directories", reach.directories)):
        connection.execute(f"SET {name} = [{', '.join(map(text, paths))}]")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    connection.execute("SET enable_external_access = false")


def follow_progress(connection: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB track the progress of queries if it is displayed, without DuckDB's own progress bar.

    In a Jupyter kernel without ipywidgets, DuckDB's progress bar is off, and any attempt to set it fails.
    """
    import duckdb

    with suppress(duckdb.Error):
        connection.execute("SET enable_progress_bar_print = false")
        connection.execute(f"SET enable_progress_bar = {'true' if is_watched() else 'false'}")


def without_wrong(disabled: str) -> str:
    """Return a list of disabled optimizer rules, extended with those that return wrong rows."""
    steps = [step.strip() for step in disabled.split(",") if step.strip()]
    return ",".join([*steps, *(step for step in _wrong_optimizers() if step not in steps)])


@cache
def _wrong_optimizers() -> tuple[str, ...]:
    """Return the wrong rules that this release of DuckDB has; it rejects unknown names."""
    import duckdb

    with duckdb.connect() as connection:
        known = {row[0] for row in connection.execute("SELECT name FROM duckdb_optimizers()").fetchall()}
    return tuple(step for step in _WRONG_OPTIMIZERS if step in known)


def text(value: str) -> str:
    """Return a value as an SQL string."""
    return "'" + value.replace("'", "''") + "'"
