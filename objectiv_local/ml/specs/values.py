"""Values of fitted estimators as JSON, to the last bit, and back."""

from __future__ import annotations

import datetime
import decimal
import importlib
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from objectiv_local.errors import InvalidValue, NotSupported

#: Helpers of scikit-learn that fitted estimators hold, by the module that has them. No other name is looked up.
HELPERS = {"FunctionTransformer": "sklearn.preprocessing", "MissingIndicator": "sklearn.impute"}

_KINDS = "biufUMm"


def encoded(value: Any, where: str, estimator: Callable[[Any, str], Any]) -> Any:
    """Return a value as JSON. ``estimator`` encodes estimators. Raises NotSupported for a value of another kind."""
    if isinstance(value, np.generic):
        return {"scalar": _array(np.asarray(value), where, estimator)}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, np.ndarray):
        return {"array": _array(value, where, estimator)}
    if isinstance(value, list | tuple):
        items = [encoded(each, f"{where}[{number}]", estimator) for number, each in enumerate(value)]
        return {"tuple" if isinstance(value, tuple) else "list": items}
    if isinstance(value, Mapping):
        return {
            "dict": [
                [encoded(key, where, estimator), encoded(each, f"{where}[{key!r}]", estimator)] for key, each in value.items()
            ]
        }
    if isinstance(value, slice):
        return {"slice": [encoded(each, where, estimator) for each in (value.start, value.stop, value.step)]}
    if isinstance(value, np.dtype):
        return {"dtype": _dtype_name(value, where)}
    if isinstance(value, type) and issubclass(value, np.generic):
        return {"type": _dtype_name(np.dtype(value), where)}
    if isinstance(value, datetime.timedelta):
        return {"timedelta": value // datetime.timedelta(microseconds=1)}
    for kind, class_ in (("timestamp", datetime.datetime), ("date", datetime.date), ("time", datetime.time)):
        if isinstance(value, class_):
            return {kind: value.isoformat()}
    if isinstance(value, decimal.Decimal | uuid.UUID):
        return {type(value).__name__.lower(): str(value)}
    if hasattr(value, "get_params") and not isinstance(value, type):
        return {"estimator": estimator(value, where)}
    raise NotSupported(
        f"{where} is a {type(value).__name__}, which has no spec",
        hint="specs hold numbers, text, moments, arrays, lists, dicts and estimators of objectiv_local.ml",
    )


def decoded(value: Any, where: str, estimator: Callable[[Any, str], Any]) -> Any:
    """Return the value that JSON stands for. Raises InvalidValue for what no spec holds."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if not isinstance(value, dict) or len(value) != 1:
        raise InvalidValue(f"{where} of the spec is no value", hint="specs are written by ml.spec")
    kind, inner = next(iter(value.items()))
    readers: dict[str, Callable[[Any], Any]] = {
        "float": float.fromhex,
        "scalar": lambda given: _from_array(given, where, estimator)[()],
        "array": lambda given: _from_array(given, where, estimator),
        "list": lambda given: [decoded(each, where, estimator) for each in given],
        "tuple": lambda given: tuple(decoded(each, where, estimator) for each in given),
        "dict": lambda given: {decoded(key, where, estimator): decoded(each, where, estimator) for key, each in given},
        "slice": lambda given: slice(*(decoded(each, where, estimator) for each in given)),
        "dtype": lambda given: _dtype(given, where),
        "type": lambda given: _dtype(given, where).type,
        "timedelta": lambda given: datetime.timedelta(microseconds=given),
        "timestamp": datetime.datetime.fromisoformat,
        "date": datetime.date.fromisoformat,
        "time": datetime.time.fromisoformat,
        "decimal": decimal.Decimal,
        "uuid": uuid.UUID,
        "estimator": lambda given: estimator(given, where),
    }
    if kind not in readers:
        raise InvalidValue(f"{where} of the spec is a {kind!r}, which is not known", hint="it may be of a later version")
    try:
        return readers[kind](inner)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        if isinstance(error, InvalidValue):
            raise
        raise InvalidValue(f"{where} of the spec is no {kind}: {inner!r}"[:500]) from None


def helper(name: str) -> Any:
    """Return a class of scikit-learn that estimators hold."""
    return getattr(importlib.import_module(HELPERS[name]), name)


def _dtype_name(dtype: np.dtype[Any], where: str) -> str:
    if dtype.kind not in _KINDS + "O" or dtype.names is not None:
        raise NotSupported(f"{where} has the dtype {dtype}, which has no spec")
    return dtype.str if dtype.kind != "O" else "object"


def _dtype(name: Any, where: str) -> np.dtype[Any]:
    try:
        found = np.dtype(name) if isinstance(name, str) else None
    except (TypeError, ValueError):
        found = None
    if found is None or found.kind not in _KINDS + "O" or found.names is not None:
        raise InvalidValue(f"{where} of the spec has no dtype {name!r}")
    return found


def _array(array: np.ndarray[Any, Any], where: str, estimator: Callable[[Any, str], Any]) -> dict[str, Any]:
    name = _dtype_name(array.dtype, where)
    flat = array.ravel()
    if array.dtype.kind == "f":
        if array.dtype.itemsize > 8:
            raise NotSupported(f"{where} has the dtype {array.dtype}, which has no spec", hint="use float64")
        values: list[Any] = [float(each).hex() for each in flat]
    elif array.dtype.kind in "Mm":
        values = flat.astype("int64").tolist()
    elif array.dtype.kind == "O":
        values = [encoded(each, f"{where}[{number}]", estimator) for number, each in enumerate(flat)]
    else:
        values = flat.tolist()
    return {"dtype": name, "shape": list(array.shape), "values": values}


def _from_array(given: Any, where: str, estimator: Callable[[Any, str], Any]) -> np.ndarray[Any, Any]:
    dtype, shape, values = _dtype(given["dtype"], where), tuple(given["shape"]), given["values"]
    if dtype.kind == "f":
        return np.array([float.fromhex(each) for each in values], dtype=dtype).reshape(shape)
    if dtype.kind in "Mm":
        return np.array(values, dtype="int64").astype(dtype).reshape(shape)
    if dtype.kind == "O":
        found = np.empty(len(values), dtype=object)
        found[:] = [decoded(each, where, estimator) for each in values]
        return found.reshape(shape)
    return np.array(values, dtype=dtype).reshape(shape)
