"""The base of estimators over frames: scikit-learn's own classes, which here also accept frames.

An estimator is a subclass of scikit-learn's class of the same name. For arrays or frames in memory, it behaves like that class.
For a frame of this package, fitting runs queries and sets the same attributes, and predictions are expressions.

Every fit calls these methods from top to bottom, and none calls a method above it::

    fit(X, y)                            scikit-learn's signature
      _fit_to                            decides whether X is in memory or a frame, and checks the parameters
        _fit_in_memory                   in memory: scikit-learn's fit
        _fit_frame(frame, y)             a frame: names of features, the target
          _learn(frame, names, ...)      queries ml.statistics, and sets the attributes
            _learn_from(fitted)          where scikit-learn's rules apply: copies what its own class learns from a small table
                                         that represents the frame, such as one with the minimum and maximum of each column
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Self

from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import check_is_fitted, validate_data

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, ObjectivError
from objectiv_local.frame import DataFrame, Series


def is_frame(X: object) -> bool:
    """Return whether ``X`` is a frame of this package. Raises InvalidType for a series or a grouped frame."""
    if isinstance(X, Series):
        raise InvalidType("X has to be a frame with a column for each feature, not a series", hint="use series.to_frame()")
    if isinstance(X, DataFrame) and X.group_by is not None:
        raise InvalidType("X has to be a frame that is not grouped", hint="aggregate it first: df.groupby(...).agg(...)")
    return isinstance(X, DataFrame)


class InvalidParameter(InvalidValue, InvalidParameterError):
    """A parameter of an estimator that scikit-learn rejects; also scikit-learn's own error class."""


@contextmanager
def parameters_checked() -> Iterator[None]:
    """Raise InvalidParameter for errors of scikit-learn that only its parameters can cause."""
    try:
        yield
    except ObjectivError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidParameter(str(error)) from error


class OverFrames:
    """A scikit-learn estimator that also accepts frames. Precedes scikit-learn's class among the base classes."""

    def _fit_to(self, X: Any, y: Any = None, **given: Any) -> Self:
        """Return the estimator, fitted to a frame or to data in memory. Other arguments are for data in memory."""
        if not is_frame(X):
            if isinstance(y, DataFrame | Series):
                raise InvalidType(
                    "y is in a database, but X is in memory", hint="pass a frame and the name of its target column"
                )
            self._fit_in_memory(X, y, **given)
            return self
        for what, value in given.items():
            self._refuse(what, value)
        self._validate_params()
        self._fit_frame(X, y)
        return self

    def _fit_in_memory(self, X: Any, y: Any, **given: Any) -> None:
        """Set the fitted attributes with scikit-learn's fit."""
        super().fit(X, y, **given)  # type: ignore[misc]

    def _fit_frame(self, frame: DataFrame, y: Any) -> None:
        """Set the fitted attributes from a frame."""
        raise NotImplementedError

    def _unfitted(self) -> Any:
        """Return scikit-learn's own estimator with the same parameters."""
        plain = self._plain()
        return plain(**_shared_parameters(self, plain))

    def _learn_from(self, fitted: Any) -> None:
        """Copy the attributes of another fitted estimator, which is not used afterwards."""
        _with_state(fitted, self, copied=False)

    def _names(self, frame: DataFrame, *, fitting: bool = False) -> list[str]:
        """Return the features of a frame: all its data columns. Sets their names, or compares them with the fitted names.

        Raises InvalidValue, with scikit-learn's message, for names that are missing, unexpected or in another order.
        """
        import pandas as pd

        if not fitting:
            check_is_fitted(self)
        if not frame.data_columns:
            raise InvalidValue(f"{type(self).__name__} needs at least one feature, but the frame has no data columns")
        try:
            validate_data(
                self, pd.DataFrame(columns=pd.Index(frame.data_columns, dtype=object)), reset=fitting, skip_check_array=True
            )
        except ValueError as error:
            known = getattr(self, "feature_names_in_", None)
            raise InvalidValue(str(error).strip(), hint=None if known is None else f"pass df[{list(known)}]") from None
        return list(frame.data_columns)

    def _validate_params(self) -> None:
        """Check the parameters as scikit-learn does. Raises InvalidParameter."""
        with parameters_checked():
            super()._validate_params()  # type: ignore[misc]

    def _refuse(
        self, what: str, given: object, instead: str = "omit it, or fetch rows with ml.xy and pass it with them"
    ) -> None:
        """Raise NotSupported for an argument that is only supported for data in memory."""
        if given is not None:
            raise NotSupported(f"{type(self).__name__} does not support {what} for a frame", hint=instead)

    @classmethod
    def _plain(cls) -> Any:
        """Return scikit-learn's class."""
        return next(each for each in cls.__mro__ if each.__module__.startswith("sklearn.") and each.__name__ == cls.__name__)

    def to_sklearn(self) -> Any:
        """Return scikit-learn's own estimator with the same parameters and, if this one is fitted, the same attributes."""
        return _with_state(self, self._unfitted())

    @classmethod
    def from_sklearn(cls, estimator: Any) -> Self:
        """Return an estimator for frames with the parameters and attributes of a scikit-learn estimator.

        Raises InvalidType for an estimator of another class.
        """
        if not isinstance(estimator, cls._plain()):
            raise InvalidType(
                f"{cls.__name__}.from_sklearn needs scikit-learn's {cls.__name__}, not {type(estimator).__name__}"
            )
        made: Self = _with_state(estimator, cls(**_shared_parameters(estimator, cls)))
        return made


def _shared_parameters(estimator: Any, target: Any) -> dict[str, Any]:
    names = set(target._get_param_names())
    return {name: deepcopy(value) for name, value in estimator.get_params(deep=False).items() if name in names}


def _with_state(source: Any, target: Any, *, copied: bool = True) -> Any:
    """Return ``target`` with the fitted attributes of ``source``."""
    parameters = set(source.get_params(deep=False)) | set(target.get_params(deep=False))
    for name, value in vars(source).items():
        if name not in parameters:
            setattr(target, name, deepcopy(value) if copied else value)
    return target
