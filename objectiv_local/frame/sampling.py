"""Samples: a subset of rows that is the same on every engine and in every run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame.handles import make_frame
from objectiv_local.frame.materialize import on_table
from objectiv_local.frame.series.base import Series
from objectiv_local.frame.state import with_one_value_each
from objectiv_local.frame.stored import stored_by
from objectiv_local.plan.expr import Expr, Ordering, aggregation, call, cast, literal, over
from objectiv_local.plan.nodes import Filter, Limit, Node, Select
from objectiv_local.plan.rewrite import rebuild
from objectiv_local.plan.variables import variables
from objectiv_local.types import FLOAT64, INT64, INT64_MAX, STRING

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

#: The number of values of a 60-bit hash; a sample keeps the rows with hashes below a fraction of it.
_HASHES = 2**60


def get_sample(
    self: DataFrame,
    table_name: str | None = None,
    filter: Series | None = None,
    sample_percentage: float | None = None,
    *,
    overwrite: bool = False,
    seed: int | None = None,
) -> DataFrame:
    """Return a frame over some of the rows, for developing a program; ``get_unsampled`` then applies it to all rows.

    The rows are those for which ``filter`` is true, or a sample of ``sample_percentage`` percent: those with a low hash of the
    index and ``seed``, so the same rows on every engine and in every run. Frames without an index are hashed by all columns, so
    equal rows are sampled together. The sample is stored in a temporary table of the connection, or with ``table_name`` in a
    table of the database, which needs a connection with write access.
    """
    self._state.rows("get_sample")
    if overwrite and table_name is None:
        raise InvalidValue("overwrite needs table_name", hint="pass table_name, or omit overwrite")
    if filter is not None and (sample_percentage is not None or seed is not None):
        raise InvalidValue("a sample needs a filter or a percentage, not both", hint="filter the frame first")
    if filter is not None:
        sampled = self[filter]
    else:
        if (
            isinstance(sample_percentage, bool)
            or not isinstance(sample_percentage, int | float)
            or not (0 < sample_percentage <= 100)
        ):
            raise InvalidValue(
                f"sample_percentage has to be above 0 and at most 100, not {sample_percentage!r}",
                hint="or pass filter=, a bool series",
            )
        limit = round(sample_percentage / 100 * _HASHES)
        number = call("hash", _hashed(self, 0 if seed is None else seed))
        sampled = self._rows(Filter(self._state.plan, call("lt", number, literal(limit)), "sample"))
    names = [*self.index_columns, *self.data_columns]
    whole = Select(self._state.plan, tuple((name, self._state.column(name)) for name in names), "unsampled")
    engine = self._state.connected()
    with sampled._state.with_plan(sampled._state.plan, ()).running(names) as run:
        if table_name is None:
            stored = engine.create_table("sample", run.statement.sql)
        else:
            stored = engine.create_table(table_name, run.statement.sql, temporary=False, replace=overwrite)
    made = on_table(sampled, stored)
    stored_by(engine).samples[made._state.plan] = whole
    return made


def sample(self: DataFrame, n: int | None = None, frac: float | None = None, *, random_state: int = 0) -> DataFrame:
    """Return ``n`` of the rows, by default one, or a fraction ``frac`` of them, rounded to a whole number of rows.

    The choice depends only on the values of the rows and on ``random_state``, so it is the same on every engine and in each
    run. The rows are in the order of the frame. Lazy, unlike ``get_sample``, which stores the rows in a table and can be
    undone with ``get_unsampled``.

    Differs from pandas: the rows are the same each time even without ``random_state``; a frame with fewer than ``n`` rows is
    returned whole; rows are sampled without replacement and with equal weights.
    """
    state = self._state.rows("sample")
    if n is not None and frac is not None:
        raise InvalidValue("a sample needs n or frac, not both", hint="pass a number of rows or a fraction of them")
    names = [name for name in (*self.index_columns, *self.data_columns) if state.plan.types[name].name != "json"]
    drawn = (Ordering(call("hash", _hashed(self, random_state, names))),)
    if frac is None:
        if n is not None and not 0 <= n <= INT64_MAX:
            raise InvalidValue(f"n has to be a non-negative whole number, not {n!r}")
        return self._rows(Limit(state.plan, drawn, 1 if n is None else n, 0))
    if not 0 <= frac <= 1:
        raise InvalidValue(
            f"frac has to be from 0 to 1, not {frac!r}", hint="rows are sampled without replacement; n is a number of rows"
        )
    place = over(aggregation("row_number"), (), drawn)
    wanted = call("round", call("mul", cast(over(aggregation("size")), FLOAT64), literal(float(frac))), literal(0))
    return self._rows(Filter(state.plan, call("le", place, cast(wanted, INT64)), "sample"))


def _hashed(frame: DataFrame, seed: int, names: Sequence[str] = ()) -> Expr:
    """Return the string that is hashed to sample a row: of these columns, else of the index, else of all columns."""
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise InvalidType(f"seed has to be a whole number, not {seed!r}")
    names = (
        names or frame.index_columns or [name for name in frame.data_columns if frame._state.plan.types[name].name != "json"]
    )
    text: Expr = literal(str(seed))
    for name in names:
        column = frame._state.column(name)
        part = call("total_seconds", column) if column.type.name == "timedelta" else column
        if part.type.name == "numeric_interval":
            raise NotSupported(f"a sample by {name!r}, which is {part.type}, is not supported", hint="set another index")
        shown = part if part.type == STRING else cast(part, STRING)
        text = call("concat", text, call("concat", literal("|"), call("coalesce", shown, literal(""))))
    return text


def get_unsampled(self: DataFrame) -> DataFrame:
    """Return the same program over all rows instead of the sample. Raises InvalidValue without a sample."""
    self._state.rows("get_unsampled")
    samples = {} if self._state.engine is None else stored_by(self._state.engine).samples
    found = False

    def change(old: Node, node: Node) -> Node:
        nonlocal found
        if old in samples:
            found = True
        return samples.get(old, node)

    plan = rebuild(self._state.plan, change)
    if not found:
        raise InvalidValue("the frame was not made from a sample", hint="create one with df.get_sample(sample_percentage=...)")
    unsampled = replace(self._state, plan=plan, variables=tuple(variables(plan)))
    _, state, _ = with_one_value_each(self._state, unsampled)
    return make_frame(state, self._columns)
