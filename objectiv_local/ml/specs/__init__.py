"""Definitions of features and fitted estimators as JSON and back, without pickle and without imports by name."""

from __future__ import annotations

import datetime
from typing import Any

import sklearn

from objectiv_local import __version__, ml
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, ObjectivError, near
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import columns_read, decoded, encoded, series_of, state_of
from objectiv_local.ml.features import Features, Label
from objectiv_local.ml.features.aspects import Aspect
from objectiv_local.ml.specs import values

#: The version of the format in which specs are written. Specs in another one are rejected.
FORMAT = 1

_MICROSECOND = datetime.timedelta(microseconds=1)


def spec(obj: object) -> dict[str, Any]:
    """Return a set of features or an estimator of this package as a dict that can be stored as JSON.

    For features, this is the definition of each feature and label, with its condition as operations on columns, and the
    dtypes of the columns of the events that it reads; the events themselves are not included. For an estimator, it is the
    name of its class, its parameters, and all fitted attributes, with exact floats.

    Raises NotSupported for a condition that reads other rows, such as one with a mean or a window, for an estimator that is not
    from ``objectiv_local.ml``, and for a parameter or attribute of an unsupported type.

    >>> import datetime
    >>> from objectiv_local import DataFrame
    >>> events = DataFrame.from_schema({"user_id": "int64", "moment": "timestamp", "kind": "string"})
    >>> features = Features(events).add("presses", "count", where=lambda df: df.kind == "press")
    >>> spec(features)["features"][0]["where"]
    {'op': 'eq', 'args': [{'column': 'kind', 'type': 'string'}, {'literal': 'press', 'type': 'string'}]}
    >>> from_spec(spec(features), events=events).feature_names
    ['presses']
    """
    if isinstance(obj, Features):
        return {"format": FORMAT, "kind": "features", **_version(), **_features(obj)}
    if isinstance(obj, Label):
        raise NotSupported("a label has a spec only as part of features", hint="spec(features.label(label))")
    if hasattr(obj, "get_params") and not isinstance(obj, type):
        return {"format": FORMAT, "kind": "estimator", **_version(), **_estimator(obj, type(obj).__name__)}
    raise InvalidType(f"spec needs features or an estimator, not {type(obj).__name__}")


def from_spec(given: dict[str, Any], *, events: DataFrame | None = None) -> Any:
    """Return the features or the estimator of a spec.

    Features need a frame of ``events`` with the columns of the spec. An estimator has the class of that name in
    ``objectiv_local.ml``; no other class can be loaded.

    Raises InvalidValue for an invalid spec or one in another format, and ColumnNotFound for events without a needed column.

    >>> import json, numpy
    >>> from objectiv_local import ml
    >>> scaler = ml.StandardScaler().fit(numpy.array([[1.0], [3.0]]))
    >>> again = from_spec(json.loads(json.dumps(spec(scaler))))
    >>> again.transform([[5.0]]).tolist()
    [[3.0]]
    """
    if not isinstance(given, dict) or given.get("kind") not in ("features", "estimator"):
        raise InvalidValue("this is not a spec", hint="specs are written by ml.spec, and read from JSON as a dict")
    if given.get("format") != FORMAT:
        raise InvalidValue(
            f"this spec has the format {given.get('format')!r}, but only {FORMAT} can be read",
            hint=f"it was written by version {given.get('version')!r} of the package",
        )
    if given["kind"] == "estimator":
        if events is not None:
            raise InvalidValue("events cannot be passed for an estimator", hint="from_spec(spec)")
        return _from_estimator(given, "the estimator")
    if not isinstance(events, DataFrame):
        raise InvalidType("features need a frame of events", hint="from_spec(spec, events=df)")
    try:
        return _from_features(given, events)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, ObjectivError):
            raise
        raise InvalidValue(f"the spec of the features is incomplete or invalid: {error}") from None


def _version() -> dict[str, str]:
    return {"version": __version__, "sklearn": str(sklearn.__version__)}


# ---- features


def _features(features: Features) -> dict[str, Any]:
    types = state_of(features.events).plan.types
    read = {name: types[name].dtype for name in (features.entity, features.time, *features.key)}
    for each in features._aspects:
        read |= {} if each.column is None else {each.column: types[each.column].dtype}
        read |= {} if each.where is None else columns_read(each.where)
    return {
        "entity": features.entity,
        "time": features.time,
        "key": list(features.key),
        "events": read,
        "features": [_aspect(each) for each in features._aspects if not each.is_label],
        "labels": [_aspect(each) for each in features._aspects if each.is_label],
        "order": [each.name for each in features._aspects],
    }


