"""Train and test sets and folds by the hash of a key: the same rows on every engine and in memory."""

import datetime
import hashlib
import math
import uuid
from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from frame.frames import load, on_every_engine, opened
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score

from objectiv_local import DataFrame
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.ml.splits import HashKFold, folds, key_numbers, split

TEXTS = [
    "",
    "a",
    "ann",
    "\u00e9t\u00e9",
    "e\u0301te\u0301",
    "日本語",
    "😀",
    "a:b",
    "0:",
    " a ",
    "x" * 5_000,
    "O'Hara",
    'a"b',
    "\\",
    "\n",
]
INTS = [0, 1, -1, 7, -42, 2**62, -(2**63), 2**63 - 1]
UUIDS = [uuid.UUID(int=number * 0x1234567890ABCDEF1234567) for number in range(8)]
DATES = [
    datetime.date(1969, 12, 31),
    datetime.date(1970, 1, 1),
    datetime.date(2024, 2, 29),
    datetime.date(1, 1, 1),
    datetime.date(9999, 12, 31),
]
MOMENTS = [
    datetime.datetime(1970, 1, 1),
    datetime.datetime(1969, 12, 31, 23, 59, 59, 999999),
    datetime.datetime(2024, 2, 29, 12, 30, 0, 5),
    datetime.datetime(2262, 4, 12),
    datetime.datetime(1500, 1, 1),
]


def u60(text):
    return int(hashlib.md5(text.encode()).hexdigest()[:15], 16)


def micro(moment):
    """Whole microseconds since 1970, in integers."""
    day = datetime.date(moment.year, moment.month, moment.day).toordinal() - datetime.date(1970, 1, 1).toordinal()
    clock = (getattr(moment, "hour", 0) * 60 + getattr(moment, "minute", 0)) * 60 + getattr(moment, "second", 0)
    return (day * 86_400 + clock) * 10**6 + getattr(moment, "microsecond", 0)


#: Keys of each type, and the text of each key.
KEYS = {
    "text": (TEXTS, TEXTS),
    "int64": (INTS, [str(value) for value in INTS]),
    "bool": ([True, False], ["true", "false"]),
    "uuid": (UUIDS, [str(value) for value in UUIDS]),
    "date": (DATES, [str(micro(value)) for value in DATES]),
    "timestamp": (MOMENTS, [str(micro(value)) for value in MOMENTS]),
}


def table(engine, values, kind):
    arrow = pa.array(values, {"date": pa.date32(), "timestamp": pa.timestamp("us")}.get(kind)) if kind != "uuid" else None
    if kind == "uuid":
        return load(engine, {"k": values})
    return DataFrame.from_arrow(opened(engine), pa.table({"row": range(len(values)), "k": arrow})).set_index("row")


def in_order(series):
    return series.sort_index().to_pandas().tolist()


@on_every_engine
@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("seed", [0, -3])
def test_a_fold_is_the_hash_of_seed_and_length_and_text(engine, kind, seed):
    values, texts = KEYS[kind]
    expected = [u60(f"{seed}:{len(text)}:{text}") % 7 for text in texts]
    assert in_order(folds(table(engine, values, kind), key="k", n_splits=7, seed=seed).fold) == expected
    assert (key_numbers(values, seed) % 7).tolist() == expected


@on_every_engine
def test_keys_of_several_columns_and_of_the_index(engine):
    df = load(engine, {"a": ["ab", "a", "a", ""], "b": [1, 1, 1, 0], "c": [True, True, False, True]}, index=[1, 11, 111, 0])
    expected = [
        u60(f"0:{len(a)}:{a}{len(r)}:{r}{len(c)}:{c}") % 9
        for a, r, c in [("", "0", "true"), ("ab", "1", "true"), ("a", "11", "true"), ("a", "111", "false")]
    ]
    assert in_order(folds(df, key=["a", "_index_row", "c"], n_splits=9).fold) == expected
    rows = [("", 0, True), ("ab", 1, True), ("a", 11, True), ("a", 111, False)]
    a, r, c = zip(*rows, strict=True)
    frame = pd.DataFrame({"a": a, "r": r, "c": c})
    for keys in (rows, frame, pd.MultiIndex.from_frame(frame), frame.to_numpy(), pl.from_pandas(frame), pa.table(frame)):
        assert (key_numbers(keys) % 9).tolist() == expected


