"""Counts of consecutive steps, compared with scikit-learn's on the same sequences."""

from __future__ import annotations

import datetime as dt
import random
import uuid

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, opened
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from objectiv_local import DataFrame, ModelHub, sample
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.ml.features.sequences import SequenceCounts

START = dt.datetime(2022, 3, 1)
#: Pages with a space, the empty string, and characters that collations sort differently than code points.
PAGES = ["Home", "docs a", "docs", "", "été", "zebra", "Zebra", "_x"]


def walks(seed=5, users=12, events=110):
    draw = random.Random(seed)
    return [
        (draw.randrange(users), START + dt.timedelta(hours=draw.randrange(60)), draw.choice([*PAGES, None]))
        for _ in range(events)
    ]


def framed(engine, rows):
    return load(
        engine, {"user_id": [row[0] for row in rows], "moment": [row[1] for row in rows], "page": [row[2] for row in rows]}
    )


def sequences(rows):
    """Return the pages of each user by time and number of the event, by user."""
    ordered = sorted((user, moment, number, page) for number, (user, moment, page) in enumerate(rows))
    found = {user: [] for user, _, _, _ in ordered}
    for user, _, _, page in ordered:
        if page is not None:
            found[user].append(page)
    return found


def vectorizer(**options):
    """Return scikit-learn's counts of lists of words; its terms are joined by a space, which no word may contain."""
    return CountVectorizer(
        analyzer="word",
        tokenizer=list,
        preprocessor=lambda words: [word.replace(" ", "~") for word in words],
        token_pattern=None,
        lowercase=False,
        **options,
    )


@on_every_engine
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ngram_range": (1, 3)},
        {"ngram_range": (2, 2)},
        {"ngram_range": (1, 2), "binary": True},
        {"ngram_range": (1, 2), "min_df": 3},
        {"ngram_range": (1, 2), "min_df": 0.2, "max_df": 0.8},
        {"max_df": 7},
    ],
)
def test_counts_are_those_of_scikit_learn(engine, options):
    rows = walks()
    counts = SequenceCounts(location="page", separator=" ", **options)
    expected_by = vectorizer(**options)
    lists = sequences(rows)
    expected = expected_by.fit_transform(lists.values())
    frame = framed(engine, rows)
    got = counts.fit_transform(frame)
    # The only page with a space sorts differently from the placeholder that replaces it.
    names = expected_by.get_feature_names_out().tolist()
    columns = [names.index(name.replace("docs a", "docs~a")) for name in counts.get_feature_names_out()]
    assert got.shape == expected.shape
    assert got.dtype == np.int64
    assert (got.toarray() == expected.toarray()[:, columns]).all()
    assert counts.entities(frame).tolist() == list(lists)
    assert list(counts.vocabulary_) == sorted(counts.vocabulary_) == counts.get_feature_names_out().tolist()
    assert list(counts.vocabulary_.values()) == list(range(got.shape[1]))


@on_every_engine
@pytest.mark.parametrize(
    "options", [{}, {"norm": "l1"}, {"norm": None}, {"smooth_idf": False}, {"sublinear_tf": True}, {"use_idf": False}]
)
def test_tfidf_is_that_of_scikit_learn(engine, options):
    frame = framed(engine, walks())
    counted = SequenceCounts(location="page", ngram_range=(1, 2)).fit(frame)
    weighted = SequenceCounts(location="page", ngram_range=(1, 2), tfidf=True, **options).fit(frame)
    new = framed(engine, walks(seed=9, users=20))
    transformer = TfidfTransformer(**options).fit(counted.transform(frame))
    expected = transformer.transform(counted.transform(new)).toarray()
    got = weighted.transform(new).toarray()
    assert got.shape[0] == 20
    assert (got == expected).all()
    if options.get("use_idf", True):
        assert (weighted.idf_ == transformer.idf_).all()
    # The weights that the database computes.
    triples = weighted.triples(new).to_pandas()["weight"]
    entities = weighted.entities(new).tolist()
    dense = np.zeros_like(expected)
    for (entity, term), weight in triples.items():
        dense[entities.index(entity), term] = weight
    np.testing.assert_allclose(dense, expected, rtol=1e-12, atol=0)
    assert len(triples) == (expected != 0).sum()


@on_every_engine
def test_most_frequent_terms(engine):
    rows = [(1, START, "b"), (1, START, "a"), (2, START, "c"), (2, START, "c"), (3, START, "d")]
    frame = framed(engine, rows)
    # c occurs twice, a, b and d once: of these, the first by name is kept.
    assert list(SequenceCounts(location="page", max_features=2).fit(frame).vocabulary_) == ["a", "c"]
    assert list(SequenceCounts(location="page", max_features=2, binary=True).fit(frame).vocabulary_) == ["a", "b"]


@on_every_engine
def test_order_and_gaps(engine):
    hour = dt.timedelta(hours=1)
    rows = [
        ("u", START + hour, "b"),
        ("u", START, "a"),
        ("u", START + hour, "a"),
        ("u", START + 2 * hour, None),
        ("u", START + 3 * hour, "c"),
        (None, START, "a"),
        ("u", None, "a"),
        ("v", START, None),
    ]
    frame = framed(engine, rows)
    counts = SequenceCounts(location="page", ngram_range=(4, 4)).fit(frame)
    # Ordered by time, then by the number of the event; a missing location is skipped, and its neighbors are consecutive.
    assert list(counts.vocabulary_) == ["a > b > a > c"]
    assert counts.terms_ == [["a", "b", "a", "c"]]
    assert counts.entities(frame).tolist() == ["u", "v"]
    assert counts.transform(frame).toarray().tolist() == [[1], [0]]
    by_page = SequenceCounts(location="page", key="page", ngram_range=(4, 4)).fit(frame)
    assert list(by_page.vocabulary_) == ["a > a > b > c"]


