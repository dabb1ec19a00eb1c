"""What DuckDB connections are set to: our own for good, and a user's for the time of one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from objectiv_local.errors import ReadOnly

if TYPE_CHECKING:
    import duckdb

    from objectiv_local.engines.parquet import Reach

#: Optimizer steps that return wrong rows. With ``common_subplan``, DuckDB 2.0.0 and 2.0.1 take two projections of a step
#: that is joined to itself for the same one, when both are appended, ordered and limited (tests/engines/test_faults.py).
_WRONG_OPTIMIZERS = ("common_subplan",)

#: What our own connections are set to. Python variables are no tables.
_OWN = {"TimeZone": "UTC", "default_null_order": "postgres", "python_enable_replacements": "false"}

#: Kinds of statements that read. A SELECT that writes is refused by the transaction that it runs in.
READING = frozenset({"SELECT", "EXPLAIN"})

#: Kinds of statements that change no more than temporary tables and settings, in a transaction for reading.
TEMPORARY = READING | {"CREATE", "INSERT", "UPDATE", "DELETE", "DROP", "ALTER", "SET", "PRAGMA"}


def set_up(connection: duckdb.DuckDBPyConnection, settings: Mapping[str, str], reach: Reach | None) -> None:
    """Set a connection of our own up, and keep it from all files but those in ``reach``, for good."""
    for name, value in (_OWN | dict(settings) | {"disabled_optimizers": _without_wrong("")}).items():
        connection.execute(_set(name, value))
    # In a Jupyter kernel without ipywidgets the progress bar is off, and setting it, even to what it is, fails.
    if connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()[0][0]:
        connection.execute("SET enable_progress_bar = false")
    confined = not connection.execute("SELECT current_setting('enable_external_access')").fetchall()[0][0]
    if reach is None or confined:  # by another connection to the same file
        return
    for name, paths in (("allowed_paths", reach.files), ("allowed_directories", reach.directories)):
        connection.execute(f"SET {name} = [{', '.join(map(constant, paths))}]")
    for name in ("autoinstall_known_extensions", "autoload_known_extensions", "enable_external_access"):
        connection.execute(f"SET {name} = false")


@dataclass(slots=True)
class Guest:
    """A connection of the user's own while a statement of ours runs on it.

    Its settings are then ours. A connection for reading is held in a transaction in which DuckDB refuses writes, because a
    query may write too, in a WITH; in a transaction that the user began, that one decides.
    """

    connection: duckdb.DuckDBPyConnection
    _settings: list[str] = field(default_factory=list)
    _began: bool = False

    def enter(self, settings: Mapping[str, str], *, reading: bool) -> None:
        """Set the connection up for a statement."""
        names = [*settings, "disabled_optimizers"]
        listed = ", ".join(f"current_setting({constant(name)})::varchar" for name in names)
        *values, transaction = self.connection.execute(f"SELECT {listed}, txid_current()").fetchall()[0]
        found = dict(zip(names, values, strict=True))
        wanted = {**settings, "disabled_optimizers": _without_wrong(found["disabled_optimizers"])}
        changed = [name for name in names if found[name] != wanted[name]]
        self._settings = [_set(name, found[name]) for name in changed]
        if changed:
            self.connection.execute("; ".join(_set(name, wanted[name]) for name in changed))
        if reading and not in_transaction(self.connection, transaction):
            self._began = True
            self.connection.execute("BEGIN TRANSACTION READ ONLY")

    def leave(self, *, failed: bool) -> None:
        """Leave the connection as it was found."""
        import duckdb

        try:
            if self._began:
                self.connection.execute("ROLLBACK" if failed else "COMMIT")
        except duckdb.Error:
            if not failed:
                raise
        finally:
            if self._settings:
                self.connection.execute("; ".join(self._settings))


def in_transaction(connection: duckdb.DuckDBPyConnection, transaction: object = None) -> bool:
    """Return whether the user began a transaction. Trying to begin one would abort that of the user.

    Without one, each statement has a transaction of its own; ``transaction`` is that of the statement before.
    """
    asked = "SELECT txid_current()"
    before = connection.execute(asked).fetchall()[0][0] if transaction is None else transaction
    return bool(before == connection.execute(asked).fetchall()[0][0])


def kinds(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Return the kinds of the statements in a text, such as SELECT."""
    return [statement.type.name for statement in connection.extract_statements(sql)]


def check_kind(connection: duckdb.DuckDBPyConnection, sql: str, allowed: frozenset[str]) -> None:
    """Check that a text is one statement of an allowed kind, for a connection for reading.

    A second statement could end the transaction that the first one is held in, and a transaction for reading may write files
    and attach databases.
    """
    found = kinds(connection, sql)
    if found[1:] or not allowed.issuperset(found):
        raise ReadOnly(f"one statement that reads is expected, and the text is {' and '.join(found)}",
                       hint="connect(..., read_only=False) allows others; a temporary table needs no permission")


def _without_wrong(disabled: str) -> str:
    """Return a list of disabled optimizer steps, extended by those that return wrong rows."""
    steps = [step.strip() for step in disabled.split(",") if step.strip()]
    return ",".join([*steps, *(step for step in _wrong_optimizers() if step not in steps)])


@cache
def _wrong_optimizers() -> tuple[str, ...]:
    """Return those of the steps that this release of DuckDB has; it refuses names that it does not know."""
    import duckdb

    with duckdb.connect() as connection:
        known = {row[0] for row in connection.execute("SELECT name FROM duckdb_optimizers()").fetchall()}
    return tuple(step for step in _WRONG_OPTIMIZERS if step in known)


def _set(name: str, value: str) -> str:
    return f"SET {name} = {constant(value)}"


def constant(value: str) -> str:
    """Return a string constant of SQL."""
    return "'" + value.replace("'", "''") + "'"
