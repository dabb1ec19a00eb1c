"""Cases in which DuckDB and Postgres would silently return different results, with an input that would show each one.

Test names describe the difference.
"""

from __future__ import annotations

import datetime
import hashlib
import re

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, opened, plain, values

from objectiv_local import DataFrame
from objectiv_local.errors import DataInvalid, NotSupported, ObjectivError


@on_every_engine
def test_01_names_that_differ_in_case_only_are_different_columns(engine):
    df = load(engine, {"ab": [1], "AB": [2], "Ab": [3]})
    assert [values(df[name]) for name in ("ab", "AB", "Ab")] == [[1], [2], [3]]
    assert df[df.AB == 2].to_pandas()[["ab", "AB", "Ab"]].values.tolist() == [[1, 2, 3]]


@on_every_engine
def test_02_names_with_63_equal_bytes_are_different_columns(engine):
    for start in ("n" * 70, "é" * 40):
        df = load(engine, {start + "1": [1], start + "2": [2]})
        df["sum"] = df[start + "2"] - df[start + "1"]
        assert df.to_pandas().values.tolist() == [[1, 2, 1]]


@on_every_engine
def test_03_missing_values_come_last_in_both_directions_in_ranks_sums_and_heads(engine):
    df = load(engine, {"v": [2.0, None, 1.0, 3.0]})
    for up, wanted in ((True, [1.0, 2.0, 3.0, None]), (False, [3.0, 2.0, 1.0, None])):
        ordered = df.sort_values("v", ascending=up)
        assert plain(ordered.v.to_pandas()) == wanted
        assert values(df.v.window_rank(ordered.window()))[1] == 4
        assert plain(ordered.head(1).v) == wanted[:1]
        assert values(ordered.v.cumcount())[1] == 3
    assert df.sort_values("v", ascending=False).v.last().value == 1.0