@on_every_engine
def test_new_events_and_given_entities(engine):
    counts = SequenceCounts(location="page").fit(framed(engine, [(1, START, "a"), (2, START, "b")]))
    new = framed(engine, [(7, START, "a"), (5, START, "unknown"), (7, START, "a"), (6, START, "b")])
    assert counts.entities(new).tolist() == [5, 6, 7]
    assert counts.transform(new).toarray().tolist() == [[0, 0], [0, 1], [2, 0]]
    assert counts.transform(new, entities=[7, 1, 6]).toarray().tolist() == [[2, 0], [0, 0], [0, 1]]
    assert counts.transform(new, entities=np.array([6])).toarray().tolist() == [[0, 1]]
    for given, error, text in (
        ([7, 7], InvalidValue, "given twice"),
        (["7"], InvalidType, "'7' is string"),
        ([None], InvalidType, "missing"),
        ("7", InvalidType, "entities of SequenceCounts.transform has to be a list of values or None, not"),
    ):
        with pytest.raises(error, match=text):
            counts.transform(new, entities=given)


@on_every_engine
def test_entities_that_are_uuids(engine):
    ids = [str(uuid.UUID(int=number)) for number in (2, 1)]
    frame = load(engine, {"user_id": ids, "moment": [START] * 2, "page": ["a", "b"]})
    frame["user_id"] = frame.user_id.astype("uuid")
    counts = SequenceCounts(location="page").fit(frame)
    assert counts.entities(frame).tolist() == ids[::-1]
    assert counts.transform(frame, entities=[uuid.UUID(int=2)]).toarray().tolist() == [[1, 0]]
    assert counts.transform(frame, entities=ids).toarray().tolist() == [[1, 0], [0, 1]]


@on_every_engine
def test_more_terms_than_are_written_into_a_statement(engine):
    rows = [(number % 50, START + dt.timedelta(seconds=number), f"p{number % 1300}") for number in range(2600)]
    table = pd.DataFrame(rows, columns=["user_id", "moment", "page"])
    frame = DataFrame.from_pandas(opened(engine), table, materialization="temp_table")
    matrix = SequenceCounts(location="page", key="page").fit_transform(frame)
    assert matrix.shape == (50, 1300)
    assert matrix.sum() == 2600
    assert matrix.max() == 2


def test_terms_with_one_name():
    frame = framed("duckdb", [(1, START, "a > b"), (1, START, "c"), (2, START, "a"), (2, START, "b > c")])
    with pytest.raises(InvalidValue, match="two terms are named 'a > b > c'"):
        SequenceCounts(location="page", ngram_range=(2, 2)).fit(frame)
    assert len(SequenceCounts(location="page", ngram_range=(2, 2), separator="|").fit(frame).vocabulary_) == 2


def test_what_is_refused():
    frame = framed("duckdb", walks())
    for options, error, text in (
        ({"ngram_range": (2, 1)}, InvalidValue, "ngram_range"),
        ({"ngram_range": 2}, InvalidValue, "ngram_range"),
        ({"ngram_range": (0, 1)}, InvalidValue, "ngram_range"),
        ({"separator": ""}, InvalidType, "separator"),
        ({"norm": "l3"}, InvalidValue, "norm"),
        ({"max_features": 0}, InvalidValue, "max_features"),
        ({"min_df": -1}, InvalidValue, "min_df"),
        ({"max_df": 1.5}, InvalidValue, "max_df"),
        ({"entity": "nobody"}, ColumnNotFound, "entity"),
        ({"time": "page"}, InvalidType, "timestamps or dates"),
        ({"key": "nothing"}, ColumnNotFound, "key"),
        ({"location": "moment"}, InvalidType, "location"),
        ({"min_df": 100}, InvalidValue, "no terms are left"),
    ):
        with pytest.raises(error, match=text):
            SequenceCounts(**{"location": "page", **options}).fit(frame)
    with pytest.raises(InvalidType, match=r"X of SequenceCounts\.fit has to be a DataFrame, not"):
        SequenceCounts().fit([["a", "b"]])
    with pytest.raises(NotFittedError):
        SequenceCounts(location="page").transform(frame)
    assert clone(SequenceCounts(location="page", max_features=3)).max_features == 3


def test_sequences_of_the_sample():
    df = ModelHub().get_objectiv_dataframe(db_url=sample.path())
    df["place"] = df.location_stack.ls.nice_name
    raw = df[["user_id", "moment", "place"]].to_pandas()
    top = raw.place.value_counts()
    steps = SequenceCounts(ngram_range=(1, 2), max_features=80)
    matrix = steps.fit_transform(df)
    assert matrix.shape == (raw.user_id.nunique(), 80)
    single = top.index[0]
    assert matrix[:, steps.vocabulary_[single]].sum() == top.iloc[0]
    ordered = raw.reset_index().sort_values(["user_id", "moment", "event_id"]).dropna(subset=["place"])
    pairs = (ordered.place + " > " + ordered.groupby("user_id").place.shift(-1)).value_counts()
    names = [name for name in steps.get_feature_names_out() if name in pairs.index]
    assert len(names) > 5
    assert {name: matrix[:, steps.vocabulary_[name]].sum() for name in names} == pairs[names].to_dict()
