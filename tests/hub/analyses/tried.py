"""Experiments in plain Python: the events of each unit after its first exposure, and scipy's tests on these rows."""

from __future__ import annotations

import datetime
import random
from collections import defaultdict

import numpy as np
import pyarrow as pa
from scipy import stats

DAY = datetime.timedelta(days=1)
BEGIN = datetime.datetime(2024, 3, 25)


def drawn(seed, count, variants=("control", "new")):
    """Return events of units, some with two variants, some without a unit, some at the same moment, and some repeated."""
    draw, events = random.Random(seed), []
    for unit in range(count):
        group = draw.choice(variants)
        moment = BEGIN + draw.randrange(20) * DAY
        for _ in range(draw.randrange(1, 9)):
            moment += draw.choice((0, 0, 1, 30, 100)) * datetime.timedelta(hours=1)
            kind = draw.choice(("visit", "visit", "buy", "view"))
            events.append(
                {
                    "event_id": f"{len(events) * 377 % 997:03}",
                    "user_id": f"u{unit}" if draw.random() < 0.95 else None,
                    "moment": moment,
                    "event_type": kind,
                    "group": draw.choice((group, group, group, None)),
                    "amount": draw.choice((None, 1.0, 2.5, 10.0)) if kind == "buy" else None,
                }
            )
        if draw.random() < 0.1:
            events[-1]["group"] = draw.choice(variants)
    events += [dict(draw.choice(events)) for _ in range(3)]
    draw.shuffle(events)
    return events


def table(events):
    return pa.Table.from_pylist(
        events,
        schema=pa.schema(
            [
                ("event_id", pa.string()),
                ("user_id", pa.string()),
                ("moment", pa.timestamp("us")),
                ("event_type", pa.string()),
                ("group", pa.string()),
                ("amount", pa.float64()),
            ]
        ),
    )


def key(each):
    return each["moment"], each["event_id"]


def units(events, *, window=None, several="exclude", include_open=False, before=14 * DAY):
    """Return, by variant, the events of each unit before and after its exposure."""
    users, found = defaultdict(list), defaultdict(list)
    for each in events:
        if each["user_id"] is not None:
            users[each["user_id"]].append(each)
    last = max((each["moment"] for each in events), default=None)
    for own in users.values():
        shown = sorted(
            (each for each in own if each["event_type"] == "visit" and each["group"] is not None),
            key=lambda each: (*key(each), each["group"]),
        )
        if not shown or (several == "exclude" and len({each["group"] for each in shown}) > 1):
            continue
        at = shown[0]
        if window is not None and at["moment"] + window > last and not include_open:
            continue
        later = [each for each in own if key(each) > key(at) and (window is None or each["moment"] - at["moment"] <= window)]
        earlier = [each for each in own if key(each) < key(at) and at["moment"] - each["moment"] <= before]
        found[at["group"]].append((earlier, later))
    return found


def bought(events):
    return float(any(each["event_type"] == "buy" for each in events))


def orders(events):
    return float(sum(each["event_type"] == "buy" for each in events))


def revenue(events):
    return sum(each["amount"] or 0.0 for each in events)


def means(control, treatment, alpha=0.05):
    """Return the difference of means, its interval, and the p-value, by Welch."""
    found = stats.ttest_ind(treatment, control, equal_var=False)
    low, high = found.confidence_interval(1 - alpha)
    return np.mean(treatment) - np.mean(control), low, high, found.pvalue


def proportions(control, treatment):
    """Return the same for proportions: with a pooled variance for the p-value, and separate ones for the interval."""
    one, other = np.mean(control), np.mean(treatment)
    error = np.sqrt(one * (1 - one) / len(control) + other * (1 - other) / len(treatment))
    pooled = np.mean([*control, *treatment])
    z = (other - one) / np.sqrt(pooled * (1 - pooled) * (1 / len(control) + 1 / len(treatment)))
    half = stats.norm.ppf(0.975) * error
    return other - one, other - one - half, other - one + half, 2 * stats.norm.sf(abs(z))


def ratios(control, treatment):
    """Return the same for ratios of sums, with variances computed from residuals."""
    parts = []
    for pairs in (control, treatment):
        above, below = np.array(pairs).T
        ratio = above.sum() / below.sum()
        residuals = (above - ratio * below) / below.mean()
        parts.append((ratio, residuals.var(ddof=1) / len(pairs)))
    (one, variance), (other, spread) = parts
    error = np.sqrt(variance + spread)
    half = stats.norm.ppf(0.975) * error
    return other - one, other - one - half, other - one + half, 2 * stats.norm.sf(abs((other - one) / error))
