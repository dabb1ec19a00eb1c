"""Arguments of public calls: what each annotation takes, in which words it refuses others, and that names resolve."""

from __future__ import annotations

import collections.abc
import datetime
import inspect
import os
import pathlib
import typing
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from objectiv_local import DataFrame, ModelHub, arguments, connect
from objectiv_local.arguments import checked, in_words, kind_of
from objectiv_local.engines import Engine
from objectiv_local.errors import InvalidType, InvalidValue

NAMES = vars(collections.abc) | vars(typing) | {"datetime": datetime, "os": os, "Engine": Engine}


def frame():
    return DataFrame.from_schema({"n": "int64", "s": "string"})


@pytest.mark.parametrize(
    ("annotation", "right", "wrong", "words"),
    [
        ("bool", [True, np.bool_(False)], [1, 0, None, "yes", []], "True or False"),
        ("int", [1, -1, np.int64(3), 2**70], [True, 1.0, "1", None, np.bool_(True), np.array([1])], "a whole number"),
        ("float", [1, 1.5, np.float64(2), float("nan")], [True, "1", None, 1j], "a number"),
        ("str", ["", "a", np.str_("a")], [b"a", 1, None, ["a"]], "a string"),
        ("str | None", ["a", None], [1], "a string or None"),
        ("bool | str | None", [True, "a", None], [1], "True, False, a string or None"),
        ("Literal['a', 'b']", ["a", "c"], [1, None], "'a' or 'b'"),  # the function says which strings it knows
        ("Literal[1]", [1], [True, 1.0], "1"),
        (
            "Sequence[str]",
            [["a"], ("a",), {"a"}, pd.Index(["a"]), np.array(["a"]), [], {"a": 1}.keys()],
            ["a", b"a", {"a": 1}, [1], ["a", None], iter(["a"]), pd.DataFrame({"a": [1]}), np.array([["a"]]), 1],
            "a list of strings",
        ),
        ("Sequence[str | int]", [["a", 1]], [[1.5]], "a list of strings or whole numbers"),
        ("Iterable[object]", [[1, "a"], iter([1]), range(3), pd.Series([1])], ["a", 1, {1: 2}], "a list of values"),
        ("tuple[str, str]", [("a", "b"), ["a", "b"]], [("a",), ("a", 1), "ab"], "a tuple of 2 strings"),
        ("tuple[float, ...]", [(1, 2.5), ()], [("a",)], "a list of numbers"),
        ("Mapping[str, int]", [{"a": 1}, {}], [{"a": "b"}, {1: 1}, [("a", 1)]], "a mapping of strings to whole numbers"),
        ("Callable[[str], str]", [str, len, lambda text: text], ["len", None], "a function"),
        ("slice", [slice(1)], [1], "a slice"),
        (
            "datetime.timedelta",
            [datetime.timedelta(1), pd.Timedelta("1h"), np.timedelta64(1, "h")],
            [1, "1h", np.datetime64("2022-01-01")],
            "a datetime.timedelta",
        ),
        ("str | os.PathLike[str]", ["a", pathlib.Path("a")], [b"a", 1], "a string or an os.PathLike"),
        ("Unimported | DataFrame", [frame()], [frame().n, pd.DataFrame()], "an Unimported or a DataFrame"),
        ("Union['Series', None]", [frame().n, frame().s, None], [frame(), pd.Series([1])], "a Series or None"),
        ("pandas.DataFrame", [pd.DataFrame()], [frame(), pl.DataFrame(), None], "a pandas.DataFrame"),
        ("pyarrow.Table", [pa.table({"a": [1]})], [pd.DataFrame()], "a pyarrow.Table"),
        ("Engine", [connect(duckdb.connect())], [duckdb.connect(), "a.parquet", None], "an Engine"),
    ],
)
def test_what_an_annotation_takes(annotation, right, wrong, words):
    kind = kind_of(annotation, NAMES)
    assert kind is not None
    assert kind.words == words
    for value in right:
        assert kind.accepts(value), repr(value)
    for value in wrong:
        assert not kind.accepts(value), repr(value)
    for value in (*right, *wrong):  # what needs no test would pass it
        assert type(value) not in kind.exact or kind.accepts(value)


@pytest.mark.parametrize("annotation", ["object", "Any", "object | None", Any, typing.TypeVar("T")])
def test_what_takes_anything_is_not_checked(annotation):
    assert kind_of(annotation, NAMES) is None


def test_an_argument_is_checked_before_the_call_does_anything():
    done = []

    @checked
    def write(name: str, *, times: int = 1, label: object = None, **options: int) -> None:
        done.append((name, times, label, options))

    write("a", times=2, label=[1], more="x")
    assert done.pop() == ("a", 2, [1], {"more": "x"})
    for arguments_, named in (((1,), {}), (("a",), {"times": None}), (("a",), {"times": True})):
        with pytest.raises(InvalidType, match=r"of write has to be"):
            write(*arguments_, **named)
    with pytest.raises(TypeError, match="name of write is missing"):
        write()
    with pytest.raises(TypeError, match="takes at most 1 positional argument, and was given 2"):
        write("a", "b")
    assert done == []


def test_a_default_is_always_taken():
    nothing: Any = object()

    @checked
    def sent(value: int = nothing) -> object:
        return value

    assert sent(nothing) is nothing
    with pytest.raises(InvalidType, match="value of sent has to be a whole number, not an object"):
        sent(object())


