"""Strings, on every engine, against pandas."""

from __future__ import annotations

import pandas as pd
import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local.errors import InvalidValue, NotSupported


@on_every_engine
def test_text(engine):
    texts = ["Héllo", "", "a_c%'\\", None]
    df = load(engine, {"s": texts})
    text = pd.Series(texts, dtype="str").str
    for ours, theirs in [
        (df.s.str.lower(), text.lower()),
        (df.s.str.upper(), text.upper()),
        (df.s.str.len(), text.len()),
        (df.s.str[1:3], text[1:3]),
        (df.s.str[-2:], text[-2:]),
        (df.s.str[:-1], text[:-1]),
        (df.s.str[-3:-1], text[-3:-1]),
        (df.s.str.slice(1), text.slice(1)),
        (df.s.str.replace("l", "'L'"), text.replace("l", "'L'", regex=False)),
    ]:
        assert values(ours)[:3] == theirs.tolist()[:3]
        assert values(ours)[3] is None
    assert values(df.s.str.contains("_c%")) == [False, False, True, None]
    assert values(df.s.str.contains("\\")) == [False, False, True, None]
    assert values(df.s.str.startswith("H")) == [True, False, False, None]
    assert values(df.s.str.endswith(df.s)) == [True, True, True, None]
    assert values(df.s + "!") == ["Héllo!", "!", "a_c%'\\!", None]
    assert values("<" + df.s)[0] == "<Héllo"


TEXTS = ["  Ab c ", "x-1-y", "", None, "007", "-5", "é@b.nl"]


@on_every_engine
@pytest.mark.parametrize("name", ["strip", "lstrip", "rstrip", "upper", "lower", "capitalize", "len"])
def test_text_is_that_of_pandas(engine, name):
    df, pandas = load(engine, {"s": TEXTS}), pd.Series(TEXTS, dtype=object)
    wanted = [None if pd.isna(value) else value for value in getattr(pandas.str, name)()]
    assert values(getattr(df.s.str, name)()) == wanted


@on_every_engine
def test_text_with_arguments(engine):
    df, pandas = load(engine, {"s": TEXTS}), pd.Series(TEXTS, dtype=object)

    def check(ours, theirs):
        assert values(ours) == [None if pd.isna(value) else value for value in theirs]

    check(df.s.str.zfill(5), pandas.str.zfill(5))
    check(df.s.str.ljust(5, "*"), pandas.str.ljust(5, "*"))
    check(df.s.str.rjust(5), pandas.str.rjust(5))
    check(df.s.str.pad(5, "right", "."), pandas.str.pad(5, "right", "."))
    check(df.s.str.find("-"), pandas.str.find("-"))
    check(df.s.str.count("-"), pandas.str.count("-"))
    check(df.s.str.count("[0-9]", regex=True), pandas.str.count("[0-9]"))
    check(df.s.str.repeat(2), pandas.str.repeat(2))
    check(df.s.str.contains("B", case=False), pandas.str.contains("B", case=False))
    check(df.s.str.contains(r"^\s|\d$", regex=True), pandas.str.contains(r"^\s|\d$"))
    check(df.s.str.match("[0-9x]"), pandas.str.match("[0-9x]"))
    check(df.s.str.fullmatch("-?[0-9]+"), pandas.str.fullmatch("-?[0-9]+"))
    check(df.s.str.extract("([0-9]+)"), pandas.str.extract("([0-9]+)", expand=False))
    check(df.s.str.replace("-", "_"), pandas.str.replace("-", "_", regex=False))
    check(df.s.str.replace("([a-z])-", r"\1+", regex=True), pandas.str.replace("([a-z])-", r"\1+", regex=True))
    check(df.s.str.replace({"x": "y", "y": "z"}), pandas.str.replace("x", "y", regex=False).str.replace("y", "z", regex=False))
    check(df.s.str.get(1), pandas.str.get(1))
    check(df.s.str.slice(1, -1), pandas.str.slice(1, -1))
    check(df.s.str.cat("!", sep="-"), pandas + "-!")
    check(df.s.str.isdigit(), [False, False, False, None, True, False, False])
    parts = df.s.str.split("-")
    assert parts.dtype == "list[string]"
    assert values(parts) == [None if value is None else value.split("-") for value in TEXTS]
    check(parts.elements[0], pandas.str.split("-").str[0])
    check(parts.elements[-1], pandas.str.split("-").str[-1])
    check(parts.elements.len(), pandas.str.split("-").str.len())
    assert values(parts.elements[1:]) == [[] if value is None else value.split("-")[1:] for value in TEXTS]
    assert values(parts.elements.contains("1")) == [False, True, False, None, False, False, False]
    with pytest.raises(NotSupported, match="more than one way"):
        df.s.str.extract(".*([0-9])").to_pandas()
    with pytest.raises(InvalidValue, match="no group 2"):
        df.s.str.extract("([0-9])", group=2)
    with pytest.raises(InvalidValue, match="not a regular expression"):
        df.s.str.contains("(", regex=True)