@pytest.mark.parametrize(
    ("keys", "plain"),
    [
        (np.array([3, -1], dtype="int32"), [3, -1]),
        (np.array([3, 1], dtype="uint8"), [3, 1]),
        (pd.Series([3, 1], dtype="Int64"), [3, 1]),
        (pa.chunked_array([[3], [1]]), [3, 1]),
        (pl.Series([3, 1]), [3, 1]),
        (np.array(["a", "é"]), ["a", "é"]),
        (pd.Series(["a", "é"], dtype="category"), ["a", "é"]),
        (pa.array(["a", "é"]).dictionary_encode(), ["a", "é"]),
        (np.array([True, False]), [True, False]),
        (
            np.array(["2024-02-29", "1960-01-01"], dtype="datetime64[D]"),
            [datetime.date(2024, 2, 29), datetime.date(1960, 1, 1)],
        ),
        (np.array(["2024-02-29T01:02:03.000004"], dtype="datetime64[ns]"), [datetime.datetime(2024, 2, 29, 1, 2, 3, 4)]),
        (pd.Series(["2024-02-29T01:00"], dtype="datetime64[ns, Europe/Amsterdam]"), [datetime.datetime(2024, 2, 29)]),
        (pd.DatetimeIndex(["2024-02-29"]), [datetime.date(2024, 2, 29)]),
        (pl.Series([datetime.date(2024, 2, 29)]), [datetime.datetime(2024, 2, 29)]),
        (np.array(UUIDS, dtype=object), [str(value) for value in UUIDS]),
    ],
)
def test_keys_of_every_container_are_those_of_plain_python(keys, plain):
    assert key_numbers(keys, 5).tolist() == key_numbers(plain, 5).tolist()


def people(seed=0, count=150):
    """Rows with 1 to 4 rows for each user, some labels of users, and a plain number."""
    random = np.random.default_rng(seed)
    users = np.repeat(np.arange(count), random.integers(1, 5, count))
    labels = np.array(["often", "rare", None, "once"])[np.searchsorted([0.6, 0.9, 0.98], random.random(count))]
    return pd.DataFrame({"user": users, "label": labels[users], "x": random.normal(size=len(users))})


@on_every_engine
@pytest.mark.parametrize("test_size", [0.25, 0.1, 0.5, 1 / 3])
def test_a_split_loses_no_row_and_shares_no_key(engine, test_size):
    data = people()
    train, test = split(load(engine, data), key="user", test_size=test_size, seed=3)
    expected = key_numbers(data.user, 3) < math.floor(test_size * 2**60)
    assert 0 < expected.sum() < len(data)
    assert sorted(test.index["_index_row"].to_pandas()) == np.flatnonzero(expected).tolist()
    assert sorted(train.index["_index_row"].to_pandas()) == np.flatnonzero(~expected).tolist()
    assert train.data_columns == test.data_columns == ["user", "label", "x"]
    assert set(train.user.to_pandas()).isdisjoint(test.user.to_pandas())


def test_half_of_the_hashes_is_cut_exactly():
    # One key on either side of the cut: the maximum number below it, and the minimum number from it on.
    numbers = np.sort(key_numbers(range(2_000)))
    at = int(numbers[700])
    df = load("duckdb", {"k": range(2_000)})
    share = at / 2**60
    _, test = split(df, key="k", test_size=share)
    assert len(test) == int((numbers < math.floor(share * 2**60)).sum())