def test_methods_are_named_with_the_class_of_the_object():
    class Base:
        def repeat(self, times: int) -> int:
            return times

        again = repeat

        @classmethod
        def made(cls, size: int = 1) -> type:
            return cls

        def _inside(self, times: int) -> int:
            return times

    class Derived(checked(Base)):  # type: ignore[misc]
        pass

    assert Base.repeat is Base.again
    assert Derived.made(2) is Derived
    assert Derived()._inside("a") == "a"
    with pytest.raises(InvalidType, match=r"times of Derived.repeat has to be a whole number, not 'a'"):
        Derived().repeat("a")
    with pytest.raises(InvalidType, match=r"size of Derived.made has to be a whole number, not 'a'"):
        Derived.made("a")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        ("a", "'a'"),
        ([1, "a"], "[1, 'a']"),
        (("a",), "('a',)"),
        (int, "the class int"),
        (list(range(9)), "a list"),
        ({"a": 1}, "a dict"),
        ("x" * 99, "a str of 99 characters"),
        (frame().n, "a SeriesInt64"),
        (pd.Series([1]), "a pandas.Series"),
        (object(), "an object"),
        ([["a"]], "[['a']]"),
    ],
)
def test_values_in_messages_are_short(value, words):
    assert in_words(value) == words


def test_no_message_shows_a_password():
    for text in ("postgresql://user:secret@host/db", "host=h password=secret"):
        for value in (text, [text], (1, text)):
            assert "secret" not in in_words(value)
    with pytest.raises(InvalidType) as caught:
        connect("x.parquet", read_only="postgresql://user:secret@host/db")
    assert "secret" not in str(caught.value)


def test_data_in_memory_gets_a_hint():
    with pytest.raises(InvalidType, match="from_pandas"):
        frame().merge(pd.DataFrame({"n": [1]}))
    with pytest.raises(InvalidType, match=r"df.assign\(name=series\)"):
        frame().drop_duplicates(subset=frame().n)


def test_every_name_in_an_annotation_is_that_of_a_class(monkeypatch):
    from names.public_calls import classes, public_calls

    found: set[str] = set()
    made = arguments._Named

    def named(name, bases, body):
        found.add(name if body["package"] == "objectiv_local" else f"{body['package']}.{name}")
        return made(name, bases, body)

    monkeypatch.setattr(arguments, "_Named", named)
    for call in public_calls():
        for parameter in call.parameters:
            kind_of(parameter.annotation, inspect.unwrap(call.function).__globals__)
    found = {name for name in found if "." not in name}  # without classes of other packages
    packages = {"pandas", "polars", "pyarrow", "numpy", "duckdb"}
    assert found - packages <= {*classes(), "Engine"}


def test_missing_arguments_are_named_with_the_example_of_the_docstring():
    hub = ModelHub()
    with pytest.raises(InvalidType) as caught:
        hub.attribution(frame())
    assert str(caught.value).startswith("conversion and touch of ModelHub.attribution are missing\nhint: for instance hub.attr")
    with pytest.raises(TypeError, match=r"right of DataFrame\.merge is missing"):
        frame().merge(on="n")


@checked
def placed(first: int, second: int = 2, *, third: int = 3) -> int:
    return first + second + third


@checked
def measured(first: int, second: int = 2, *, unit: str) -> str:
    return f"{first}{second}{unit}"


def test_missing_keywords_are_named_whatever_stands_before_them():
    assert measured(1, unit="m") == measured(first=1, unit="m") == "12m"
    with pytest.raises(InvalidType, match="unit of measured is missing"):
        measured(1, 3)
    with pytest.raises(InvalidType, match="first and unit of measured are missing"):
        measured(second=3)


def test_too_many_arguments_are_counted():
    assert placed(1, 2, third=3) == 6
    with pytest.raises(InvalidType, match=r"at most 2 positional arguments, and was given 3\nhint: .*third is given by name"):
        placed(1, 2, 3)
    with pytest.raises(InvalidType, match="head takes at most 1 positional argument, and was given 2"):
        frame().head(1, 2)


HALF = "a\ud800"


@pytest.mark.parametrize(
    "use",
    [
        lambda df: df.s == HALF,
        lambda df: df.s.isin(["a", HALF]),
        lambda df: df.s + HALF,
        lambda df: df.s.fillna(HALF),
        lambda df: df.s.str.replace("a", HALF),
        lambda df: df.s.map({"a": HALF}),
        lambda df: df.assign(x={"a": [HALF]}),
        lambda df: df.assign(x={HALF: 1}),
        lambda df: df.assign(**{HALF: 1}),
        lambda df: df.assign(**{HALF: HALF}),
        lambda df: df.rename(columns={"s": HALF}),
        lambda df: df.s.rename(HALF),
        lambda df: df.to_csv(HALF),
        lambda df: df.to_csv(pathlib.Path(HALF)),
        lambda df: df.query(f"s == '{HALF}'"),
        lambda df: connect(HALF),
        lambda df: connect(f"postgresql://me:{HALF}@localhost:1/x"),
        lambda df: DataFrame.from_schema({HALF: "int64"}),
        lambda df: DataFrame.from_pandas(duckdb.connect(), pd.DataFrame([[1]], columns=pd.Index([HALF], dtype=object))),
        lambda df: DataFrame.from_pandas(duckdb.connect(), pd.DataFrame({"j": [{"a": HALF}]})),
        lambda df: ModelHub().add_conversion_event(name=HALF, where=lambda events: events.s == "x"),
    ],
)
def test_half_of_a_surrogate_pair_is_no_text(use):
    with pytest.raises(InvalidValue, match=r"half of a character, a surrogate.*\nhint: ") as caught:
        use(frame())
    str(caught.value).encode()  # the message itself can be printed
    assert "me:" not in str(caught.value)


def test_letters_outside_of_ascii_are_text():
    for text in ("é", "日本", "😀", "\ue000", "\ud7ff"):
        assert frame().assign(**{text: text})[text].view_sql()
