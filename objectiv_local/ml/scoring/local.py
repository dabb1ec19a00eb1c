"""Predictions that the model computes in this process, loaded and joined to the rows on the index."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Aggregate,
    Filter,
    Join,
    JoinSide,
    Source,
    aggregation,
    call,
    frame_of,
    joined,
    literal,
    new_name,
    state_of,
    typed_table,
)
from objectiv_local.ml.expressions import NUMBERS, number
from objectiv_local.ml.extract import batches
from objectiv_local.ml.scoring.pipeline import last_step
from objectiv_local.ml.scoring.rows import FLOAT32_LIMIT
from objectiv_local.ml.scoring.sql import family_of
from objectiv_local.ml.scoring.task import Task
from objectiv_local.types import FLOAT64, arrow_type

if TYPE_CHECKING:
    import pyarrow

#: The kind of a cell for a model: an ordinary value, missing, infinite, or infinite as a 32-bit float.
_MISSING, _INFINITE, _LARGE = 1, 2, 3


def locally(task: Task, reason: NotSupported | None) -> DataFrame:
    """Return the frame with the predictions of the model joined on the index. ``reason`` is why there is no SQL."""
    import pyarrow as pa

    frame = task.frame
    state_of(frame).connected()
    _check_index(frame, reason)
    caller = _Caller(task)
    indexes: list[pyarrow.Table] = []
    answers: list[Any] = []
    given: list[Any] = []
    for batch in batches(_numbers(task), features=task.features):
        found, mask = caller.answers(batch.X)
        if found is not None and not answers:
            # A name clash is detected before all rows are scored.
            task.names(None if found.ndim == 1 else found.shape[1])
        indexes.append(batch.index)
        answers.append(found)
        given.append(mask)
    table, dimensions = _filled(caller, answers, given)
    names = task.names(None if dimensions == 1 else table.shape[1])
    columns = [
        _column(table[:, position], np.concatenate(given) if given else np.zeros(0, bool)) for position in range(table.shape[1])
    ]
    typed, schema = typed_table(pa.table(columns, names=[f"answer_{position}" for position in range(len(columns))]))
    return _joined(frame, indexes, typed, [type_ for _, type_ in schema], names)


def _numbers(task: Task) -> DataFrame:
    """Return the index and the features, unordered, with numbers as floats, as they are in SQL."""
    frame = task.frame
    types = state_of(frame).plan.types
    state = replace(state_of(frame), order=())
    floats = [(name, number(frame, name)) for name in task.features if types[name].name in NUMBERS and types[name] != FLOAT64]
    return frame_of(state.extended(floats) if floats else state, task.features)


def _check_index(frame: DataFrame, reason: NotSupported | None) -> None:
    why = "" if reason is None else f"; {reason.what}, so rows are scored here"
    names = frame.index_columns
    if not names:
        raise InvalidValue(
            f"the predictions of a model are joined on the index, but the frame has none{why}",
            hint="set a unique index: df.set_index(...)",
        )
    state = state_of(frame)
    for name in names:
        if state.plan.types[name].name == "json":
            raise InvalidType(
                f"the predictions of a model cannot be joined on {name!r}, which is {state.plan.types[name]}{why}",
                hint="set another index: df.set_index(...)",
            )
    keys = tuple((name, state.column(name)) for name in names)
    taken = set(names)
    rows = new_name("rows", taken)
    groups = Aggregate(state.plan, keys, ((rows, aggregation("size")),))
    several = call("gt", groups.column(rows), literal(1))
    wrong = joined("or", [several, *(call("is_null", groups.column(name)) for name in names)])
    found = frame_of(state.with_rows(Filter(groups, wrong), ()), list(groups.types)).to_arrow(limit=1).to_pylist()
    if found:
        times = found[0].pop(rows)
        shown = ", ".join(f"{name}={value!r}" for name, value in found[0].items())
        what = f"occurs in {times} rows" if times > 1 else "contains a missing value"
        raise InvalidValue(
            f"the predictions of a model are joined on the index, but {shown} {what}{why}",
            hint="set a unique index without NULL: df.set_index(...)",
        )


class _Caller:
    """A model, called on the rows that it does not reject.

    Complete rows are scored in one call. Others are tried separately for each pattern of missing features, because a model may
    impute some features and reject rows in which others are missing.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.refused: set[bytes] = set()
        self.limit = _limit(task.model)
        self.takes_none = _takes_none(task.model)

    def answers(self, table: pyarrow.Table) -> tuple[Any, Any]:
        """Return the predictions, and which rows have one. Predictions are None if no row has one."""
        data = self._container(table)
        marks = _marks(table, self.limit)
        found: Any = None
        given = np.zeros(table.num_rows, dtype=bool)
        for pattern, chosen in _patterns(marks):
            values = self._called(data if chosen.all() else data[chosen], pattern)
            if values is None:
                continue
            if found is None:
                found = np.zeros((table.num_rows, *values.shape[1:]), dtype=values.dtype)
            if found.dtype != values.dtype:
                found = found.astype(np.promote_types(found.dtype, values.dtype))
            found[chosen] = values
            given |= chosen
        return found, given

    def _called(self, data: Any, pattern: Any) -> Any:
        complete = not pattern.any()
        if pattern.tobytes() in self.refused:
            return None
        try:
            with np.errstate(all="ignore"):
                return self._call(data)
        except ValueError as error:
            # scikit-learn's messages for rows that it rejects.
            if complete or not any(word in str(error) for word in ("NaN", "infinity", "missing value")):
                raise InvalidValue(f"{type(self.task.model).__name__}.{self.task.method} failed: {error}") from error
            self.refused.add(pattern.tobytes())
            return None

    def _call(self, data: Any) -> Any:
        found = getattr(self.task.model, self.task.method)(data)
        if isinstance(found, list) and found and getattr(found[0], "ndim", 0) == 2:
            raise NotSupported(
                f"{type(self.task.model).__name__} has several targets, for which {self.task.method} returns a table each",
                hint="score its predict, or fit a model for each target",
            )
        found = np.asarray(found)
        if found.ndim not in (1, 2) or len(found) != len(data):
            raise InvalidValue(
                f"{type(self.task.model).__name__}.{self.task.method} returned an array of shape {found.shape} "
                f"for {len(data)} rows",
                hint="it has to return one prediction per row",
            )
        return found

    def _container(self, table: pyarrow.Table) -> Any:
        import pandas as pd
        import pyarrow as pa

        # The same on every release of pandas: missing strings are NaN.
        text = {pa.string(): pd.StringDtype(na_value=np.nan)}
        data = table.to_pandas(types_mapper=text.get)
        for name in data.columns:
            if self.takes_none and isinstance(data[name].dtype, pd.StringDtype):
                data[name] = data[name].astype(object).where(data[name].notna(), None)
            # As in SQL, whatever the model would return for such a number.
            if data[name].dtype == np.float64 and (far := np.abs(data[name]) > self.limit).any():
                data[name] = np.where(far, np.sign(data[name]) * np.inf, data[name])
        return data if self.task.named else data.to_numpy()

    def example(self) -> Any:
        """Return predictions for no rows, with the right type and number of columns, for a frame without predictions."""
        import pyarrow as pa

        task = self.task
        types = state_of(task.frame).plan.types
        row = {name: pa.array([""] if types[name].name == "string" else [0.0]) for name in task.features}
        try:
            return self._call(self._container(pa.table(row)))[:0]
        except Exception:
            # A model that has no prediction for a made-up row.
            classes = np.asarray(task.classes or [0.0])
            if task.method == "predict":
                return classes[:0]
            several = task.method == "predict_proba" or len(classes) > 2
            return np.zeros((0, len(classes)) if several else 0)