@on_every_engine
@pytest.mark.parametrize("test_size", [0.25, 0.5, 0.07])
def test_a_stratified_split_gives_each_label_its_share_of_keys(engine, test_size):
    data = people()
    train, test = split(load(engine, data), key="user", test_size=test_size, seed=1, stratify="label")
    users = data.drop_duplicates("user")
    by_label = defaultdict(list)
    for user, label in zip(users.user, users.label, strict=True):
        by_label[None if pd.isna(label) else label].append((u60(f"1:{len(str(user))}:{user}"), user))
    expected = {user for keys in by_label.values() for _, user in sorted(keys)[: math.floor(len(keys) * test_size + 0.5)]}
    assert len(by_label) == 4
    assert set(test.user.to_pandas()) == expected
    assert set(train.user.to_pandas()) == set(users.user) - expected
    assert len(train) + len(test) == len(data)
    assert train.data_columns == ["user", "label", "x"]


@on_every_engine
def test_strata_of_two_columns_and_a_half_is_rounded_up(engine):
    df = load(engine, {"a": [1] * 4 + [2] * 2, "b": [True] * 2 + [False] * 4})
    train, test = split(df, key="_index_row", test_size=0.25, stratify=["a", "b"])
    # Strata of 2, 2 and 2 keys, each of which contributes floor(0.5 + 0.5) keys.
    # Both columns in one query, because two queries could return the rows in different orders.
    rows = test.to_pandas()
    assert Counter(zip(rows.a, rows.b, strict=True)) == {(1, True): 1, (1, False): 1, (2, False): 1}
    assert len(train) == 3


def test_shares_and_folds_are_even():
    keys = np.arange(40_000)
    sizes = np.bincount(key_numbers(keys, 11) % 10)
    assert ((sizes - 4_000) ** 2 / 4_000).sum() < 21.7  # chi-squared with 9 degrees of freedom at 1%
    share = (key_numbers(keys, 11) < 2**58).mean()
    assert abs(share - 0.25) < 4 * math.sqrt(0.25 * 0.75 / 40_000)
    together = np.corrcoef(key_numbers(keys, 1).astype(float), key_numbers(keys, 2).astype(float))[0, 1]
    assert abs(together) < 4 / math.sqrt(40_000)


def test_a_split_of_a_frame_without_connection_leaves_rows_without_key_out():
    df = DataFrame.from_schema({"k": "int64", "x": "float64"}, dialect="postgres")
    train, test = split(df, key="k", test_size=0.5)
    assert str(2**59) in test.view_sql()
    assert ">=" in train.view_sql()


@on_every_engine
def test_a_split_keeps_order_and_index(engine):
    df = load(engine, {"k": [5, 3, 9, 1, 7], "x": [1.0, 2.0, 3.0, 4.0, 5.0]}).sort_values("k")
    train, test = split(df, key="k", test_size=0.5)
    for part in (train, test):
        assert part.index_columns == ["_index_row"]
        assert part.k.to_pandas().is_monotonic_increasing
    assert len(train) + len(test) == 5


# ---- cross-validation in memory


def test_a_hash_k_fold_has_the_folds_of_the_database():
    data = people(count=60)
    fold = in_order(folds(load("duckdb", data), key="user", n_splits=4, seed=9).fold)
    splitter = HashKFold(4, seed=9)
    assert splitter.get_n_splits() == 4
    parts = list(splitter.split(data[["x"]], groups=data.user))
    assert len(parts) == 4
    for number, (train, test) in enumerate(parts):
        assert test.tolist() == [row for row, each in enumerate(fold) if each == number]
        assert train.tolist() == [row for row, each in enumerate(fold) if each != number]


