"""Splitting rows into train and test sets and into folds by a hash of their key, the same on every engine and in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from sklearn.model_selection import BaseCrossValidator

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Filter,
    Ordering,
    aggregation,
    call,
    cast,
    frame_of,
    joined,
    literal,
    over,
    state_of,
    unused_name,
)
from objectiv_local.ml.columns import checked_column, listed
from objectiv_local.ml.fetching import fetched
from objectiv_local.ml.key import HASHES, checked_seed, key_columns, key_number, key_numbers
from objectiv_local.types import FLOAT64, python_value

__all__ = ["HashKFold", "folds", "key_number", "key_numbers", "split"]


@checked
def split(
    frame: DataFrame,
    *,
    key: str | Sequence[str],
    test_size: float = 0.25,
    seed: int = 0,
    stratify: str | Sequence[str] | None = None,
) -> tuple[DataFrame, DataFrame]:
    """Return the rows of a frame as two lazy frames, train and test; all rows with the same key are in the same one.

    ``key`` names data columns or index levels of integers, strings, bools, UUIDs, dates or timestamps. A key is in the test
    set if its hash with ``seed`` is among the lowest fraction ``test_size`` of all possible hashes, so this does not depend
    on other keys and is the same on every engine. About that fraction of the keys is in the test set, not exactly.

    ``stratify`` names labels that are the same in all rows of a key; NULL is a label. Each label then contributes the
    fraction ``test_size`` of its own keys, rounded to the nearest integer (halves up): those with the lowest hashes. A label
    with few keys may contribute none. Whether a key is in the test set then depends on the other keys of its label.

    One query counts missing keys, and keys with two labels, when the frames are created. Rows with a missing key, possible
    only in a frame without a connection or one whose table changes later, are in neither frame.

    Raises InvalidType for keys of other types (the text of a float differs between engines) and for labels that are floats, and
    InvalidValue for a missing key, a key with two labels, and a ``test_size`` that is not between 0 and 1.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> visits = pandas.DataFrame({"user": ["ann", "bob", "cy", "ann", "dan", "eve"], "pages": [1, 2, 3, 4, 5, 6]})
    >>> train, test = split(DataFrame.from_pandas(duckdb.connect(), visits), key="user", test_size=0.4, seed=1)
    >>> sorted(train.user.to_pandas()), sorted(test.user.to_pandas())
    (['bob', 'cy', 'dan', 'eve'], ['ann', 'ann'])
    """
    share = _share(test_size)
    number = key_number(frame, key, seed)
    names, labels = key_columns(frame, key), _labels(frame, stratify)
    if frame.engine is not None:
        _check(frame, names, labels)
    if not labels:
        cut = literal(math.floor(share * HASHES))
        return _kept(frame, call("ge", number, cut), "train"), _kept(frame, call("lt", number, cut), "test")
    wide, is_test = _stratified(frame, number, labels, share)
    return _kept(wide, call("not", is_test), "train"), _kept(wide, is_test, "test")


@checked
def folds(frame: DataFrame, *, key: str | Sequence[str], n_splits: int = 5, seed: int = 0, name: str = "fold") -> DataFrame:
    """Return the frame with an int64 column of fold numbers from 0; all rows with the same key are in the same fold.

    ``key`` and ``seed`` are those of :func:`split`. The fold of a key depends only on the key, so folds have about the same
    size, and are the same on every engine and for :class:`HashKFold`.

    One query counts missing keys when the frame is created. Raises InvalidType for keys of other types, and InvalidValue for a
    missing key, for ``n_splits`` below 2, and if the frame already has a column ``name``.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> visits = pandas.DataFrame({"user": ["ann", "bob", "cy", "ann"], "pages": [1, 2, 3, 4]})
    >>> folds(DataFrame.from_pandas(duckdb.connect(), visits), key="user", n_splits=3).fold.to_pandas().tolist()
    [1, 0, 2, 1]
    """
    n_splits = checked_splits(n_splits)
    if not isinstance(name, str) or not name:
        raise InvalidType(f"name has to be the name of the new column, not {name!r}")
    if name in frame.all_series:
        raise InvalidValue(f"the frame has a column {name!r}", hint="pass another name, or drop the column first")
    number = key_number(frame, key, seed)
    if frame.engine is not None:
        _check(frame, key_columns(frame, key), [])
    state = state_of(frame).extended([(name, call("mod", number, literal(n_splits)))], "folds")
    return frame_of(state, [*frame.data_columns, name])


def checked_splits(n_splits: object) -> int:
    """Return a number of folds. Raises InvalidType for a value that is not an integer, and InvalidValue below 2."""
    n_splits = python_value(n_splits)
    if isinstance(n_splits, bool) or not isinstance(n_splits, int):
        raise InvalidType(f"n_splits has to be a whole number, not {n_splits!r}")
    if n_splits < 2:
        raise InvalidValue(f"n_splits has to be at least 2, not {n_splits}", hint="one part to train on and one to test on")
    return n_splits


class HashKFold(BaseCrossValidator):
    """A splitter for scikit-learn's cross-validation in memory, with the same folds as :func:`folds` for the same keys.

    ``groups`` are the keys: an array, a list, or a column of pandas, polars or Arrow; for keys of several columns, a table, a
    two-dimensional array, or a list of tuples. Rows with the same key are in the same fold. Raises InvalidValue for a missing
    key, and for a fold without rows, as can happen with few keys.

    >>> import numpy
    >>> users = numpy.array(["ann", "bob", "cy", "ann"])
    >>> for train, test in HashKFold(n_splits=2).split(numpy.zeros((4, 1)), groups=users):
    ...     print(train, test)
    [0 3] [1 2]
    [1 2] [0 3]
    """

    # With metadata routing, this splitter receives groups without requesting them.
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def __init__(self, n_splits: int = 5, seed: int = 0) -> None:
        self.n_splits = n_splits
        self.seed = seed

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        return checked_splits(self.n_splits)

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Any, Any]]:
        """Yield for each fold the positions of its train rows and of its test rows."""
        checked_splits(self.n_splits)
        checked_seed(self.seed)
        if isinstance(X, DataFrame):
            raise InvalidType(
                "HashKFold splits rows in memory, but X is a frame",
                hint="use ml.folds(frame, key=..., n_splits=...), or fetch it with ml.xy",
            )
        if groups is None:
            raise InvalidValue("HashKFold needs keys", hint="pass them as groups=")
        return super().split(X, y, groups)  # type: ignore[no-any-return]

    def _iter_test_masks(self, X: Any = None, y: Any = None, groups: Any = None) -> Iterator[Any]:
        fold = key_numbers(groups, self.seed) % self.n_splits
        sizes = [int((fold == number).sum()) for number in range(self.n_splits)]
        if not all(sizes):
            raise InvalidValue(f"fold {sizes.index(0)} of {self.n_splits} has no rows", hint="use fewer folds or another seed")
        return (fold == number for number in range(self.n_splits))


# ---- the parts of a split


def _share(test_size: object) -> float:
    test_size = python_value(test_size)
    if isinstance(test_size, bool) or not isinstance(test_size, int | float):
        raise InvalidType(f"test_size has to be a fraction of the keys, not {test_size!r}")
    if not 0 < test_size < 1:
        raise InvalidValue(
            f"test_size has to be above 0 and below 1, not {test_size!r}",
            hint="it is a fraction of the keys: 0.25 is a quarter",
        )
    return float(test_size)


def _labels(frame: DataFrame, stratify: str | Sequence[str] | None) -> list[str]:
    if stratify is None:
        return []
    names = [checked_column(frame, name, "stratify") for name in listed(stratify)]
    for name in names:
        type_ = state_of(frame).plan.types[name]
        if type_.name in ("float64", "json", "numeric_interval"):
            raise InvalidType(
                f"the labels {name!r} are {type_}, which cannot be classes",
                hint="cast it with astype('int64'), or cut it into classes first",
            )
    if not names or len(set(names)) != len(names):
        raise InvalidValue("stratify needs distinct column names")
    return names


def _kept(frame: DataFrame, condition: Expr, step: str) -> DataFrame:
    state = state_of(frame)
    return frame_of(state.with_plan(Filter(state.plan, condition, step)), frame.data_columns)


def _stratified(frame: DataFrame, number: Expr, labels: list[str], share: float) -> tuple[DataFrame, Expr]:
    """Return the frame with columns to identify test rows, and the condition for them: a low hash among the keys of a label."""
    state = state_of(frame)
    hashed, place, keys = (unused_name(name, state.plan.types) for name in ("key_number", "place_in_label", "keys_of_label"))
    state = state.extended([(hashed, number)], "hashed")
    within = [state.column(name) for name in labels]
    state = state.extended([(place, over(aggregation("dense_rank"), within, [Ordering(state.column(hashed))]))], "ranked")
    within = [state.column(name) for name in labels]
    state = state.extended([(keys, over(aggregation("max", state.column(place)), within))], "counted")
    wanted = call("floor", call("add", call("mul", cast(state.column(keys), FLOAT64), literal(share)), literal(0.5)))
    return frame_of(state, frame.data_columns), call("le", cast(state.column(place), FLOAT64), wanted)


def _check(frame: DataFrame, names: list[str], labels: list[str]) -> None:
    """Raise InvalidValue for rows without a key, or keys with two labels. One query."""
    state = state_of(frame)
    plan = state.plan
    rows = aggregation("size")
    if labels:
        # One row for each key and label, and from these one for each key.
        rows_name, labels_name = (unused_name(name, plan.types) for name in ("rows", "labels"))
        keys = dict.fromkeys((*names, *labels))
        both = Aggregate(plan, tuple((name, plan.column(name)) for name in keys), ((rows_name, rows),))
        plan = Aggregate(
            both,
            tuple((name, both.column(name)) for name in names),
            ((rows_name, aggregation("sum", both.column(rows_name))), (labels_name, aggregation("size"))),
        )
        rows = aggregation("sum", plan.column(rows_name))
    known = joined("and", [call("not_null", plan.column(name)) for name in names])
    missing = call("not", known)
    counted = [("missing", aggregation(rows.op, *rows.args, where=missing))]
    if labels:
        several = call("and", known, call("gt", plan.column(labels_name), literal(1)))
        counted.append(("several", aggregation("size", where=several)))
    total = Aggregate(plan, (), tuple(counted))
    row = fetched(state, total).to_pylist()[0]
    shown = ", ".join(map(repr, names))
    if row["missing"]:
        raise InvalidValue(
            f"the key {shown} is missing in {row['missing']} rows",
            hint="drop these rows with dropna, fill the key, or use another key",
        )
    if row.get("several"):
        raise InvalidValue(
            f"{row['several']} keys have two or more labels in {', '.join(map(repr, labels))}",
            hint="stratify by a column that is the same in all rows of a key",
        )