@on_every_engine
def test_04_division_floor_and_remainder_of_every_sign_are_python_s(engine):
    pairs = [(a, b) for a in range(-7, 8) for b in (-7, -3, -2, 2, 3, 7)]
    df = load(engine, {"a": [a for a, _ in pairs], "b": [b for _, b in pairs]})
    assert values(df.a // df.b) == [a // b for a, b in pairs]
    assert values(df.a % df.b) == [a % b for a, b in pairs]
    assert values(df.a / df.b) == [a / b for a, b in pairs]
    floats = df.assign(a=df.a / 2, b=df.b / 2)
    assert values(floats.a // floats.b) == [(a / 2) // (b / 2) for a, b in pairs]
    assert values(floats.a % floats.b) == [(a / 2) % (b / 2) for a, b in pairs]


@on_every_engine
def test_05_text_sorts_and_compares_by_code_point(engine):
    words = ["b", "B", "a", "_", "é", "a b", "ab", "😀", "｡", "10", "9", "Z"]
    df = load(engine, {"s": words})
    assert df.sort_values("s").s.to_pandas().tolist() == sorted(words)
    assert (df.s.min().value, df.s.max().value) == (min(words), max(words))
    assert values(df.s < "a") == [word < "a" for word in words]
    assert values(df.s.between("A", "b")) == ["A" <= word <= "b" for word in words]
    assert df.s.mode().value == min(words)
    assert values(df.s.rank(method="first")) == [sorted(words).index(word) + 1.0 for word in words]


@on_every_engine
def test_06_an_object_is_looked_for_among_the_elements_and_not_below_them(engine):
    df = load(engine, {"j": [[{"x": {"id": "a"}}, {"id": "b"}], [[{"id": "a"}]], [{"id": "a"}]]})
    assert values(df.j.json[{"id": "a"} :].json.get_array_length()) == [0, 0, 1]


@on_every_engine
def test_07_json_is_not_compared_as_text(engine):
    df = load(engine, {"j": [{"a": 1, "b": 2}, {"b": 2, "a": 1}]})
    for compare in (lambda: df.j == df.j, lambda: df.groupby("j"), lambda: df.j.nunique(), lambda: df.drop_duplicates("j")):
        with pytest.raises(ObjectivError):
            compare()
    assert values(df.j) == [{"a": 1, "b": 2}] * 2


@on_every_engine
def test_08_moments_are_in_utc_whatever_the_zone_of_the_session(engine):
    days = pd.to_datetime(["2022-03-26 12:00", "2022-03-28 12:00", "2022-03-27 01:30"])
    df = load(engine, {"t": days, "d": days.date})
    connection = opened(engine)
    connection.execute("SET TimeZone = 'Europe/Amsterdam'")
    try:
        assert values(df.t - datetime.datetime(2022, 3, 26, 12))[1] == pd.Timedelta(days=2)
        assert values(df.d.dt.date_trunc("month")) == [datetime.datetime(2022, 3, 1)] * 3
        assert values(df.t.dt.date_trunc("hour"))[2] == datetime.datetime(2022, 3, 27, 1)
        assert values(df.t.dt.hour)[2] == 1
    finally:
        connection.execute("SET TimeZone = 'UTC'")


@on_every_engine
def test_09_regular_expressions_have_one_meaning_or_are_refused(engine):
    df = load(engine, {"s": ["foo bar", "foobar", "é", "a\nb", "ébar"]})
    for pattern in (r"\bbar\b", r"^\w+$", "a.b", r"\s", "foo|foobar"):
        assert values(df.s.str.contains(pattern, regex=True)) == [
            re.search(pattern, text, re.ASCII) is not None for text in ["foo bar", "foobar", "é", "a\nb", "ébar"]
        ]
    for pattern in ("(foo|foobar)", "Y*?([0-9]{1,3})", "(.*)b"):
        with pytest.raises(NotSupported):
            df.s.str.extract(pattern).to_pandas()


@on_every_engine
def test_10_signs_of_patterns_are_plain_letters_in_a_search(engine):
    df = load(engine, {"s": ["a_c", "abc", "a\\_c", "100%", "1000"]})
    assert values(df.s.str.contains("a_c")) == [True, False, False, False, False]
    assert values(df.s.str.contains("\\_")) == [False, False, True, False, False]
    assert values(df.s.str.endswith("0%")) == [False, False, False, True, False]


@on_every_engine
def test_11_floats_round_a_half_to_even_and_scaled_as_numpy_does(engine):
    numbers = [k + 0.5 for k in range(-4, 5)] + [1.005, 2.675, 0.285, 1.115, 123.455]
    df = load(engine, {"x": numbers})
    assert values(df.x.round()) == np.round(numbers).tolist()
    assert values(df.x.round(2)) == np.round(numbers, 2).tolist()


@on_every_engine
def test_12_large_numbers_keep_their_last_digit(engine):
    number = 1_577_836_800_000_003
    df = load(engine, {"n": [number], "x": [float(number)]})
    assert values(df.x.astype("int64")) == [number]
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=number)
    exact = load(engine, {"t": [moment, moment]})
    assert exact.t.median().value == moment
    assert values((exact.t - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)) == [number] * 2


@on_every_engine
def test_13_errors_and_variances_are_those_of_a_sample(engine):
    numbers = [1.0, 2.0, 4.0, 9.0]
    df = load(engine, {"x": numbers, "c": [5.0] * 4, "far": [1e9 + x for x in numbers]})
    assert df.x.sem().value == pytest.approx(pd.Series(numbers).sem(), rel=1e-12)
    assert df.x.var().value == pytest.approx(np.var(numbers, ddof=1), rel=1e-12)
    assert df.c.std().value == 0.0
    assert df.far.var().value == pytest.approx(np.var(numbers, ddof=1), rel=1e-6)
    assert load(engine, {"x": [1.0]}).x.sem().value is None


@on_every_engine
def test_14_a_median_of_decimals_keeps_the_digits_between(engine):
    prices = load(engine, {"p": ["1.50", "2.25"]}).p.astype("decimal(10, 2)")
    assert prices.median().value == 1.875


@on_every_engine
def test_15_ties_have_one_answer(engine):
    df = load(engine, {"g": [1] * 4, "v": [3, 1, 1, 3], "k": [2, 1, 3, 4]})
    assert df.v.mode().value == 1
    shuffled = df.sort_values("v", ascending=False)
    assert shuffled.k.first().value == df.sort_values("v", ascending=False).k.first().value == 2
    assert values(df.v.window_row_number(df.sort_values("v").window())) == [3, 1, 2, 4]


@on_every_engine
def test_16_floats_as_text_are_python_s(engine):
    numbers = [1.0, 0.1, 1e15, 1e16, 1e-5, -0.0, np.inf, -np.inf, 123.456]
    df = load(engine, {"x": numbers})
    assert values(df.x.astype("string")) == [str(number) for number in numbers]
    assert values("x" + df.x.astype("string"))[0] == "x1.0"


@on_every_engine
def test_17_durations_are_exact_and_have_no_months(engine):
    spans = [datetime.timedelta(days=423), datetime.timedelta(days=428)]
    df = load(engine, {"d": spans})
    assert values(df.d.dt.total_seconds) == [span.total_seconds() for span in spans]
    assert df.d.sum().value == sum(spans, datetime.timedelta())


@on_every_engine
def test_18_letters_beyond_ascii_change_their_case(engine):
    df = load(engine, {"s": ["éàñ", "ЖΩ"]})
    assert values(df.s.str.upper()) == ["ÉÀÑ", "ЖΩ"]
    assert values(df.s.str.lower()) == ["éàñ", "жω"]


@on_every_engine
def test_19_slices_and_positions_beyond_the_ends_are_python_s(engine):
    text, bounds = "héllo", [None, 0, 1, 3, 5, 9, -1, -3, -5, -9]
    df = load(engine, {"s": [text]})
    for start in bounds:
        for stop in bounds:
            assert values(df.s.str[start:stop]) == [text[start:stop]]
    items = load(engine, {"s": ["a-b-c"]}).s.str.split("-").elements
    for start in bounds:
        assert values(items[start:]) == [["a", "b", "c"][start:]]
        assert values(items[start] if start is not None else items[0]) == [
            ["a", "b", "c"][start or 0] if -3 <= (start or 0) < 3 else None
        ]


@on_every_engine
def test_20_keys_of_json_are_no_paths(engine):
    keys = ["a.b", "$x", "*", "", "/a", "$.a", 'a"b', "a\\b", "0", "a[0]", "é"]
    df = load(engine, {"j": [{key: f"v{i}" for i, key in enumerate(keys)}]})
    assert [values(df.j.json.get_value(key, as_str=True))[0] for key in keys] == [f"v{i}" for i in range(len(keys))]
    assert values(df.j.json.get_value("a", as_str=True)) == [None]


@on_every_engine
def test_21_a_default_keeps_the_type_of_the_column(engine):
    df = load(engine, {"n": [1, 2], "x": [0.5, None]}).sort_index()
    assert values(df.x.window_lag(1, 7, df.window())) == [7.0, 0.5]
    assert df.x.fillna(1).dtype == "float64"
    assert values(df.n.where(df.n > 1, 0.5)) == [0.5, 2.0]
    with pytest.raises(ObjectivError):
        df.n.window_lag(1, 0.5, df.window())
    with pytest.raises(ObjectivError):
        df.n.fillna("1")


@on_every_engine
def test_22_what_does_not_match_is_missing_and_an_empty_text_has_one_part(engine):
    df = load(engine, {"s": ["a1", "b", ""]})
    assert values(df.s.str.extract("([0-9])")) == ["1", None, None]
    assert values(df.s.str.split(",")) == [["a1"], ["b"], [""]]


@on_every_engine
def test_23_formats_and_fractions_of_seconds_are_python_s(engine):
    moment = datetime.datetime(2020, 1, 5, 13, 7, 9, 12345)
    df = load(engine, {"t": [moment]})
    for code in "aAbBdHIjmMpSyYfGVuUWwcxX":
        assert values(df.t.dt.strftime(f"<%{code}>")) == [moment.strftime(f"<%{code}>")]
    assert values(df.t.dt.second) == [9]
    assert values(df.t.dt.microsecond) == [12345]
    nanoseconds = load(engine, {"t": pd.to_datetime(["2020-01-01 23:59:59.999999999"])})
    assert values(nanoseconds.t) == [datetime.datetime(2020, 1, 1, 23, 59, 59, 999999)]


@on_every_engine
@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        ("int64", "1.5"),
        ("int64", "1e3"),
        ("int64", "0x10"),
        ("int64", "1_000"),
        ("bool", "on"),
        ("date", "01/02/2020"),
        ("date", "20200101"),
        ("date", "now"),
        ("timestamp", "infinity"),
        ("float64", "1,5"),
        ("time", "10"),
    ],
)
def test_24_text_that_one_engine_would_guess_at_is_refused(engine, dtype, text):
    df = load(engine, {"s": [text]})
    assert values(df.s.astype(dtype, errors="coerce")) == [None]
    with pytest.raises(ObjectivError):
        df.s.astype(dtype).to_pandas()


@on_every_engine
def test_25_samples_and_sums_are_the_same_to_the_last_row_and_digit(engine):
    df = load(engine, {"n": [2**53 + 1, 2**53 + 1, 1]})
    total = df.n.sum()
    assert total.value == 2**54 + 3
    assert str(df.groupby(None).n.sum().to_pandas().dtype) == "Int64"
    many = DataFrame.from_pandas(opened(engine), pd.DataFrame({"v": range(300)}, index=pd.Index(range(300), name="k")))
    wanted = [k for k in range(300) if int(hashlib.md5(f"1|{k}".encode()).hexdigest()[:15], 16) < 0.1 * 2**60]
    assert sorted(many.get_sample(sample_percentage=10, seed=1).to_pandas().v) == wanted


@on_every_engine
def test_results_beyond_64_bits_are_errors(engine):
    df = load(engine, {"n": [2**62, 2**62], "m": [2, 3]})
    for overflow in (df.n + df.n, df.n * 3, (df.n * -1) - df.n - df.n, df.n.sum() + df.n.sum(), df.n << 5):
        with pytest.raises((ObjectivError, DataInvalid)):
            overflow.to_pandas()