def test_a_hash_k_fold_serves_scikit_learn():
    data = people(count=60)
    y = (data.x > 0).to_numpy()
    model = DummyClassifier()
    scores = cross_val_score(model, data[["x"]], y, groups=data.user, cv=HashKFold(3))
    expected = [max(y[train].mean(), 1 - y[train].mean()) for train, _ in HashKFold(3).split(data[["x"]], y, data.user)]
    majority = [y[train].mean() > 0.5 for train, _ in HashKFold(3).split(data[["x"]], y, data.user)]
    hits = [
        (y[test] == most).mean()
        for most, (_, test) in zip(majority, HashKFold(3).split(data[["x"]], y, data.user), strict=True)
    ]
    assert len(expected) == 3
    assert scores.tolist() == pytest.approx(hits)
    search = GridSearchCV(model, {"strategy": ["prior", "uniform"]}, cv=HashKFold(3, seed=2), refit=False)
    search.fit(data[["x"]], y, groups=data.user)
    assert search.n_splits_ == 3
    assert repr(HashKFold(3, seed=2)) == "HashKFold(n_splits=3, seed=2)"


def test_keys_are_routed_where_metadata_is():
    import sklearn

    data = people(count=60)
    with sklearn.config_context(enable_metadata_routing=True):
        scores = cross_val_score(DummyClassifier(), data[["x"]], (data.x > 0), cv=HashKFold(3), params={"groups": data.user})
    assert len(scores) == 3


# ---- rejected input


@on_every_engine
def test_missing_keys_are_counted(engine):
    df = load(engine, {"a": ["x", None, "y", None], "b": [1, 2, 3, 4], "c": [None, "u", None, None]})
    for make in (lambda key: split(df, key=key), lambda key: folds(df, key=key), lambda key: split(df, key=key, stratify="b")):
        with pytest.raises(InvalidValue, match=r"key 'a' is missing in 2 rows"):
            make("a")
        with pytest.raises(InvalidValue, match=r"key 'b', 'c' is missing in 3 rows"):
            make(["b", "c"])
    with pytest.raises(InvalidValue, match="missing in 2 rows"):
        key_numbers(["a", None, float("nan")])
    with pytest.raises(InvalidValue, match="missing in 1 rows"):
        key_numbers(np.array(["2020-01-01", "NaT"], dtype="datetime64[s]"))


@on_every_engine
def test_a_key_with_two_labels_is_refused(engine):
    df = load(engine, {"user": [1, 1, 2, 2, 3, 3], "label": ["a", "a", "a", "b", None, "b"], "rows": [1, 1, 2, 2, 3, 3]})
    with pytest.raises(InvalidValue, match="2 keys have two or more labels in 'label'"):
        split(df, key="user", stratify="label")
    with pytest.raises(InvalidValue, match="2 keys have two or more labels in 'label'"):
        split(df, key="rows", stratify="label")
    assert len(split(df, key="user", stratify="rows")[0]) == 6  # strata of one key contribute none