def _limit(model: Any) -> float:
    """Return the largest absolute value that counts as finite, the same as in SQL if the model has one."""
    try:
        return family_of(last_step(model)).limit
    except NotSupported:
        return float("inf")


def _takes_none(model: Any) -> bool:
    """Return whether a model expects missing strings as None, because it was fitted to such rows; otherwise, they are NaN."""
    waiting, seen = [model], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, list | tuple):
            waiting += part
        elif hasattr(part, "get_params") and not isinstance(part, type):
            known = getattr(part, "categories_", None)
            if isinstance(known, list) and any(value is None for values in known for value in list(values)[-1:]):
                return True
            if getattr(part, "missing_values", math.nan) is None:
                return True
            waiting += vars(part).values()
    return False


def _patterns(marks: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each distinct row of marks, ordinary cells first, and which rows have it."""
    odd = np.flatnonzero(marks.any(axis=1))
    if len(odd) < len(marks):
        ordinary = np.ones(len(marks), dtype=bool)
        ordinary[odd] = False
        yield np.zeros(marks.shape[1], dtype=marks.dtype), ordinary
    patterns, of = np.unique(marks[odd], axis=0, return_inverse=True)
    for position, pattern in enumerate(patterns):
        chosen = np.zeros(len(marks), dtype=bool)
        chosen[odd[of.ravel() == position]] = True
        yield pattern, chosen


def _marks(table: pyarrow.Table, limit: float) -> Any:
    """Return the kind of each cell for a model."""
    import pyarrow as pa

    marks = np.zeros((table.num_rows, table.num_columns), dtype=np.uint8)
    for position, column in enumerate(table.columns):
        if pa.types.is_floating(column.type):
            values = column.to_numpy()
            marks[np.abs(values) >= FLOAT32_LIMIT, position] = _LARGE
            marks[np.isinf(values) | (np.abs(values) > limit), position] = _INFINITE
            marks[np.isnan(values), position] = _MISSING
        else:
            marks[column.is_null().to_numpy(), position] = _MISSING
    return marks


def _filled(caller: _Caller, answers: list[Any], given: list[Any]) -> tuple[Any, int]:
    """Return the predictions of all batches as one table, and their number of dimensions."""
    known = next((each for each in answers if each is not None), None)
    if known is None:
        known = caller.example()
    parts = [
        np.zeros((len(mask), *known.shape[1:]), dtype=known.dtype) if each is None else each
        for each, mask in zip(answers, given, strict=True)
    ]
    whole = np.concatenate(parts) if parts else known
    return whole.reshape(len(whole), *(whole.shape[1:] or (1,))), whole.ndim


def _column(values: Any, given: Any) -> pyarrow.Array:
    """Return predictions as an Arrow column, with NULL for rows without one."""
    import pyarrow as pa

    if values.dtype.kind in "OUS":
        texts = [value if has else None for value, has in zip(values.tolist(), given, strict=True)]
        return pa.array(texts, pa.string() if values.dtype.kind == "U" else None)
    return pa.array(np.ascontiguousarray(values), mask=~given)


def _joined(
    frame: DataFrame, indexes: list[pyarrow.Table], answers: pyarrow.Table, types: list[Any], names: list[str]
) -> DataFrame:
    """Return the frame with loaded predictions joined to it."""
    import pyarrow as pa

    state = state_of(frame)
    engine = state.connected()
    kinds = [state.plan.types[name].plain for name in state.index]
    if indexes:
        index = pa.concat_tables(indexes)
    else:
        index = pa.table([pa.array([], arrow_type(kind)) for kind in kinds], names=list(state.index))
    taken = {*state.plan.types, *names}
    keys = [new_name(f"{name}_scored", taken) for name in state.index]
    found = [new_name(f"{name}_found", taken) for name in names]
    # Under generated names, because class names may be invalid as names in an engine.
    labels = [f"c{position}" for position in range(len(keys) + len(found))]
    schema = tuple(zip(labels, [*kinds, *types], strict=True))
    stored = engine.load("answers", pa.table([*index.columns, *answers.columns], names=labels), schema)
    source = Source(
        stored.relation,
        tuple(
            (name, physical, type_name, type_)
            for name, (physical, type_name), (_, type_) in zip([*keys, *found], stored.columns, schema, strict=True)
        ),
        tuple(keys),
        id(engine),
        "answers",
    )
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in state.plan.types]
    columns += [(name, "right", (name, name)) for name in found]
    joined = Join(
        state.plan, source, "left", tuple(zip(state.index, keys, strict=True)), tuple(columns), False, "scored", state.plan.key
    )
    made = state.with_plan(joined)
    return frame_of(
        made.extended([(name, made.column(other)) for name, other in zip(names, found, strict=True)]),
        [*frame.data_columns, *names],
    )
