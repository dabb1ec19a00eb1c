"""Sequences of locations as features: the counts of steps and of runs of consecutive steps per user."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.utils.validation import check_is_fitted

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Column,
    Extend,
    Filter,
    Join,
    JoinSide,
    Node,
    Ordering,
    Select,
    Union,
    aggregation,
    call,
    cast,
    common_type,
    frame_of,
    joined,
    literal,
    over,
    state_of,
)
from objectiv_local.ml.columns import check_comparable, check_instant, checked_column, listed
from objectiv_local.ml.expressions import real
from objectiv_local.ml.features.locations import check_most, with_locations
from objectiv_local.ml.fetching import fetched, one_snapshot
from objectiv_local.types import FLOAT64, INT64, STRING, Type, python_value, type_of_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Maximum number of consecutive steps in a term.
MOST_STEPS = 20


@checked
class SequenceCounts(BaseEstimator):
    """The counts, or tf-idf, of steps and runs of consecutive steps in the sequences of entities, as a sparse matrix.

    The sequence of an entity is its locations sorted by ``time`` and then by ``key``, by default the index of the frame. A
    term is a location or a run of consecutive ones; ``ngram_range`` is the minimum and maximum length of runs. The name of a
    term is its locations joined with ``separator``. ``location`` is the name of a column as in ``location_counts``. Events
    without an entity, a time or a location are removed from the sequences.

    The other parameters are those of scikit-learn's CountVectorizer and TfidfTransformer: ``min_df`` and ``max_df`` omit
    terms of few or many entities (an integer count, or a fraction as a float), ``max_features`` keeps the most frequent terms
    (ties are broken by name), and ``binary`` counts a term once per entity. With ``tfidf``, ``norm``, ``use_idf``,
    ``smooth_idf`` and ``sublinear_tf`` determine the weights.

    After ``fit``: ``vocabulary_`` maps each term, sorted by name, to its column, ``terms_`` has their locations, and ``idf_``
    their weights with ``tfidf``.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> events = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({
    ...     "user_id": [1, 1, 1, 2], "moment": pandas.date_range("2022-01-01", periods=4), "page": ["a", "b", "a", "b"]}))
    >>> counts = SequenceCounts(location="page", ngram_range=(1, 2))
    >>> counts.fit_transform(events).toarray().tolist()
    [[2, 1, 1, 1], [0, 0, 1, 0]]
    >>> counts.get_feature_names_out().tolist()
    ['a', 'a > b', 'b', 'b > a']
    """

    def __init__(
        self,
        *,
        entity: str = "user_id",
        time: str = "moment",
        key: str | Sequence[str] | None = None,
        location: str | None = None,
        ngram_range: tuple[int, int] = (1, 1),
        separator: str = " > ",
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        binary: bool = False,
        tfidf: bool = False,
        norm: str | None = "l2",
        use_idf: bool = True,
        smooth_idf: bool = True,
        sublinear_tf: bool = False,
    ) -> None:
        self.entity = entity
        self.time = time
        self.key = key
        self.location = location
        self.ngram_range = ngram_range
        self.separator = separator
        self.min_df = min_df
        self.max_df = max_df
        self.max_features = max_features
        self.binary = binary
        self.tfidf = tfidf
        self.norm = norm
        self.use_idf = use_idf
        self.smooth_idf = smooth_idf
        self.sublinear_tf = sublinear_tf

    def fit(self, X: DataFrame, y: object = None) -> Self:
        """Learn the terms of the sequences of a frame of events, and their weights. Two queries over the same rows.

        Raises InvalidValue if no term is left, and if two terms have the same name.
        """
        self._checked()
        terms, steps = self._terms(X), self._steps()
        state = state_of(X)
        frequent = Aggregate(
            terms,
            tuple((step, terms.column(step)) for step in steps),
            (("total", aggregation("sum", terms.column("count"))), ("entities", aggregation("size"))),
            "terms",
        )
        with one_snapshot(X):
            entities = self._entities(X)
            rows = fetched(state, frequent).to_pylist()
        names: dict[str, tuple[tuple[str, ...], int, int]] = {}
        for row in rows:
            parts = tuple(row[step] for step in steps if row[step] is not None)
            name = self.separator.join(parts)
            if name in names:
                raise InvalidValue(f"two terms are named {name!r}", hint="choose a separator that no location contains")
            names[name] = (parts, int(row["total"]), int(row["entities"]))
        kept = self._kept(names, len(entities))
        if not kept:
            raise InvalidValue(
                "no terms are left: there are no sequences, or min_df and max_df exclude all",
                hint="lower min_df, or raise max_df",
            )
        self.vocabulary_ = {name: number for number, name in enumerate(kept)}
        self.terms_ = [list(names[name][0]) for name in kept]
        if self.tfidf and self.use_idf:
            # Computed as in scikit-learn, from the same integers.
            found = np.array([names[name][2] for name in kept], dtype="float64") + float(self.smooth_idf)
            self.idf_ = np.log((len(entities) + int(self.smooth_idf)) / found) + 1.0
        elif hasattr(self, "idf_"):
            del self.idf_
        return self

    def transform(self, X: DataFrame, entities: Sequence[object] | None = None) -> csr_matrix:
        """Return the weights of the terms as a sparse matrix with one row per entity and one column per term.

        Rows are the entities of the events in ascending order, as ``entities`` returns them, or the given entities in their
        order. An entity without a known term, or without events, has a row of zeros. Unknown terms are ignored. Counts are
        integers, and tf-idf weights floats.
        """
        check_is_fitted(self, "vocabulary_")
        self._checked()
        plan, state = self._numbered(X), state_of(X)
        given = None if entities is None else _given(entities, state.plan.types[self.entity])
        with one_snapshot(X) if given is None else nullcontext():
            rows = self._entities(X).tolist() if given is None else given
            table = fetched(state, plan)
        place = {value: number for number, value in enumerate(rows)}
        if len(place) != len(rows):
            raise InvalidValue("an entity is given twice")
        owners = [place.get(value, -1) for value in table.column("entity").to_pylist()]
        row = np.array(owners, dtype="int64")
        known = row >= 0
        column = table.column("term").to_numpy().astype("int64")[known]
        counts = table.column("count").to_numpy().astype("int64")[known]
        matrix = csr_matrix((counts, (row[known], column)), shape=(len(rows), len(self.vocabulary_)))
        matrix.sort_indices()
        if not self.tfidf:
            return matrix
        weights = TfidfTransformer(
            norm=self.norm, use_idf=self.use_idf, smooth_idf=self.smooth_idf, sublinear_tf=self.sublinear_tf
        )
        weights.n_features_in_ = len(self.vocabulary_)
        if self.use_idf:
            weights.idf_ = self.idf_
        return csr_matrix(weights.transform(matrix.astype("float64")))

    def fit_transform(self, X: DataFrame, y: object = None) -> csr_matrix:
        """Return the result of ``transform`` for the events from which the terms were learned."""
        return self.fit(X).transform(X)

    def triples(self, X: DataFrame) -> DataFrame:
        """Return the weights as a lazy frame of ``entity``, ``term`` (the column) and ``weight``, for use in the database.

        There is one row for each weight other than 0. Sums of squares of floats depend on the order of addition, so tf-idf
        with a norm agrees with ``transform`` to about 15 digits; counts are equal.
        """
        check_is_fitted(self, "vocabulary_")
        self._checked()
        plan = self._numbered(X, weights=True)
        count = plan.column("count")
        if self.tfidf:
            weight = call("add", call("log", count), real(1)) if self.sublinear_tf else cast(count, FLOAT64)
            if self.use_idf:
                weight = call("mul", weight, plan.column("idf"))
            plan = Extend(plan, (("weight", weight),), "weighted")
            if self.norm is not None:
                value, partition = plan.column("weight"), (plan.column("entity"),)
                size = call("abs", value) if self.norm == "l1" else call("mul", value, value)
                total: Any = over(aggregation("sum", size), partition)
                plan = Extend(plan, (("size", total),), "sizes")
                whole: Any = plan.column("size") if self.norm == "l1" else call("sqrt", plan.column("size"))
                plan = Extend(plan, (("weight", call("truediv", plan.column("weight"), whole)),), "normed")
        else:
            plan = Extend(plan, (("weight", count),))
        return frame_of(state_of(X).with_rows(plan, ("entity", "term")), ["weight"])

    def entities(self, X: DataFrame) -> NDArray[Any]:
        """Return the entities of the rows that ``transform`` returns for these events. One query."""
        self._checked()
        self._terms(X)
        return self._entities(X)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:
        """Return the names of the terms, in the order of the columns."""
        check_is_fitted(self, "vocabulary_")
        return np.array(list(self.vocabulary_), dtype=object)

    # ---- the program

    def _checked(self) -> None:
        least, most = self.ngram_range if isinstance(self.ngram_range, tuple | list) and len(self.ngram_range) == 2 else (0, 0)
        if not (isinstance(least, int) and isinstance(most, int) and 1 <= least <= most <= MOST_STEPS):
            raise InvalidValue(
                f"ngram_range has to be two numbers of steps from 1 to {MOST_STEPS} in ascending order, not "
                f"{self.ngram_range!r}",
                hint="(1, 3) counts runs of one to three consecutive steps",
            )
        if not isinstance(self.separator, str) or not self.separator:
            raise InvalidType(f"separator has to be a non-empty string, not {self.separator!r}")
        if self.norm not in ("l1", "l2", None):
            raise InvalidValue(f"norm has to be 'l1', 'l2' or None, not {self.norm!r}")
        check_most(self.max_features)
        for name, bound in (("min_df", self.min_df), ("max_df", self.max_df)):
            if (
                isinstance(bound, bool)
                or not isinstance(bound, int | float)
                or bound < 0
                or (isinstance(bound, float) and bound > 1)
            ):
                raise InvalidValue(
                    f"{name} has to be a whole number of entities, or a fraction as a float from 0.0 to 1.0, not {bound!r}"
                )

    def _kept(self, names: dict[str, tuple[tuple[str, ...], int, int]], entities: int) -> list[str]:
        """Return the names of the terms to keep, sorted."""
        least = self.min_df * entities if isinstance(self.min_df, float) else self.min_df
        most = self.max_df * entities if isinstance(self.max_df, float) else self.max_df
        kept = [name for name, (_, _, found) in names.items() if least <= found <= most]
        if self.max_features is not None:
            # With binary, scikit-learn counts entities.
            often = {name: names[name][2] if self.binary else names[name][1] for name in kept}
            kept = sorted(kept, key=lambda name: (-often[name], name))[: self.max_features]
        return sorted(kept)

    def _steps(self) -> list[str]:
        return [f"step_{number}" for number in range(1, self.ngram_range[1] + 1)]

    def _terms(self, X: DataFrame) -> Aggregate:
        """Return the counts of terms: one row per entity and term, with the steps of the term, and NULL after its last step."""
        location: Series | str | None = self.location
        events, label = with_locations(X, self.entity, location, type(self).__name__)
        check_instant(events, checked_column(events, self.time, "time"))
        levels = events.index_columns if self.key is None else listed(self.key)
        for level in levels:
            check_comparable(events, checked_column(events, level, "key"), "key")
        names = dict.fromkeys((self.entity, self.time, *levels, label))
        plan: Node = state_of(events).plan
        known = joined("and", [call("not_null", plan.column(name)) for name in (self.entity, self.time, label)])
        plan = Filter(plan, known, "steps_of_entities")
        plan = Select(plan, tuple((name, plan.column(name)) for name in names), "steps_of_entities")
        steps = self._steps()
        # Events that tie in time and key are ordered by location, in the same way on every engine.
        order = [Ordering(plan.column(name)) for name in (self.time, *levels, label) if name != self.entity]
        entity = plan.column(self.entity)
        following = tuple(
            (
                step,
                plan.column(label)
                if distance == 0
                else over(aggregation("lead", plan.column(label), literal(distance), literal(None, STRING)), (entity,), order),
            )
            for distance, step in enumerate(steps)
        )
        plan = Select(plan, (("entity", entity), *following), "sequences")
        parts = [self._of_length(plan, length) for length in range(self.ngram_range[0], self.ngram_range[1] + 1)]
        columns = ("entity", *steps)
        runs = parts[0] if len(parts) == 1 else Union(tuple(parts), columns, "runs")
        count = aggregation("max", literal(1)) if self.binary else aggregation("size")
        return Aggregate(runs, tuple((name, runs.column(name)) for name in columns), (("count", count),), "terms_of_entities")

    def _of_length(self, sequences: Node, length: int) -> Node:
        """Return the runs of one length, from the sequences that are long enough."""
        steps = self._steps()
        kept = sequences if length == 1 else Filter(sequences, call("not_null", sequences.column(steps[length - 1])))
        return Select(
            kept,
            (
                ("entity", kept.column("entity")),
                *(
                    (step, kept.column(step) if number <= length else literal(None, STRING))
                    for number, step in enumerate(steps, 1)
                ),
            ),
            "runs",
        )

    def _numbered(self, X: DataFrame, *, weights: bool = False) -> Node:
        """Return the counts of known terms, with the number of the term, and its idf with ``weights``."""
        import pyarrow as pa

        terms, steps = self._terms(X), self._steps()
        columns = {
            step: pa.array([each[number] if number < len(each) else None for each in self.terms_], pa.string())
            for number, step in enumerate(steps)
        }
        with_idf = weights and self.tfidf and self.use_idf
        table = pa.table(
            {
                **columns,
                "term": pa.array(range(len(self.terms_)), pa.int64()),
                **({"idf": pa.array(self.idf_, pa.float64())} if with_idf else {}),
            }
        )
        loaded = DataFrame.from_arrow(state_of(X).connected(), table, name="vocabulary")
        sides: list[tuple[str, JoinSide, tuple[str, str]]] = [
            ("entity", "left", ("entity", "entity")),
            ("term", "right", ("term", "term")),
            ("count", "left", ("count", "count")),
        ]
        sides += [("idf", "right", ("idf", "idf"))] if with_idf else []
        return Join(
            terms,
            state_of(loaded).plan,
            "inner",
            tuple((step, step) for step in steps),
            tuple(sides),
            nulls_match=len(steps) > 1,
            step="known_terms",
            key=("entity", "term"),
        )

    def _entities(self, X: DataFrame) -> NDArray[Any]:
        state = state_of(X)
        known = Filter(state.plan, call("not_null", state.column(self.entity)))
        one = Aggregate(known, (("entity", state.column(self.entity)),), (), "entities")
        frame = frame_of(state.with_rows(one, (), (Ordering(Column("entity", one.types["entity"])),)), ["entity"])
        return _as_array(frame.to_arrow().column("entity").to_pylist(), one.types["entity"])


def _as_array(values: list[Any], type_: Type) -> NDArray[Any]:
    if type_ == INT64:
        return np.array(values, dtype="int64")
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _given(values: Any, type_: Type) -> list[Any]:
    """Return entities that a caller names as fetched values. Raises InvalidType for values of another type."""
    if isinstance(values, DataFrame | Series | str):
        raise InvalidType("entities have to be a list or an array", hint="fetch them first, as with to_pandas()")
    found = values.tolist() if hasattr(values, "tolist") else list(values)
    for value in {type(each): each for each in found}.values():
        own = None if value is None else type_of_value(python_value(value))
        if own is None or (
            own.name != type_.name and (own, type_.name) != (STRING, "uuid") and common_type([own, type_]) is None
        ):
            raise InvalidType(f"the entities are {type_}, and {value!r} is {own or 'missing'}")
    return [str(value) if isinstance(value, uuid.UUID) else value for value in found]
