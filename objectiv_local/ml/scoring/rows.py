"""The rows of a frame while answers are computed: intermediate results are columns of steps, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Expr, call, case, literal, new_name, state_of
from objectiv_local.ml.expressions import as_float, number_of, real
from objectiv_local.types import FLOAT64

#: Numbers beyond this one count as infinite where a feature is read several times, so that no product of features and
#: weights leaves the floats: one engine has infinity there, the other an error. For the same reason, smaller ones than its
#: inverse count as 0 where they are multiplied.
LARGEST_FEATURE = 1e100
LEAST_FEATURE = 1e-100

#: The least double in absolute terms that is infinite as a float32.
FLOAT32_LIMIT = float((2.0 - 2.0**-24) * 2.0**127)


class Rows:
    """A state that grows: each step adds columns under names that nobody has taken."""

    def __init__(self, frame: DataFrame) -> None:
        self.state = state_of(frame)
        self.data_columns = frame.data_columns
        self.taken = {*state_of(frame).plan.types, *frame.data_columns}

    def keep(self, step: str, columns: Sequence[tuple[str, Expr]], *, once: bool = True) -> list[Expr]:
        """Return expressions as columns of a step of their own, in which they are computed ``once`` however often read."""
        named = [(new_name(name, self.taken), expr) for name, expr in columns]
        self.state = self.state.extended(named, step, once=once)
        return [self.state.column(name) for name, _ in named]

    def feature(self, name: str) -> Expr:
        """Return a column as it is. Raises InvalidType for one that is no number."""
        column = self.state.column(name)
        number_of(column, name)
        return column

    def _features(self, names: Sequence[str], cleaned: Callable[[Expr], Expr]) -> list[Expr]:
        """Return columns as floats, of which those that are floats already are cleaned in a step of their own."""
        found = {name: self.feature(name) for name in names}
        floats = [(f"{name}_feature", cleaned(column)) for name, column in found.items() if column.type == FLOAT64]
        kept = iter(self.keep("features", floats) if floats else [])
        return [next(kept) if found[name].type == FLOAT64 else number_of(found[name], name) for name in names]

    def terms(self, names: Sequence[str]) -> list[Expr]:
        """Return features as they are, as floats: those of a single sum, which is no number where one of them is none."""
        return [as_float(self.feature(name), name) for name in names]

    def factors(self, names: Sequence[str]) -> list[Expr]:
        """Return features that are multiplied several times: NULL where one is missing or counts as infinite."""
        return self._features(
            names,
            lambda x: case(
                [
                    (call("lt", call("abs", x), real(LEAST_FEATURE)), real(0)),
                    (call("le", call("abs", x), real(LARGEST_FEATURE)), x),
                ]
            ),
        )

    def finite(self, names: Sequence[str], limit: float = LARGEST_FEATURE) -> list[Expr]:
        """Return features that are compared: NULL where one is missing, or as large as the limit."""
        return self._features(names, lambda x: case([(call("lt", call("abs", x), real(limit)), x)]))

    def known(self, names: Sequence[str]) -> list[Expr]:
        """Return features that are compared: NULL where one is missing."""
        return self._features(names, lambda x: case([(call("ne", x, literal(float("nan"))), x)]))
