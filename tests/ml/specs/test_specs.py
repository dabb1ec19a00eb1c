"""Specs: they are JSON, round trips are exact to the last bit, and nothing else can be read."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import json
import math
import uuid

import numpy as np
import pandas as pd
import pytest
import sklearn.impute
import sklearn.preprocessing
from frame.frames import load, on_every_engine
from ml.against import known
from sklearn.base import BaseEstimator
from sklearn.preprocessing import KBinsDiscretizer

from objectiv_local import DataFrame, ml
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported
from objectiv_local.ml.features import Features, Label
from objectiv_local.ml.features.sequences import SequenceCounts
from objectiv_local.ml.specs import from_spec, spec

AT = dt.datetime(2022, 3, 1, 12)
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


def through_json(obj):
    """Return a spec after writing it to a file and reading it."""
    return json.loads(json.dumps(spec(obj), allow_nan=False))


# ---- features


SCHEMA = {
    "id": "int64",
    "user_id": "string",
    "moment": "timestamp",
    "kind": "string",
    "amount": "int64",
    "price": "decimal(38,2)",
    "share": "float64",
    "day": "date",
    "hour": "time",
    "pause": "timedelta",
    "item": "uuid",
    "stack": "json",
    "ok": "bool",
}

CONDITIONS = {
    "text": lambda df: df.kind == "it's",
    "floats": lambda df: df.share * 0.1 > math.pi,
    "nan": lambda df: df.share != np.float64("nan"),
    "decimals": lambda df: df.price >= decimal.Decimal("1.50"),
    "days": lambda df: df.day < dt.date(2022, 3, 1),
    "hours": lambda df: df.hour > dt.time(1, 2, 3, 4),
    "moments": lambda df: df.moment > dt.datetime(2022, 3, 1, 1, 2, 3, 4),
    "pauses": lambda df: df.pause > dt.timedelta(days=-1, microseconds=7),
    "uuids": lambda df: df.item == uuid.UUID(int=5),
    "json": lambda df: df["stack"].json.array_contains("PressEvent"),
    "json_objects": lambda df: df["stack"].json[{"id": "top"} :].json.get_array_length() > 0,
    "casts": lambda df: df.amount.astype("string") == "7",
    "cases": lambda df: df.amount.where(df.amount > 3, 5) == 5,
    "nulls": lambda df: df.kind.isnull() | (df.ok & ~df.kind.str.contains("x")),
    "lists": lambda df: df.kind.isin(["a", "b"]),
    "a_column": lambda df: df.ok,
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_come_back_as_they_were(name):
    events = DataFrame.from_schema(SCHEMA, index=["id"])
    features = Features(events).add(name, "count", where=CONDITIONS[name])
    back = from_spec(through_json(features), events=events)
    # Equal expressions are one object.
    assert back._aspects[0].where is features._aspects[0].where
    assert back._aspects == features._aspects
    assert spec(back) == spec(features)


@on_every_engine
def test_features_come_back(engine):
    rows = [("a", AT - DAY, "x", 1), ("a", AT - 10 * DAY, "x", 2), ("a", AT, "x", 4), ("b", AT - DAY, "y", 8)]
    events = load(
        engine, {name: [row[position] for row in rows] for position, name in enumerate(("user_id", "moment", "kind", "amount"))}
    )
    spine = load(engine, {"user_id": ["a", "b"], "cutoff": [AT, AT]})
    features = (
        Features(events, key=["kind", "amount"])
        .add("n", "count", where=lambda df: df.kind == "x")
        .label(Label("again", lambda df: df.amount > 3, WEEK, gap=dt.timedelta(0), until=AT + WEEK, censored="drop"))
        .add("total", "sum", "amount", window=WEEK)
        .add("last", "last", "kind")
    )
    written = through_json(features)
    back = from_spec(written, events=events)
    assert (back.feature_names, back.label_names, back.key) == (["n", "total", "last"], ["again"], features.key)
    got = back.at(spine)
    assert got.view_sql() == features.at(spine).view_sql()
    table = got.sort_values("user_id").to_pandas()
    assert table[["n", "total", "last", "again"]].to_numpy().tolist() == [[2, 1, "x", True], [0, 8, "y", False]]
    assert written["events"] == {"user_id": "string", "moment": "timestamp", "kind": "string", "amount": "int64"}
    assert written["features"][1] == {
        "name": "total",
        "agg": "sum",
        "column": "amount",
        "where": None,
        "window_microseconds": 7 * 86400 * 10**6,
    }


def test_conditions_without_a_spec():
    events = DataFrame.from_schema(SCHEMA, index=["id"])
    for where in (
        lambda df: df.amount > df.amount.mean(),
        lambda df: df.amount.window_lag(window=df.sort_values("moment").window()) > 3,
    ):
        with pytest.raises(NotSupported, match="where of 'n' reads other rows"):
            spec(Features(events).add("n", "count", where=where))
    with pytest.raises(NotSupported, match="only as part of features"):
        spec(Label("l", horizon=WEEK))


def test_events_that_do_not_fit():
    events = DataFrame.from_schema(SCHEMA, index=["id"])
    written = through_json(Features(events).add("n", "sum", "amount", where=lambda df: df.kind == "x"))
    for given, error, text in (
        (None, InvalidType, "a frame of events"),
        (events.drop(columns=["amount"]), ColumnNotFound, "'amount', given as column"),
        (
            DataFrame.from_schema({name: type_ for name, type_ in SCHEMA.items() if name != "kind"}, index=["id"]),
            ColumnNotFound,
            "no column 'kind'",
        ),
        (events.assign(amount=1.5), InvalidValue, "is float64, but was int64"),
        (events.reset_index(drop=True), ColumnNotFound, "'id', given as key"),
    ):
        with pytest.raises(error, match=text):
            from_spec(written, events=given)


# ---- estimators


StandardScaler, SimpleImputer, OneHotEncoder = ml.StandardScaler, ml.SimpleImputer, ml.OneHotEncoder


class Anything(BaseEstimator):
    """An estimator with one parameter of any kind."""

    def __init__(self, value=None):
        self.value = value

    def transform(self, X):
        return X


@pytest.fixture(autouse=True)
def estimators(monkeypatch):
    """Register the estimators of this module under their names, as the package does with its own."""
    own = [Anything, WithProperty]
    monkeypatch.setattr(ml, "__all__", [*ml.__all__, *(class_.__name__ for class_ in own)])
    for class_ in own:
        monkeypatch.setattr(ml, class_.__name__, class_, raising=False)


class WithProperty(StandardScaler):
    """An estimator with a property."""

    @property
    def n_features(self):
        return self.n_features_in_


NUMBERS = np.array([[0.1, 1e300], [math.nextafter(0.1, 1), -5e-324], [np.nan, 3.0]])
TEXTS = np.array([["a", "é"], ["b", "é"], ["a", ""]], dtype=object)


@pytest.mark.parametrize(
    ("estimator", "data"),
    [
        (StandardScaler(with_std=False), NUMBERS),
        (StandardScaler(), NUMBERS[:, :1]),
        (SimpleImputer(strategy="median", add_indicator=True), NUMBERS),
        (SimpleImputer(missing_values=None, strategy="constant", fill_value="?"), TEXTS),
        (OneHotEncoder(), TEXTS),
        (
            OneHotEncoder(
                min_frequency=2, handle_unknown="infrequent_if_exist", drop="first", dtype=np.float32, sparse_output=False
            ),
            TEXTS,
        ),
    ],
)
def test_fitted_estimators_come_back(estimator, data):
    fitted = copy.deepcopy(estimator).fit(data)
    back = from_spec(through_json(fitted))
    assert type(back) is type(fitted)
    assert repr(back) == repr(fitted)
    assert vars(back).keys() == vars(fitted).keys()
    got, expected = back.transform(data), fitted.transform(data)
    got, expected = (each.toarray() if hasattr(each, "toarray") else each for each in (got, expected))
    assert got.dtype == expected.dtype
    if got.dtype == object:
        assert got.tolist() == expected.tolist()
    else:
        assert got.tobytes() == expected.tobytes()
    assert back.get_feature_names_out().tolist() == fitted.get_feature_names_out().tolist()
    assert spec(back) == spec(fitted)


def test_an_estimator_that_is_not_fitted():
    back = from_spec(through_json(StandardScaler(with_mean=False)))
    assert back.get_params() == {"copy": True, "exact": False, "with_mean": False, "with_std": True}
    assert not hasattr(back, "mean_")


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        2**70,
        "text",
        0.1,
        -0.0,
        math.inf,
        (1, (2.5, None)),
        [1, "a", [0.1]],
        {"a": 1, 2: (3,), None: [0.5]},
        np.float64(0.1),
        np.int32(5),
        np.bool_(True),
        np.str_("é"),
        np.float32(0.1),
        dt.timedelta(days=-1, microseconds=1),
        AT,
        dt.date(2022, 3, 1),
        dt.time(1, 2, 3),
        decimal.Decimal("1.50"),
        uuid.UUID(int=7),
        slice(0, None),
        np.dtype("float32"),
        np.int64,
        StandardScaler(with_std=False),
        sklearn.preprocessing.FunctionTransformer(),
        [("a", StandardScaler(), ["x"])],
    ],
)
def test_values_come_back(value):
    back = from_spec(through_json(Anything(value))).value
    assert type(back) is type(value)
    assert repr(back) == repr(value)


@pytest.mark.parametrize(
    "array",
    [
        np.array([]),
        np.array([[0.1, np.nan], [-0.0, np.inf]]),
        np.array([1, 2], dtype="uint8"),
        np.array(["a", "bcd"]),
        np.array([True, False]),
        np.array([None, "a", 0.1, np.nan], dtype=object),
        np.array(["2022-03-01", "NaT"], dtype="datetime64[us]"),
        np.array([[[1.5]]], dtype="float16"),
        np.array(3.5),
        np.empty((0, 3), dtype="int64"),
        np.asfortranarray([[1, 2], [3, 4]]),
        np.array([5, -1], dtype="timedelta64[s]"),
    ],
)
def test_arrays_come_back(array):
    back = from_spec(through_json(Anything(array))).value
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert repr(back.tolist()) == repr(array.tolist())
    if array.dtype != object:
        assert back.tobytes() == array.tobytes()


@on_every_engine
def test_sequence_counts_come_back(engine):
    frame = load(engine, {"user_id": [1, 1, 2], "moment": [AT, AT + DAY, AT], "page": ["a", "b", "a"]})
    fitted = SequenceCounts(location="page", ngram_range=(1, 2), tfidf=True).fit(frame)
    back = from_spec(through_json(fitted))
    assert back.vocabulary_ == fitted.vocabulary_ == {"a": 0, "a > b": 1, "b": 2}
    assert back.ngram_range == (1, 2)
    assert (back.transform(frame) != fitted.transform(frame)).nnz == 0
    assert back.transform(frame).nnz == 4


def test_what_has_no_spec():
    class Unknown(BaseEstimator):
        pass

    for obj, error, text in (
        (7, InvalidType, "needs features or an estimator, not int"),
        (StandardScaler, InvalidType, "needs features or an estimator, not"),
        (sklearn.preprocessing.StandardScaler(), NotSupported, "sklearn.preprocessing._data.StandardScaler"),
        (Unknown(), NotSupported, "only estimators of objectiv_local.ml"),
        (Anything(sklearn.preprocessing.StandardScaler()), NotSupported, "Anything.value is sklearn"),
        (Anything(len), NotSupported, "Anything.value is a builtin_function_or_method"),
        (Anything([{1, 2}]), NotSupported, r"Anything.value\[0\] is a set"),
        (Anything(np.array([1j])), NotSupported, "complex128"),
        (Anything(np.random.RandomState(3)), NotSupported, "RandomState"),
    ):
        with pytest.raises(error, match=text):
            spec(obj)


def test_what_is_not_read():
    good = through_json(StandardScaler().fit(NUMBERS[:, :1]))
    for change, text in (
        ({"format": 2}, "has the format 2"),
        ({"kind": "pickle"}, "this is not a spec"),
        ({"class": "os.system"}, "not an estimator of objectiv_local.ml"),
        ({"class": "xy"}, "not an estimator"),
        ({"class": "BaseEstimator"}, "not an estimator"),
        ({"class": None}, "not an estimator"),
        ({"parameters": {"with_men": True}}, "no parameter 'with_men'"),
        ({"parameters": None}, "no parameters or no attributes"),
        ({"attributes": {"transform": 3}}, "'transform' is not a fitted attribute"),
        ({"attributes": {"n_features": 3}, "class": "WithProperty"}, "'n_features' is not a fitted attribute"),
        ({"attributes": {"__class__": 3}}, "not a fitted attribute"),
        ({"attributes": {"with_mean": True}}, "not a fitted attribute"),
        ({"attributes": {"mean_": {"float": "x"}}}, "is not a valid float"),
        ({"attributes": {"mean_": {"eval": "1"}}}, "'eval', which is unknown"),
        ({"attributes": {"mean_": [1.5]}}, "is not a value"),
        ({"attributes": {"mean_": {"array": {"dtype": "float64"}}}}, "is not a valid array"),
        ({"attributes": {"mean_": {"array": {"dtype": "V8", "shape": [1], "values": [0]}}}}, "invalid dtype 'V8'"),
        ({"attributes": {"mean_": {"array": {"dtype": "<f8", "shape": [3], "values": ["0x1p0"]}}}}, "is not a valid array"),
        ({"attributes": {"mean_": {"estimator": {"class": "Popen"}}}}, "not an estimator"),
    ):
        with pytest.raises(InvalidValue, match=text):
            from_spec({**good, **change})
    for given in (None, [], "spec", {}):
        with pytest.raises(InvalidValue, match="this is not a spec"):
            from_spec(given)
    with pytest.raises(InvalidValue, match="cannot be passed for an estimator"):
        from_spec(good, events=DataFrame.from_schema(SCHEMA))


def test_conditions_that_are_not_read():
    events = DataFrame.from_schema(SCHEMA, index=["id"])
    good = through_json(Features(events).add("n", "count", where=lambda df: df.kind == "x"))
    kind = {"column": "kind", "type": "string"}
    for where, text in (
        ({"op": "system", "args": []}, "operation 'system'"),
        ({"op": "sum", "args": [kind]}, "operation 'sum'"),
        ({"op": ["eq"], "args": []}, "not an expression"),
        ({"op": "eq"}, "not an expression"),
        (7, "not an expression"),
        ({}, "not an expression"),
        ({"column": "kind", "type": "int64"}, "is string, and where of"),
        ({"literal": "x", "type": "int64"}, "a constant of the spec"),
        ({"literal": True, "type": "int64"}, "a constant of the spec"),
        ({"literal": 2**70, "type": "int64"}, "64 bits"),
        ({"literal": "2022-13-01", "type": "date"}, "not an expression"),
        ({"literal": "x", "type": "blob"}, "dtype 'blob' is not known"),
        ({"case": [1, 2], "default": None}, "not an expression"),
    ):
        changed = copy.deepcopy(good)
        changed["features"][0]["where"] = where
        with pytest.raises(InvalidValue, match=text):
            from_spec(changed, events=events)
    for part in ("entity", "time", "key", "features", "labels", "order", "events"):
        with pytest.raises(InvalidValue, match="incomplete or invalid"):
            from_spec({name: value for name, value in good.items() if name != part}, events=events)


@on_every_engine
@pytest.mark.parametrize("encode", ["onehot", "onehot-dense", "ordinal"])
def test_bins_of_every_encoding_have_a_spec(engine, encode):
    frame = load(engine, {"a": [1.0, 2.0, 5.0, 9.0]})
    method = {"quantile_method": "linear"} if known(KBinsDiscretizer, ["quantile_method"]) else {}
    fitted = ml.KBinsDiscretizer(2, encode=encode, **method).fit(frame)
    made = from_spec(through_json(fitted))
    assert made.transform(frame).sort_index().to_pandas().equals(fitted.transform(frame).sort_index().to_pandas())
    rows = pd.DataFrame({"a": [1.5, 8.0]})
    edge = fitted.bin_edges_[0][1]
    second = (rows.a.to_numpy() >= edge).astype(float)
    wanted = second[:, None] if encode == "ordinal" else np.column_stack([1 - second, second])
    found = made.to_sklearn().transform(rows)
    assert (found.toarray() if encode == "onehot" else found).tolist() == wanted.tolist()


def test_values_that_are_no_part_of_a_spec_are_told():
    events = DataFrame.from_schema({"id": "int64", "user_id": "string", "moment": "timestamp"}, index="id")
    written = through_json(Features(events).add("x", "count", window=DAY).label(Label("y", horizon=DAY)))
    for change in (
        {"events": 0.5},
        {"labels": [{**written["labels"][0], "until": "x"}]},
        {"labels": [{**written["labels"][0], "horizon_microseconds": math.nan}]},
    ):
        with pytest.raises(InvalidValue, match="incomplete or invalid"):
            from_spec({**written, **change}, events=events)
    scaler = through_json(ml.StandardScaler())
    with pytest.raises(InvalidValue, match="not an estimator"):
        from_spec({**scaler, "class": {"float": "zz"}})
    composed = through_json(ml.Compose([]))
    del composed["parameters"]["transformers"]
    with pytest.raises(InvalidValue, match="is missing a parameter of Compose"):
        from_spec(composed)
