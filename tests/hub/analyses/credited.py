"""Attribution in plain Python: every conversion with the touches before it, by brute force."""

from __future__ import annotations

import datetime
import random
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pyarrow as pa

DAY = datetime.timedelta(days=1)


def drawn(seed, count):
    """Return events of two users and without a user, some at the same moment, and some of them repeated."""
    draw, moment, events = random.Random(seed), datetime.datetime(2024, 3, 30, 22), []
    steps = draw.choice([(0, 0, 1, 3600), (0, 86_400, 432_000, 1_728_000), (0, 3600, 2_592_000)])
    for number in range(count):
        moment += datetime.timedelta(seconds=draw.choice(steps))
        events.append(
            {
                "event_id": f"{number * 377 % 997:03}",
                "user_id": draw.choice(["a", "b", None]),
                "moment": moment,
                "event_type": draw.choice(["view", "view", "buy"]),
                "channel": draw.choice(["ads", "email", "direct", None, None]),
                "amount": draw.choice([None, 1.0, 5.0, 1e6, 0.1, -3.0]),
            }
        )
    for _ in range(draw.choice([0, 4]) if events else 0):
        events.append({**draw.choice(events), "channel": draw.choice(["ads", "email", None])})
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
                ("channel", pa.string()),
                ("amount", pa.float64()),
            ]
        ),
    )


def by_user(events):
    users = defaultdict(list)
    for each in events:
        if each["user_id"] is not None:
            users[each["user_id"]].append(each)
    return [sorted(own, key=lambda each: (*key(each), each["channel"] or "")) for own in users.values()]


def key(each):
    return each["moment"], each["event_id"]


def paths(events, window):
    """Yield each conversion with the events of its user, and the positions of its touches among them."""
    for own in by_user(events):
        for conversion in own:
            if conversion["event_type"] == "buy":
                yield (
                    conversion,
                    [
                        place
                        for place, each in enumerate(own)
                        if each["channel"] is not None
                        and key(each) < key(conversion)
                        and conversion["moment"] - each["moment"] <= window
                    ],
                    own,
                )


def credit(events, model, window, *, weights=(0.4, 0.2, 0.4), half_life=7 * DAY, direct=("direct", "(direct)")):
    """Return the credit, the number of conversions and the users of each touch."""
    credit_of, conversions, users = defaultdict(float), defaultdict(int), defaultdict(set)
    for conversion, path, own in paths(events, window):
        touches = [own[place] for place in path]
        worth = conversion["amount"] or 0.0
        for label, part in parts(touches, conversion, model, weights, half_life, direct).items():
            credit_of[label] += part * worth
            conversions[label] += 1
            users[label].add(conversion["user_id"])
    if model == "markov":
        effects = removal_effects(events, window)
        shared = sum(conversion["amount"] or 0.0 for conversion, path, _ in paths(events, window) if path)
        credit_of = {label: credit_of[label] for label in ["(direct)"] if label in conversions} | {
            label: shared * effect / sum(effects.values()) for label, effect in effects.items() if effect > 1e-12
        }
        conversions |= {label: 0 for label in credit_of if label not in conversions}
    return credit_of, conversions, users


def parts(touches, conversion, model, weights, half_life, direct):
    """Return the part of a conversion that each label gets."""
    labels = [each["channel"] for each in touches]
    if not labels:
        return {"(direct)": 1.0}
    if model == "first":
        return {labels[0]: 1.0}
    if model == "last":
        return {labels[-1]: 1.0}
    if model == "last_non_direct":
        return {([label for label in labels if label not in direct] or labels)[-1]: 1.0}
    if model in ("participation", "markov"):
        return dict.fromkeys(labels, 1.0)
    if model == "shapley":
        return dict.fromkeys(labels, 1 / len(set(labels)))
    if model == "linear":
        numbers = [1.0] * len(labels)
    elif model == "time_decay":
        numbers = [2 ** (-((conversion["moment"] - each["moment"]) / half_life)) for each in touches]
    else:
        first, middle, last = weights
        inner = len(labels) - 2
        numbers = [1.0] if inner == -1 else [first, last] if inner == 0 else [first, *[middle / inner] * inner, last]
    found = defaultdict(float)
    for label, number in zip(labels, numbers, strict=True):
        found[label] += number / sum(numbers)
    return found


def lost_paths(events, window):
    """Return the labels of consecutive touches that are in no path of a conversion."""
    found = []
    for own in by_user(events):
        counted = {place for _, path, others in paths(own, window) for place in path if others == own}
        before = None
        for place, each in enumerate(own):
            if each["channel"] is None:
                continue
            if place not in counted:
                if before is not None and before[0] not in counted and each["moment"] - before[1] <= window:
                    found[-1].append(each["channel"])
                else:
                    found.append([each["channel"]])
            before = place, each["moment"]
    return found


def transitions(events, window):
    """Return the number of converting and lost paths with each transition; None is the start and the end."""
    found = defaultdict(lambda: [0, 0])
    converting = [[own[place]["channel"] for place in path] for _, path, own in paths(events, window) if path]
    for side, chosen in enumerate((converting, lost_paths(events, window))):
        for path in chosen:
            for pair in pairwise([None, *path, None]):
                found[pair][side] += 1
    return {pair: tuple(counts) for pair, counts in found.items()}


def removal_effects(events, window):
    counted = transitions(events, window)
    labels = sorted({label for pair in counted for label in pair if label is not None})
    whole = converting(counted, labels, None)
    return {label: 1 - converting(counted, labels, label) / whole if whole else 0.0 for label in labels}


def converting(counted, labels, removed):
    """Return the probability that a path converts if it ends when it reaches a label."""
    states = [None, *labels]
    matrix, right = np.eye(len(states)), np.zeros(len(states))
    for row, source in enumerate(states):
        leaving = sum(sum(counts) for (start, _), counts in counted.items() if start == source)
        for column, target in enumerate(labels, 1):
            if leaving and target != removed:
                matrix[row, column] -= sum(counted.get((source, target), (0, 0))) / leaving
        right[row] = counted.get((source, None), (0, 0))[0] / leaving if leaving else 0
    return np.linalg.solve(matrix, right)[0]