def test_other_types_are_no_keys():
    df = load("duckdb", {"f": [1.5], "j": [{"a": 1}], "t": [pd.Timedelta(1, "s")], "k": [1]})
    df["d"] = df.k.astype("decimal(38,2)")
    for name in ("f", "j", "t", "d"):
        with pytest.raises(InvalidType, match=f"the key '{name}' is"):
            split(df, key=name)
        with pytest.raises(InvalidType, match=f"the key '{name}' is"):
            folds(df, key=["k", name])
    for value in (1.5, b"a", datetime.timedelta(1), datetime.time(1), {"a": 1}, np.float64(2)):
        with pytest.raises(InvalidType, match="a key is"):
            key_numbers([value])
    with pytest.raises(InvalidType, match="labels 'f' are float64"):
        split(df, key="k", stratify="f")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda df: split(df), TypeError, "key"),
        (lambda df: split(df, key=None), InvalidType, "key of split has to be a string or a list of strings, not None"),
        (lambda df: split(df, key=df.k), InvalidType, "df.assign"),
        (lambda df: split(df, key="kk"), ColumnNotFound, "'kk', given as key"),
        (lambda df: split(df, key=[]), InvalidValue, "at least one column"),
        (lambda df: split(df, key=["k", "k"]), InvalidValue, "twice"),
        (lambda df: split(df, key="k", test_size=0), InvalidValue, "above 0 and below 1"),
        (lambda df: split(df, key="k", test_size=1.0), InvalidValue, "above 0 and below 1"),
        (lambda df: split(df, key="k", test_size=float("nan")), InvalidValue, "above 0 and below 1"),
        (lambda df: split(df, key="k", test_size=True), InvalidType, "test_size of split has to be a number, not True"),
        (lambda df: split(df, key="k", seed=1.5), InvalidType, "seed"),
        (lambda df: split(df, key="k", stratify="z"), ColumnNotFound, "'z', given as stratify"),
        (lambda df: split(df, key="k", stratify=[]), InvalidValue, "stratify"),
        (lambda df: folds(df, key="k", n_splits=1), InvalidValue, "at least 2"),
        (lambda df: folds(df, key="k", n_splits=2.0), InvalidType, "whole number"),
        (lambda df: folds(df, key="k", name="k"), InvalidValue, "has a column 'k'"),
        (lambda df: folds(df, key="k", name="_index_row"), InvalidValue, "has a column '_index_row'"),
        (lambda df: key_numbers(df.k), InvalidType, "in the database"),
        (lambda df: key_numbers("abc"), InvalidType, "not str"),
        (lambda df: key_numbers([(1, 2), (1,)]), InvalidValue, "different numbers of parts"),
        (lambda df: key_numbers(["\ud800"]), InvalidValue, "surrogate"),
        (lambda df: key_numbers(np.zeros((1, 1, 1), dtype=int)), InvalidValue, "dimensions"),
        (
            lambda df: key_numbers(np.array(["2020-01-01T00:00:00.000000001"], dtype="datetime64[ns]")),
            InvalidValue,
            "nanoseconds",
        ),
        (lambda df: key_numbers(pd.Series([pd.Timestamp(1)])), InvalidValue, "nanoseconds"),
        (lambda df: list(HashKFold(5).split([0, 0], groups=[1, 2])), InvalidValue, "has no rows"),
        (lambda df: list(HashKFold(2).split([0, 0])), InvalidValue, "groups="),
        (lambda df: list(HashKFold(1).split([0, 0], groups=[1, 2])), InvalidValue, "at least 2"),
        (lambda df: list(HashKFold(2).split(df, groups=[1, 2])), InvalidType, "ml.folds"),
        (lambda df: list(HashKFold(2).split([0, 0, 0], groups=[1, 2])), ValueError, "inconsistent numbers of samples"),
    ],
)
def test_bad_input_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(load("duckdb", {"k": [1, 2]}))


@on_every_engine
def test_only_frames_are_split(engine):
    frame = load(engine, {"user": [1, 2, 3]})
    for make in (split, folds):
        with pytest.raises(InvalidValue, match="needs rows, but the frame is grouped by 'user'"):
            make(frame.groupby("user"), key="user")
    for given in (None, pd.DataFrame({"user": [1]}), frame.user):
        with pytest.raises(InvalidType, match="has to be a DataFrame"):
            split(given, key="user")
        with pytest.raises(InvalidType, match="has to be a DataFrame"):
            folds(given, key="user")


@on_every_engine
def test_numbers_of_numpy_are_numbers(engine):
    frame = load(engine, {"user": list(range(20))})
    assert (
        folds(frame, key="user", n_splits=np.int64(3)).fold.to_pandas().tolist() == (key_numbers(list(range(20))) % 3).tolist()
    )
    test = split(frame, key="user", test_size=np.float32(0.5))[1]
    assert sorted(test.user.to_pandas()) == np.flatnonzero(key_numbers(list(range(20))) < 2**59).tolist()
