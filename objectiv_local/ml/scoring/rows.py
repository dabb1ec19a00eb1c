"""The rows of a frame while predictions are computed: intermediate results are columns of steps, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Expr, call, case, literal, new_name, state_of
from objectiv_local.ml.expressions import as_float, number_of, real
from objectiv_local.types import FLOAT64

#: Larger absolute values count as infinite if a feature is used several times, so that products of features and weights
#: do not overflow: one engine returns infinity then, another raises an error. For the same reason, values below the inverse
#: count as 0 if they are multiplied.
LARGEST_FEATURE = 1e100
LEAST_FEATURE = 1e-100

#: The smallest positive double that is infinite as a float32.
FLOAT32_LIMIT = float((2.0 - 2.0**-24) * 2.0**127)


class Rows:
    """A state to which steps are added, each with columns under unused names."""

    def __init__(self, frame: DataFrame) -> None:
        self.state = state_of(frame)
        self.data_columns = frame.data_columns
        self.taken = {*state_of(frame).plan.types, *frame.data_columns}

    def keep(self, step: str, columns: Sequence[tuple[str, Expr]], *, once: bool = True) -> list[Expr]:
        """Return expressions as columns of a separate step, in which they are computed ``once`` even if read several times."""
        named = [(new_name(name, self.taken), expr) for name, expr in columns]
        self.state = self.state.extended(named, step, once=once)
        return [self.state.column(name) for name, _ in named]

    def feature(self, name: str) -> Expr:
        """Return a column unchanged. Raises InvalidType for a non-numeric one."""
        column = self.state.column(name)
        number_of(column, name)
        return column

    def _features(self, names: Sequence[str], cleaned: Callable[[Expr], Expr]) -> list[Expr]:
        """Return columns as floats; those that already are floats are cleaned in a separate step."""
        found = {name: self.feature(name) for name in names}
        floats = [(f"{name}_feature", cleaned(column)) for name, column in found.items() if column.type == FLOAT64]
        kept = iter(self.keep("features", floats) if floats else [])
        return [next(kept) if found[name].type == FLOAT64 else number_of(found[name], name) for name in names]

    def terms(self, names: Sequence[str]) -> list[Expr]:
        """Return features as unchecked floats for a single sum, which is invalid if one of them is."""
        return [as_float(self.feature(name), name) for name in names]

    def factors(self, names: Sequence[str]) -> list[Expr]:
        """Return features that are multiplied several times: NULL for missing and infinite values."""
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
        """Return features that are compared: NULL for missing values, and for absolute values from the limit on."""
        return self._features(names, lambda x: case([(call("lt", call("abs", x), real(limit)), x)]))

    def known(self, names: Sequence[str]) -> list[Expr]:
        """Return features that are compared: NULL for missing values."""
        return self._features(names, lambda x: case([(call("ne", x, literal(float("nan"))), x)]))
