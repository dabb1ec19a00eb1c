"""Experiments: compared with scipy on the rows of units and with examples by hand, and simulations of interval coverage."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pytest
from frame.frames import ENGINES, opened
from hub.analyses import tried
from hub.analyses.fixture import case_id, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from objectiv_local import DataFrame, ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported
from objectiv_local.hub.analyses.experiments.inference import (
    Group,
    adjusted,
    anytime_half_width,
    anytime_p,
    compared,
    holm,
    needed_users,
    sample_ratio_p,
)

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)
METRICS = {
    "bought": "buy",
    "orders": ("count", "buy"),
    "revenue": ("sum", "amount"),
    "order value": ("ratio", ("sum", "amount"), ("count", "buy")),
}
COLUMNS = ["users", "mean", "difference", "difference_low", "difference_high", "lift", "ci_low", "ci_high", "p", "p_holm"]


def loaded(engine, events):
    return DataFrame.from_arrow(opened(engine), tried.table(events), "event_id")


def asked(events, metric=METRICS, **options):
    return HUB.experiment(events, "visit", "group", metric, **options)


def cells(analysis):
    """Return each row as a dict, by variant and metric."""
    return {row[:2]: dict(zip(COLUMNS, row[2:], strict=True)) for row in rows(analysis)}


def event(user, moment, kind, group=None, amount=None):
    return {
        "event_id": f"{user}{moment:02}",
        "user_id": user,
        "moment": tried.BEGIN + moment * HOUR,
        "event_type": kind,
        "group": group,
        "amount": amount,
    }


#: Four users of each variant; a and e have earlier events.
EVENTS = [
    event("a", 0, "buy", None, 100.0),
    event("a", 1, "visit", "control"),
    event("a", 2, "buy", None, 5.0),
    event("a", 3, "buy", None, 7.0),
    event("b", 1, "visit", "control"),
    event("b", 30, "buy", None, 9.0),
    event("c", 1, "visit", "control"),
    event("d", 1, "visit", "control"),
    event("d", 2, "view"),
    event("e", 0, "buy", None, 50.0),
    event("e", 1, "visit", "new"),
    event("e", 2, "buy", None, 2.0),
    event("f", 1, "visit", "new"),
    event("f", 2, "buy"),
    event("g", 1, "visit", "new"),
    event("g", 2, "visit", "new"),
    event("g", 3, "buy", None, 12.0),
    event("h", 1, "visit", "new"),
    event("i", 1, "visit", "new"),
    event("i", 2, "visit", "control"),
    event("i", 3, "buy", None, 1000.0),  # saw both variants
    event("j", 1, "visit"),
    event("j", 2, "buy", None, 1000.0),  # was exposed to no variant
    event("k", 1, "buy", "new", 1000.0),  # was not exposed
    event(None, 1, "visit", "new"),
    event(None, 2, "buy", None, 1000.0),
]


@on_every_engine
def test_metrics_by_hand(engine):
    found = asked(loaded(engine, EVENTS))
    assert found.index_columns == ["variant", "metric"]
    assert found.columns == COLUMNS
    assert {name: found.dtypes[name] for name in ("users", "mean", "p")} == {
        "users": "int64",
        "mean": "float64",
        "p": "float64",
    }
    table = cells(found)
    assert {key: (row["users"], row["mean"]) for key, row in table.items()} == {
        ("control", "bought"): (4, 0.5),
        ("control", "orders"): (4, 0.75),
        ("control", "revenue"): (4, 5.25),
        ("control", "order value"): (4, 7.0),
        ("new", "bought"): (4, 0.75),
        ("new", "orders"): (4, 0.75),
        ("new", "revenue"): (4, 3.5),
        ("new", "order value"): (4, pytest.approx(14 / 3)),
    }
    assert all(table["control", name]["p"] is None and table["control", name]["lift"] is None for name in METRICS)
    new = table["new", "bought"]
    assert (new["difference"], new["lift"]) == (0.25, 0.5)
    # The pooled share is 5/8: z = 0.25 / sqrt(15/64 * 2/4).
    assert new["p"] == pytest.approx(math.erfc(0.25 / math.sqrt(15 / 128) / math.sqrt(2)))
    assert table["new", "revenue"]["difference"] == -1.75
    assert table["new", "revenue"]["lift"] == pytest.approx(-1 / 3)
    assert "control: 4, new: 4 units." in found.definition
    assert "1 units saw several variants, and are left out." in found.definition
    assert "Sample ratio mismatch: p = 1." in found.definition
    assert sorted(row[0] for row in rows(found.users(variant="new", metric="orders"))) == ["e", "f", "g", "h"]
    assert all(len(rows(found.users(variant=variant, metric=name))) == row["users"] for (variant, name), row in table.items())


@on_every_engine
def test_units_that_saw_several_variants(engine):
    found = asked(loaded(engine, EVENTS), ("sum", "amount"), several="first")
    assert {key: row["users"] for key, row in cells(found).items()} == {("control", "amount"): 4, ("new", "amount"): 5}
    assert cells(found)["new", "amount"]["mean"] == 1014 / 5
    assert rows(found.users(variant="new"))[-1] == ("i", tried.BEGIN + HOUR)


@on_every_engine
def test_windows(engine):
    events = loaded(engine, EVENTS)
    # The last event is 29 hours after the exposures.
    found = cells(asked(events, {"n": ("count", "buy")}, window=29 * HOUR))
    assert (found["control", "n"]["users"], found["control", "n"]["mean"]) == (4, 0.75)
    found = cells(asked(events, {"n": ("count", "buy")}, window=29 * HOUR - datetime.timedelta(microseconds=1)))
    assert (found["control", "n"]["users"], found["control", "n"]["mean"]) == (4, 0.5)
    found = asked(events, {"n": ("count", "buy")}, window=30 * HOUR)
    assert rows(found.frame[["users"]]) == [("control", "n", 0), ("new", "n", 0)]
    assert "8 units are still in their window, and are left out." in found.definition
    found = asked(events, {"n": ("count", "buy")}, window=30 * HOUR, include_open=True)
    assert cells(found)["new", "n"]["users"] == 4
    # As of a moment, later events are unknown.
    found = cells(asked(events, {"n": ("count", "buy")}, as_of=tried.BEGIN + 2 * HOUR))
    assert found["control", "n"]["mean"] == 0.25
    with pytest.raises(InvalidValue, match="no user is in the control"):
        asked(
            loaded(engine, [*EVENTS, event("z", 40, "visit", "other"), event("y", 40, "visit", "new")]), start=tried.BEGIN + DAY
        )


@on_every_engine
def test_conditions_of_a_sum(engine):
    found = cells(
        asked(
            loaded(engine, EVENTS),
            {"large": ("sum", "amount", lambda df: df.amount > 6), "views": ("ratio", "view", ["view", "buy"])},
        )
    )
    assert found["control", "large"]["mean"] == 4.0
    assert found["control", "views"]["mean"] == 0.25
    assert found["new", "views"]["mean"] == 0.0
    assert found["new", "views"]["lift"] == -1.0


@on_every_engine
def test_a_metric_that_never_happens(engine):
    found = asked(loaded(engine, EVENTS), {"sold": "sell", "per": ("ratio", "view", "sell")})
    table = cells(found)
    assert table["new", "sold"] == {**dict.fromkeys(COLUMNS), "users": 4, "mean": 0.0, "difference": 0.0}
    assert table["new", "per"] == {**dict.fromkeys(COLUMNS), "users": 4}
    assert "No event has the type 'sell'" in found.definition
    assert rows(found.power()) == [("per", None, None, None, None), ("sold", 0.0, None, None, None)]


@on_every_engine
def test_no_exposure(engine):
    for events in ([], [event("a", 1, "buy", None, 5.0)]):
        found = asked(loaded(engine, events))
        assert rows(found) == []
        assert "No unit was exposed." in found.definition
        assert found.sample_ratio_p is None
        assert rows(found.users()) == []


def test_one_user_of_each_variant():
    found = cells(asked(loaded("duckdb", [EVENTS[1], EVENTS[2], EVENTS[10], EVENTS[11]])))
    assert found["new", "revenue"] == {**dict.fromkeys(COLUMNS), "users": 1, "mean": 2.0, "difference": -3.0, "lift": -0.6}
    assert found["new", "order value"]["difference"] == -3.0


def compare(engine, seed, count, **options):
    """Compare all metrics of generated events with scipy on the rows of units."""
    generated = tried.drawn(seed, count)
    found = tried.units(generated, **options)
    if len(found) < 2 or "control" not in found:
        return
    table = cells(asked(loaded(engine, generated), split={"control": 1, "new": 1}, **options))
    twins = {
        "bought": (tried.bought, tried.proportions),
        "orders": (tried.orders, tried.means),
        "revenue": (tried.revenue, tried.means),
        "order value": (lambda later: (tried.revenue(later), tried.orders(later)), tried.ratios),
    }
    p_values = []
    for name, (value, test) in twins.items():
        values = {variant: [value(later) for _, later in own] for variant, own in found.items()}
        row = table["new", name]
        assert (table["control", name]["users"], row["users"]) == (len(values["control"]), len(values["new"]))
        if row["p"] is None:
            continue
        with np.errstate(all="ignore"):
            expected = test(values["control"], values["new"])
        assert [row[each] for each in ("difference", "difference_low", "difference_high", "p")] == pytest.approx(list(expected))
        p_values.append(row["p"])
    assert [row["p_holm"] for row in table.values() if row["p"] is not None] == pytest.approx(
        [each for each in holm([row["p"] for row in table.values()]) if each is not None]
    )


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    count=st.sampled_from([4, 20, 60]),
    hours=st.sampled_from([None, 30, 200]),
    several=st.sampled_from(["exclude", "first"]),
    include_open=st.booleans(),
)
def test_generated_events(seed, count, hours, several, include_open):
    compare("duckdb", seed, count, window=hours and hours * HOUR, several=several, include_open=include_open)


@on_every_engine
def test_generated_events_everywhere(engine):
    compare(engine, 5, 80, window=200 * HOUR)
    compare(engine, 6, 80)


@on_every_engine
def test_covariates(engine):
    generated = tried.drawn(11, 120)
    found = tried.units(generated, before=2 * DAY)
    for covariate, value, after in ((2 * DAY, tried.orders, tried.orders), (("sum", "amount"), tried.revenue, tried.orders)):
        table = cells(
            asked(loaded(engine, generated), {"orders": ("count", "buy")}, covariate=covariate, covariate_window=2 * DAY)
        )
        x = {variant: np.array([value(earlier) for earlier, _ in own]) for variant, own in found.items()}
        y = {variant: np.array([after(later) for _, later in own]) for variant, own in found.items()}
        shared = sum((len(x[each]) - 1) * np.cov(x[each], y[each])[0, 1] for each in x)
        factor = shared / sum((len(x[each]) - 1) * x[each].var(ddof=1) for each in x)
        center = np.concatenate(list(x.values())).mean()
        corrected = {variant: y[variant] - factor * (x[variant] - center) for variant in x}
        row = table["new", "orders"]
        assert [row[each] for each in ("difference", "difference_low", "difference_high", "p")] == pytest.approx(
            list(tried.means(corrected["control"], corrected["new"]))
        )
        assert row["mean"] == pytest.approx(corrected["new"].mean())


def test_a_proportion_with_a_covariate_is_compared_as_a_mean():
    generated = tried.drawn(11, 120)
    found = tried.units(generated, before=2 * DAY)
    x, y = (
        {variant: np.array([tried.bought(own[place]) for own in each]) for variant, each in found.items()} for place in (0, 1)
    )
    factor = sum((len(x[each]) - 1) * np.cov(x[each], y[each])[0, 1] for each in x) / sum(
        (len(x[each]) - 1) * x[each].var(ddof=1) for each in x
    )
    corrected = {variant: y[variant] - factor * x[variant] for variant in x}
    row = cells(asked(loaded("duckdb", generated), {"bought": "buy"}, covariate=2 * DAY))["new", "bought"]
    assert [row["difference"], row["p"]] == pytest.approx(
        [tried.means(corrected["control"], corrected["new"])[place] for place in (0, 3)]
    )


@on_every_engine
def test_large_values_keep_their_precision(engine):
    events = [
        each
        for number in range(20)
        for each in (
            event(f"u{number}", 1, "visit", "new" if number % 2 else "control"),
            event(f"u{number}", 2, "buy", None, 1e9 + number),
        )
    ]
    row = cells(asked(loaded(engine, events), ("sum", "amount"), covariate=("sum", "amount")))["new", "amount"]
    control, new = ([1e9 + number for number in range(start, 20, 2)] for start in (0, 1))
    assert row["difference"] == pytest.approx(1.0)
    assert row["p"] == pytest.approx(stats.ttest_ind(new, control, equal_var=False).pvalue)


def test_the_interval_of_the_lift():
    # By the formula of the delta method: sqrt(4/50/100 + 2.2**2 * 3/40/100**2 / ...) with means 10 and 11.
    found = compared("mean", Group(40, 10.0, 3.0), Group(50, 11.0, 4.0), 0.05, None)
    error = math.sqrt(4 / 50 / 10**2 + 11**2 * 3 / 40 / 10**4)
    freedom = (3 / 40 + 4 / 50) ** 2 / ((3 / 40) ** 2 / 39 + (4 / 50) ** 2 / 49)
    half = stats.t.ppf(0.975, freedom) * error
    assert (found.lift, found.ci_low, found.ci_high) == pytest.approx((0.1, 0.1 - half, 0.1 + half))
    # A control below 0: the interval is still from low to high.
    found = compared("mean", Group(40, -10.0, 3.0), Group(50, -11.0, 4.0), 0.05, None)
    assert (found.lift, found.ci_low, found.ci_high) == pytest.approx((0.1, 0.1 - half, 0.1 + half))


def test_sample_ratios():
    equal = {"control": 1.0, "new": 1.0}
    assert sample_ratio_p({"control": 520, "new": 480}, equal) == pytest.approx(0.2059, abs=5e-5)
    assert sample_ratio_p({"control": 5200, "new": 4800}, equal) == pytest.approx(6.3e-5, abs=5e-7)
    assert sample_ratio_p({"control": 900, "new": 100}, {"control": 9.0, "new": 1.0}) == 1.0
    assert sample_ratio_p({"control": 50}, equal) == pytest.approx(stats.chisquare([50, 0]).pvalue)


@on_every_engine
def test_a_split_that_is_not_the_planned_one(engine):
    events = [event(f"u{number:03}", 1, "visit", "control" if number < 80 else "new") for number in range(110)]
    found = asked(loaded(engine, events), "buy")
    assert found.sample_ratio_p == pytest.approx(stats.chisquare([80, 30]).pvalue)
    assert "the results cannot be trusted" in found.definition
    assert asked(loaded(engine, events), "buy", split={"control": 8, "new": 3}).sample_ratio_p == pytest.approx(1.0)
    # A variant without users is a mismatch as well.
    none = asked(loaded(engine, events), "buy", split={"control": 8, "new": 3, "other": 1})
    assert none.sample_ratio_p == pytest.approx(stats.chisquare([80, 30, 0], [880 / 12, 330 / 12, 110 / 12]).pvalue)
    assert rows(none.frame[["users", "p"]])[-1] == ("other", "buy", 0, None)


def test_holm():
    # Holm (1979): the smallest p-value is multiplied by the number of tests, the next by one less, and values never decrease.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([None, 0.6, 0.7, None]) == [None, 1.0, 1.0, None]
    assert holm([]) == []


@on_every_engine
def test_three_variants_and_their_correction(engine):
    generated = tried.drawn(4, 90, ("control", "new", "newer"))
    found = cells(asked(loaded(engine, generated)))
    p_values = sorted(row["p"] for row in found.values() if row["p"] is not None)
    assert len(p_values) == 8
    smallest = next(row for row in found.values() if row["p"] == p_values[0])
    assert smallest["p_holm"] == pytest.approx(min(1.0, 8 * p_values[0]))


# ---- intervals that are valid at any time


def test_the_published_formula():
    # V = n s², rho = s² N* / (2 ln(1/a) + ln(1 + 2 ln(1/a))), half a width = sqrt((V + rho) ln((V + rho) / (rho a²))) / n
    n, s2, alpha, planned = 1000, 4.0, 0.05, 5000
    rho = s2 * planned / (2 * math.log(20) + math.log(1 + 2 * math.log(20)))
    v = n * s2
    expected = math.sqrt((v + rho) * math.log((v + rho) / (rho * alpha**2))) / n
    error = math.sqrt(s2 / n)
    assert anytime_half_width(n, error, alpha, planned) == pytest.approx(expected)
    # The p-value is alpha if the interval ends at 0.
    assert anytime_p(n, expected, error, alpha, planned) == pytest.approx(alpha)
    assert anytime_p(n, 0.0, error, alpha, planned) == 1.0
    # It is narrowest, in standard errors, at the planned number.
    widths = [anytime_half_width(users, 1.0, alpha, planned) for users in (500, 5000, 50_000)]
    assert widths[1] < min(widths[0], widths[2])


def test_repeated_checks_do_not_inflate_false_positives():
    draws = np.random.default_rng(7).exponential(size=(600, 2, 2000))
    looks = range(50, 2001, 50)
    wrong = {None: 0, 2000: 0}
    for control, treatment in draws:
        groups = [
            [Group(users, part[:users].mean(), part[:users].var(ddof=1)) for users in looks] for part in (control, treatment)
        ]
        for planned in wrong:
            wrong[planned] += any(
                compared("ratio", one, other, 0.05, planned).p < 0.05 for one, other in zip(*groups, strict=True)
            )
    # 600 experiments checked 40 times: a fixed-sample test is wrong about every third time, the cost of repeated checks.
    assert wrong[None] > 120
    assert wrong[2000] < 0.05 * 600


@on_every_engine
def test_sequential_experiments(engine):
    generated = tried.drawn(6, 80)
    metric = {"orders": ("count", "buy")}
    fixed, found = (
        cells(asked(loaded(engine, generated), metric, **options))["new", "orders"]
        for options in ({}, {"sequential": True, "planned_users": 500})
    )
    values = {variant: [tried.orders(later) for _, later in own] for variant, own in tried.units(generated).items()}
    users = sum(map(len, values.values()))
    error = math.sqrt(sum(np.var(each, ddof=1) / len(each) for each in values.values()))
    half = anytime_half_width(users, error, 0.05, 500)
    assert (found["difference_low"], found["difference_high"]) == pytest.approx(
        (fixed["difference"] - half, fixed["difference"] + half)
    )
    assert found["p"] > fixed["p"]


def test_a_covariate_narrows_intervals_and_keeps_their_coverage():
    random = np.random.default_rng(3)
    covered = narrower = 0
    for _ in range(300):
        groups, plain = [], []
        for effect in (0.0, 0.3):
            before = random.normal(5, 2, 400)
            after = before + random.normal(effect, 1, 400)
            covariance = float(np.cov(before, after)[0, 1])
            groups.append(
                (Group(400, after.mean(), after.var(ddof=1)), Group(400, before.mean(), before.var(ddof=1)), covariance)
            )
            plain.append(groups[-1][0])
        found = compared("mean", *adjusted(groups), 0.05, None)
        other = compared("mean", *plain, 0.05, None)
        covered += found.difference_low < 0.3 < found.difference_high
        # The covariate explains 4/5 of the variance, so intervals are sqrt(1/5) as wide.
        narrower += (found.difference_high - found.difference_low) / (other.difference_high - other.difference_low)
    assert 0.92 * 300 < covered < 0.98 * 300
    assert narrower / 300 == pytest.approx(math.sqrt(1 / 5), abs=0.02)


# ---- power and tea-tasting


def test_power():
    # Of 5 % with a lift of 10 %, at 80 %: the textbook's 2 * 0.0475 * (1.96 + 0.8416)² / 0.005² = 29,826.
    assert needed_users(0.05 * 0.95, 0.005, 0.05, 0.8) == pytest.approx(29_826, abs=3)
    found = asked(loaded("duckdb", EVENTS), METRICS)
    table = {row[0]: row[1:] for row in rows(found.power(lift=1.0))}
    assert list(table) == ["bought", "order value", "orders", "revenue"]
    mean, std, users, lift = table["bought"]
    assert (mean, std, users) == (0.5, 0.5, math.ceil(2 * 0.25 * (1.959964 + 0.841621) ** 2 / 0.25))
    assert lift == pytest.approx((1.959964 + 0.841621) * 0.5 * math.sqrt(1 / 4 + 1 / 4) / 0.5)
    for wrong in ({"lift": 0.0}, {"lift": math.nan}, {"power": 1.0}, {"power": 0.0}):
        with pytest.raises(InvalidValue):
            found.power(**wrong)


@on_every_engine
def test_tea_tasting(engine):
    tea = pytest.importorskip("tea_tasting")
    generated = tried.drawn(6, 80)
    found = asked(loaded(engine, generated))
    aggregates, table = found.to_tea_tasting(), cells(found)
    assert sorted(aggregates) == ["control", "new"]
    for name in ("orders", "revenue"):
        theirs = tea.Mean(name).analyze(aggregates, control="control", treatment="new")
        ours = table["new", name]
        assert [
            theirs.control,
            theirs.treatment,
            theirs.effect_size,
            theirs.effect_size_ci_lower,
            theirs.effect_size_ci_upper,
            theirs.pvalue,
        ] == (
            pytest.approx(
                [
                    table["control", name]["mean"],
                    *(ours[each] for each in ("mean", "difference", "difference_low", "difference_high", "p")),
                ]
            )
        )
        assert theirs.rel_effect_size == pytest.approx(ours["lift"])
    theirs = tea.RatioOfMeans("order value numerator", "order value denominator", use_t=False).analyze(
        aggregates, control="control", treatment="new"
    )
    assert [theirs.effect_size, theirs.effect_size_ci_lower, theirs.pvalue] == pytest.approx(
        [table["new", "order value"][each] for each in ("difference", "difference_low", "p")]
    )
    corrected = asked(loaded(engine, generated), {"orders": ("count", "buy")}, covariate=2 * DAY)
    theirs = tea.Mean("orders", "orders covariate").analyze(corrected.to_tea_tasting(), control="control", treatment="new")
    # tea-tasting computes its coefficient from all units together, which makes a small difference.
    assert theirs.effect_size == pytest.approx(cells(corrected)["new", "orders"]["difference"], abs=0.02)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"exposure": 3}, InvalidType, "exposure of experiment cannot be"),
        ({"variant": "groups"}, ColumnNotFound, "(?s)variant of experiment is column 'groups'.*'group'"),
        ({"metric": 3}, InvalidType, "(?s)metric of experiment cannot be.*for a proportion"),
        ({"metric": {}}, InvalidValue, "empty mapping"),
        ({"metric": {3: "buy"}}, InvalidType, "names of metric of experiment have to be strings"),
        ({"metric": ("sum", "event_type")}, InvalidType, "is string, and has to be a number"),
        ({"metric": ("sum", "amont")}, ColumnNotFound, "amount"),
        ({"metric": ("sum",)}, InvalidType, r"\('sum', column\)"),
        ({"metric": ("ratio", "buy")}, InvalidType, "has to have a numerator and a denominator"),
        ({"metric": {"n": ("ratio", "buy", 3)}}, InvalidType, "denominator of metric of experiment 'n'"),
        ({"metric": ("ratio", "buy", "view"), "covariate": DAY}, NotSupported, "is a ratio, which a covariate cannot adjust"),
        ({"covariate": ("ratio", "buy", "view")}, NotSupported, "covariate of experiment cannot be a ratio"),
        ({"covariate": {"n": "buy"}}, InvalidType, "one metric for all"),
        ({"covariate": -DAY}, InvalidValue, "covariate of experiment has to be positive"),
        ({"window": 0 * DAY}, InvalidValue, "window of experiment has to be positive"),
        ({"control": "old"}, InvalidValue, "(?s)no user is in the control 'old'.*control or new"),
        ({"several": "last"}, InvalidValue, "several of experiment"),
        ({"split": {"control": 1}}, InvalidValue, "variant 'new' is in the data but not in split"),
        ({"split": {"control": 1, "new": -1}}, InvalidValue, "a positive number for 'new', not -1"),
        ({"alpha": 0}, InvalidValue, "alpha of experiment"),
        ({"alpha": float("nan")}, InvalidValue, "alpha of experiment"),
        ({"planned_users": 0}, InvalidValue, "planned_users"),
        ({"exposure": lambda df: (df.event_type == "visit") & (df.group == "new")}, InvalidValue, "all 5 users have 'new'"),
    ],
    ids=case_id,
)
def test_errors(options, error, words):
    arguments = {"exposure": "visit", "variant": "group", "metric": "buy"} | options
    with pytest.raises(error, match=words):
        HUB.experiment(loaded("duckdb", EVENTS), **arguments)


def test_view_sql_returns_the_query_of_the_sums():
    found = asked(loaded("duckdb", EVENTS), "buy")
    assert "var_samp" in found.view_sql()
    assert "exposed" in found.view_sql(dialect="postgres")
