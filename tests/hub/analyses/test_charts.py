"""Charts of analyses: what is drawn is what the frame has."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from hub.analyses.every import ASKED, HOUR, HUB, STEPS
from hub.analyses.fixture import fixture, loaded, rows

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported


@pytest.mark.parametrize("asked", [name for name in ASKED if name not in ("cohort", "returning buyers")])
def test_every_analysis_has_a_chart(asked):
    assert ASKED[asked](fixture("duckdb")).plot().has_data()


def test_periods_that_may_still_grow_are_dashed():
    axis = HUB.trend(fixture("duckdb")).plot()
    known, open_ = axis.lines
    assert known.get_ydata().tolist() == [2, 3, 2, 1, 0, 0, 0]
    assert open_.get_ydata().tolist() == [0, 1]
    assert open_.get_linestyle() == "--"


def test_a_line_for_each_group():
    axis = HUB.trend(fixture("duckdb"), by="week", breakdown="country").plot()
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["(none)", "BE", "DE", "NL"]


def test_dormant_users_are_below_zero():
    axis = HUB.lifecycle(fixture("duckdb")).plot()
    heights = [[bar.get_height() for bar in bars] for bars in axis.containers]
    assert heights[3] == [0, 0, -3, -2, -1, 0, 0, 0]
    assert [sum(each) for each in zip(*heights[:3], strict=True)] == [2, 3, 2, 1, 0, 0, 0, 1]


def test_steps_of_a_funnel():
    axis = HUB.funnel(fixture("duckdb"), STEPS, HOUR).plot()
    assert [bar.get_height() for bar in axis.patches] == [6, 5, 3]
    assert [text.get_text() for text in axis.texts] == ["100%", "83%", "50%"]
    assert [label.get_text() for label in axis.get_xticklabels()] == STEPS
    grouped = HUB.funnel(fixture("duckdb"), STEPS, HOUR, breakdown="country").plot()
    assert len(grouped.containers) == 4


def test_cohorts():
    axis = HUB.retention(fixture("duckdb"), by="day").plot()
    # Of the two users of the first day, both came the next day, and one a week later.
    texts = {text.get_position(): text.get_text() for text in axis.texts}
    assert (texts[0, 0], texts[1, 0], texts[7, 0]) == ("100.0", "100.0", "50.0")
    with pytest.raises(NotSupported, match="without a breakdown"):
        HUB.retention(fixture("duckdb"), breakdown="country").plot()
    with pytest.raises(NotSupported, match="figure of its own"):
        HUB.retention(fixture("duckdb")).plot(ax=plt.subplots()[1])


def test_step_matrix():
    axis = HUB.paths(fixture("duckdb"), by="user_id", steps=2).plot()
    labels = [label.get_text() for label in axis.get_yticklabels()]
    texts = {text.get_position(): text.get_text() for text in axis.texts}
    # a, b, c and e begin with a view, d with a cart, f with a purchase.
    assert [texts[0, labels.index(name)] for name in ("view", "cart", "buy")] == ["67", "17", "17"]


def test_bars_with_intervals():
    found = ASKED["impact"](fixture("duckdb"))
    axis = found.plot()
    assert sorted(bar.get_width() for bar in axis.patches) == pytest.approx(sorted(
        row["score"] for row in found.to_arrow().to_pylist() if row["score"] is not None))


def test_given_axes():
    axis = plt.subplots()[1]
    assert HUB.event_types(fixture("duckdb")).plot(axis) is axis
    assert [bar.get_width() for bar in axis.patches] == sorted(row[1] for row in rows(HUB.event_types(fixture("duckdb"))))


def test_errors():
    with pytest.raises(InvalidType, match="ax is axes of matplotlib"):
        HUB.trend(fixture("duckdb")).plot(ax="here")
    with pytest.raises(InvalidValue, match="nothing to draw"):
        HUB.trend(loaded("duckdb", [])).plot()
    with pytest.raises(InvalidValue, match="too many to draw"):
        HUB.trend(fixture("duckdb"), by="hour", start="2010-01-01").plot()
    with pytest.raises(NotSupported, match="cohort has no chart"):
        HUB.cohort(fixture("duckdb"), "buy").plot()