def _aspect(aspect: Aspect) -> dict[str, Any]:
    out: dict[str, Any] = {
        "name": aspect.name,
        "agg": aspect.agg,
        "column": aspect.column,
        "where": None if aspect.where is None else encoded(aspect.where, f"where of {aspect.name!r}"),
    }
    if not aspect.is_label:
        return out | {"window_microseconds": None if aspect.start is None else -aspect.start // _MICROSECOND}
    assert aspect.start is not None
    return out | {
        "gap_microseconds": aspect.start // _MICROSECOND,
        "censored": aspect.censored,
        "horizon_microseconds": (aspect.end - aspect.start) // _MICROSECOND,
        "until": None if aspect.until is None else aspect.until.isoformat(),
    }


def _from_features(given: dict[str, Any], events: DataFrame) -> Features:
    types = {name: state_of(events).plan.types[name] for name in (*events.index_columns, *events.data_columns)}
    for name, dtype in given["events"].items():
        if name in types and types[name].dtype != dtype:
            raise InvalidValue(
                f"column {name!r} of the events is {types[name]}, but was {dtype} when the spec was written",
                hint=f"cast it: df[{name!r}] = df[{name!r}].astype({dtype!r})",
            )
    made = Features(events, given["entity"], given["time"], given["key"])
    parts = {each["name"]: each for each in (*given["features"], *given["labels"])}
    labels = {each["name"] for each in given["labels"]}
    for name in given["order"]:
        part = parts[name]
        where = None
        if part["where"] is not None:
            where = series_of(state_of(events), decoded(part["where"], state_of(events).plan, f"where of {name!r}"), name)
        if name in labels:
            until = None if part["until"] is None else datetime.datetime.fromisoformat(part["until"])
            made = made.label(
                Label(
                    name,
                    where,
                    part["horizon_microseconds"] * _MICROSECOND,
                    agg=part["agg"],
                    column=part["column"],
                    gap=part["gap_microseconds"] * _MICROSECOND,
                    censored=part["censored"],
                    until=until,
                )
            )
        else:
            window = part["window_microseconds"]
            made = made.add(name, part["agg"], part["column"], None if window is None else window * _MICROSECOND, where)
    return made


# ---- estimators


def _known(name: object) -> Any:
    """Return the class of this name in ``objectiv_local.ml``; None if that is not an estimator."""
    if not isinstance(name, str) or name not in ml.__all__:
        return None
    found = getattr(ml, name)
    return found if isinstance(found, type) and hasattr(found, "get_params") else None


def _estimator(estimator: Any, where: str) -> dict[str, Any]:
    class_ = type(estimator)
    if _known(class_.__name__) is not class_ and not (
        class_.__name__ in values.HELPERS and values.helper(class_.__name__) is class_
    ):
        raise NotSupported(
            f"{where} is {class_.__module__}.{class_.__name__}, but only estimators of objectiv_local.ml have specs",
            hint="use from_sklearn of its counterpart if there is one, or joblib",
        )
    parameters = estimator.get_params(deep=False)
    learned = {
        name: value for name, value in vars(estimator).items() if name not in parameters and not name.startswith("_sklearn_")
    }
    return {
        "class": class_.__name__,
        "parameters": {name: _encoded(value, f"{where}.{name}") for name, value in parameters.items()},
        "attributes": {name: _encoded(value, f"{where}.{name}") for name, value in learned.items()},
    }


def _from_estimator(given: Any, where: str) -> Any:
    name = given.get("class") if isinstance(given, dict) else None
    class_ = _known(name) or (values.helper(name) if isinstance(name, str) and name in values.HELPERS else None)
    if class_ is None:
        raise InvalidValue(
            f"{where} of the spec is a {name!r}, which is not an estimator of objectiv_local.ml",
            hint=near(str(name), [each for each in ml.__all__ if _known(each) is not None]),
        )
    parts = (given.get("parameters"), given.get("attributes"))
    if not all(isinstance(part, dict) for part in parts):
        raise InvalidValue(f"{where} of the spec has no parameters or no attributes")
    parameters, attributes = ({key: _decoded(value, f"{name}.{key}") for key, value in part.items()} for part in parts)
    known = set(class_._get_param_names())
    if set(parameters) - known:
        unknown = min(set(parameters) - known)
        raise InvalidValue(f"{name} has no parameter {unknown!r}", hint=near(unknown, known))
    try:
        made = class_(**parameters)
    except TypeError as error:
        raise InvalidValue(f"{where} of the spec is missing a parameter of {name}: {error}") from None
    for key, value in attributes.items():
        if not key.isidentifier() or key.startswith("__") or key in known or callable(getattr(class_, key, None)):
            raise InvalidValue(f"{key!r} is not a fitted attribute of {name}")
        try:
            setattr(made, key, value)
        except AttributeError:
            raise InvalidValue(f"{key!r} is not a fitted attribute of {name}, which computes it") from None
    return made


def _encoded(value: object, where: str) -> Any:
    return values.encoded(value, where, _estimator)


def _decoded(value: object, where: str) -> Any:
    return values.decoded(value, where, _from_estimator)
