"""The models of the hub in plain Python over events of any product, by brute force.

An event is a dict of its columns. Ids are of any type, None is a missing value, and events without a user have no session.
"""

from __future__ import annotations

import datetime
import itertools
import random
import uuid
from collections import defaultdict
from fractions import Fraction

import pyarrow as pa

DAY = datetime.timedelta(days=1)
MICROSECOND = datetime.timedelta(microseconds=1)

#: Kinds of ids, none of which increases with time.
IDS = {
    "text": (pa.string(), lambda number: f"id {number * 377 % 997:03}"),
    "uuid": (pa.string(), lambda number: str(uuid.UUID(int=(number * 377 % 997) << 64))),
    "int64": (pa.int64(), lambda number: number * 377 % 997),
}
PLACES = ("/", "/cart", "/help", "/pay")


def drawn(kind="text", seed=2, count=120, overlap=True):
    """Return events of three users and without a user, in sessions that overlap if users have two devices; few lack a session."""
    draw, make = random.Random(seed), IDS[kind][1]
    users = [make(number) for number in range(3)]
    sessions = itertools.count(1)
    events, moment, current = [], datetime.datetime(2024, 1, 30, 22, 0), {}
    for number in range(count):
        moment += datetime.timedelta(seconds=draw.choice((0, 0, 0, 0, 1, 1700, 9000, 90_000)))
        who = draw.choice([*range(3), None])
        device = who, draw.randrange(2 if overlap else 1)
        if who is not None and (device not in current or draw.random() < 0.3):
            current[device] = make(next(sessions))
        session = None if who is None or number < 9 or draw.random() < 0.05 else current[device]
        amount = draw.choice((None, 5.0, 20.0))
        events.append(
            {
                "event_id": make(number),
                "day": moment.date(),
                "moment": moment,
                "user_id": None if who is None else users[who],
                "event_type": draw.choice(("view", "view", "click", "buy")),
                "location": draw.choice((*PLACES, None)),
                "session_id": session,
                "session_hit_number": None,
                "country": draw.choice(("NL", "BE", None)),
                "amount": amount,
            }
        )
    for own in groups([each for each in events if each["session_id"] is not None], "session_id").values():
        # Ids have another order than ties.
        for place, each in enumerate(sorted(own, key=lambda each: (each["moment"], each["country"] or "")), 1):
            each["session_hit_number"] = place
    draw.shuffle(events)
    return events


def numbered(events, gap=datetime.timedelta(minutes=30)):
    """Return events with sessions numbered as in the hub."""
    sessions = []
    for own in groups(drop_ungrouped(events, "user_id"), "user_id").values():
        before = None
        for each in sorted(own, key=lambda each: (each["moment"], each["event_id"])):
            if before is None or each["moment"] - before > gap:
                sessions.append([])
            sessions[-1].append(each)
            before = each["moment"]
    sessions.sort(key=lambda hits: (hits[0]["moment"], hits[0]["event_id"]))
    found = {
        each["event_id"]: (number, place) for number, session in enumerate(sessions, 1) for place, each in enumerate(session, 1)
    }
    return [
        {**each, **dict(zip(("session_id", "session_hit_number"), found.get(each["event_id"], (None, None)), strict=True))}
        for each in events
    ]


def table(events, kind):
    """Return events as an Arrow table; ids of the kind uuid are text, which the frame casts."""
    ids = IDS[kind][0]
    return pa.Table.from_pylist(
        events,
        schema=pa.schema(
            [
                ("day", pa.date32()),
                ("moment", pa.timestamp("us")),
                ("user_id", ids),
                ("event_type", pa.string()),
                ("location", pa.string()),
                ("session_id", ids),
                ("session_hit_number", pa.int64()),
                ("country", pa.string()),
                ("amount", pa.float64()),
                ("event_id", ids),
            ]
        ),
    )


def groups(events, *names):
    found = defaultdict(list)
    for each in events:
        found[tuple(each[name] for name in names) if len(names) > 1 else each[names[0]]].append(each)
    return found


def in_order(events):
    return sorted(events, key=lambda each: (each["moment"], (each["session_hit_number"] or 10**9), each["event_id"]))


def drop_ungrouped(events, *names):
    return [each for each in events if all(each[name] is not None for name in names if name in ("user_id", "session_id"))]


def missing_last(row):
    return [(value is None, 0 if value is None else value) for value in row]


# ---- labels


def is_first_session(events):
    known = drop_ungrouped(events, "user_id", "session_id")
    first = {user: in_order(own)[0]["session_id"] for user, own in groups(known, "user_id").items()}
    return {
        each["event_id"]: None if each["session_id"] is None else each["session_id"] == first[each["user_id"]]
        for each in events
    }


def is_new_user(events, period):
    first = is_first_session(events)
    touched = {(each["user_id"], f"{each['moment']:{period}}") for each in events if first[each["event_id"]]}
    return {
        each["event_id"]: None if each["user_id"] is None else (each["user_id"], f"{each['moment']:{period}}") in touched
        for each in events
    }


def conversions(events, converts, key, *, in_time):
    found = {}
    for each in events:
        others = [other for other in events if other[key] == each[key] and (not in_time or other["moment"] <= each["moment"])]
        alone = key in ("user_id", "session_id") and each[key] is None
        found[each["event_id"]] = None if alone else sum(map(converts, others))
    return found


def pre_conversion_hit_number(events, converts, key):
    found = dict.fromkeys(each["event_id"] for each in events)
    for own in map(in_order, groups(drop_ungrouped(events, key), key).values()):
        first = next((place for place, each in enumerate(own) if converts(each)), 0)
        for place, each in enumerate(own[:first]):
            found[each["event_id"]] = first - place
    return found


# ---- aggregates: rows, each with its group first


def unique(events, name, *keys):
    rows = [
        (*(key if len(keys) > 1 else (key,)), len({each[name] for each in own} - {None}))
        for key, own in groups(events, *keys).items()
    ]
    return sorted(rows, key=missing_last)


def session_duration(events, key, *, exclude_bounces=True, method="mean"):
    lengths = defaultdict(list)
    for own in groups(drop_ungrouped(events, "session_id"), key, "session_id").values():
        length = max(each["moment"] for each in own) - min(each["moment"] for each in own)
        if length or not exclude_bounces:
            lengths[own[0][key]].append(length // MICROSECOND)
    rows = [
        (group, round(Fraction(sum(each), len(each) if method == "mean" else 1)) * MICROSECOND)
        for group, each in lengths.items()
    ]
    return sorted(rows, key=missing_last)


def frequency(events):
    counts = [
        len({each["session_id"] for each in own} - {None})
        for own in groups(drop_ungrouped(events, "user_id"), "user_id").values()
    ]
    return [(number, counts.count(number)) for number in sorted(set(counts))]


def features(events, event_type=None):
    kept = [each for each in events if each["location"] is not None and event_type in (None, each["event_type"])]
    rows = [
        (*key, len({each["user_id"] for each in own} - {None})) for key, own in groups(kept, "location", "event_type").items()
    ]
    return sorted(rows, key=lambda row: (-row[-1], row))


def features_before(events, converts):
    so_far = conversions(events, converts, "session_id", in_time=True)
    in_all = conversions(events, converts, "session_id", in_time=False)
    return features([each for each in events if in_all[each["event_id"]] and so_far[each["event_id"]] == 0])


def drop_off(events, *keys, percentage=False):
    found = groups([each for each in drop_ungrouped(events, *keys) if each["location"] is not None], *keys).values()
    last = [in_order(own)[-1]["location"] for own in found]
    rows = [(name, last.count(name) / len(last) * 100 if percentage else last.count(name)) for name in set(last)]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def funnel(events, *, dropna=False, key=None):
    events = [each for each in events if each["user_id"] is not None and not (dropna and each["location"] is None)]
    firsts = {}
    for each in in_order(events):
        firsts.setdefault((each["location"], each["user_id"]), each)
    rows = []
    for group, own in groups([{**each, "all": 0} for each in firsts.values()], key or "all").items():
        users, went_on = defaultdict(set), defaultdict(set)
        for user, visits in groups(own, "user_id").items():
            visits.sort(key=lambda each: (each["moment"], each["location"] is None, each["location"] or ""))
            path = [each["location"] for each in visits]
            for place, name in enumerate(path):
                users[name].add(user)
                if None not in (name, *path[place + 1 : place + 2]) and path[place + 1 :]:
                    went_on[name].add(user)
        counts = {name: (len(found), len(went_on[name])) for name, found in users.items()}
        most = max(count for count, _ in counts.values())
        found = [
            (name, count, on, *(round(float(Fraction(*each)), 3) for each in ((on, count), (on, most), (count - on, most))))
            for name, (count, on) in counts.items()
        ]
        rows += [
            (*([group] if key else []), *row) for row in sorted(found, key=lambda row: (-row[1], row[0] is None, row[0] or ""))
        ]
    return sorted(rows, key=lambda row: missing_last(row[:1])) if key else rows


def paths(events, steps, key, *, from_end=False, n_examples=None, converts=None, placed=False):
    """Return the group and the names of each path; with ``placed``, also the position of its hit in the group."""
    rows = []
    for group, own in sorted(groups(drop_ungrouped(events, key), key).items(), key=lambda item: missing_last(item[:1])):
        own.sort(key=lambda each: (each["moment"], each["location"] is None, each["location"] or "", each["event_id"]))
        for place, _ in enumerate(own):
            at = range(place - steps + 1, place + 1) if from_end else range(place, place + steps)
            path = [own[each] if 0 <= each < len(own) else None for each in at]
            names = [each and each["location"] for each in path]
            if (
                (from_end and place == 0)
                or (not from_end and place > 0 and names[1] is None)
                or (n_examples is not None and place >= n_examples)
            ):
                continue
            if converts:
                reached = next((number for number, each in enumerate(path, 1) if each and converts(each)), None)
                if reached in (None, 1):
                    continue
                names = [name if number <= reached else None for number, name in enumerate(names, 1)]
            rows.append((group, *([place] if placed else []), *names))
    return rows


def transitions_of(paths):
    """Return how often one location follows another in placed paths, counting each transition once."""
    found = {
        (group, place + step, pair)
        for group, place, *names in paths
        for step, pair in enumerate(itertools.pairwise(names))
        if None not in pair
    }
    pairs = [pair for *_, pair in found]
    return sorted(((*pair, pairs.count(pair)) for pair in set(pairs)), key=lambda row: (-row[2], row))


def flows(rows):
    """Return how often each pair of consecutive names occurs in rows of names."""
    pairs = [pair for row in rows for pair in itertools.pairwise(row) if None not in pair]
    return sorted(((*pair, pairs.count(pair)) for pair in set(pairs)), key=lambda row: (-row[2], row))


def transitions(events, key):
    """Return how often one location follows another, counting each transition once."""
    found = []
    for own in groups(drop_ungrouped(events, key), key).values():
        own.sort(key=lambda each: (each["moment"], each["location"] is None, each["location"] or "", each["event_id"]))
        found += [(each["location"], after["location"]) for each, after in itertools.pairwise(own)]
    found = [pair for pair in found if None not in pair]
    return sorted(((*pair, found.count(pair)) for pair in set(found)), key=lambda row: (-row[2], row))
