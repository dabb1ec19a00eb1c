"""The models of the hub in plain Python over lists of hits, by brute force.

Each model is a function of hits, which ``sessionized`` makes of raw events. It returns a list of rows or, for labels, a dict by
event id. None is a missing value.
"""

from __future__ import annotations

import datetime
import itertools
import json
import re
import uuid
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

DAY = datetime.timedelta(days=1)
MICROSECOND = datetime.timedelta(microseconds=1)


@dataclass
class Hit:
    """An event, with its session."""

    id: str
    day: datetime.date
    moment: datetime.datetime
    user: str | None
    type: str
    types: list[str]
    stack: list[dict[str, Any]]
    contexts: list[dict[str, Any]]
    session: int = 0
    number: int = 0


def hits_of(events):
    """Return the hits of raw events, without sessions."""
    out = []
    for each in events:
        value = json.loads(each["value"])
        out.append(
            Hit(
                str(uuid.UUID(each["event_id"])),
                each["day"],
                each["moment"],
                each["cookie_id"],
                value["_type"],
                value["_types"],
                value["location_stack"],
                value["global_contexts"],
            )
        )
    return out


def groups(hits, key):
    out = defaultdict(list)
    for hit in hits:
        out[key(hit)].append(hit)
    return out


def none_last(row):
    """Return a key that sorts rows with missing values last."""
    return [(value is None, 0 if value is None else value) for value in row]


def in_order(hits):
    return sorted(hits, key=lambda hit: (hit.moment, hit.id))


def sessionized(events, start=None, end=None, gap=datetime.timedelta(seconds=1800)):
    """Return the hits of the days from ``start`` to ``end``, with their sessions."""
    hits = [hit for hit in hits_of(events) if (start is None or hit.day >= start) and (end is None or hit.day <= end)]
    return with_sessions(hits, gap)


def with_sessions(hits, gap=datetime.timedelta(seconds=1800)):
    sessions = []
    for own in groups(hits, lambda hit: hit.user).values():
        for position, hit in enumerate(ordered := in_order(own)):
            if position == 0 or hit.moment - ordered[position - 1].moment > gap:
                sessions.append([])
            sessions[-1].append(hit)
    for number, session in enumerate(sorted(sessions, key=lambda hits: (hits[0].moment, hits[0].id)), 1):
        for place, hit in enumerate(session, 1):
            hit.session, hit.number = number, place
    return hits


def identified(events, name, *, anonymous):
    """Return the hits with each user's last identity; None for other users if they are to stay anonymous."""
    hits = hits_of(events)
    known = {}
    for hit in in_order(hits):
        for context in hit.contexts:
            if context.get("id") == name and context["_type"] == "IdentityContext":
                known[hit.user] = f"{context['value']}|{name}"
                break
    cookies = {hit.id: hit.user for hit in hits}
    for hit in hits:
        hit.user = known.get(hit.user, hit.user)
    with_sessions(hits)
    for hit in hits:
        if anonymous and cookies[hit.id] not in known:
            hit.user = None
    return hits


# ---- location stacks and contexts


def nice_name(stack):
    if not stack:
        return None
    words = [f"{re.sub('(?<=[a-z])(?=[A-Z])', ' ', each['_type'].removesuffix('Context'))}: {each['id']}" for each in stack]
    return f"{words[-1]} located at {' => '.join(words[:-1])}" if words[:-1] else words[-1]


def contains(element, wanted):
    return all(element.get(key) == value for key, value in wanted.items())


def from_first(stack, wanted):
    places = [place for place, element in enumerate(stack) if contains(element, wanted)]
    return stack[places[0] :] if places else []


def member(elements, wanted, key):
    found = [element for element in elements if contains(element, wanted)]
    return found[0].get(key) if found else None


def application(hit):
    return member(hit.contexts, {"_type": "ApplicationContext"}, "id")


# ---- labels


def is_first_session(hits):
    first = {user: min(hit.session for hit in own) for user, own in groups(hits, lambda hit: hit.user).items()}
    return {hit.id: hit.session == first[hit.user] for hit in hits}


def is_new_user(hits, period):
    first = is_first_session(hits)
    touched = {(hit.user, hit.moment.strftime(period)) for hit in hits if first[hit.id]}
    return {hit.id: (hit.user, hit.moment.strftime(period)) in touched for hit in hits}


def converts(hit, stack=None, type_=None):
    return (stack is None or bool(from_first(hit.stack, stack))) and (type_ is None or hit.type == type_)


def conversions_in_time(hits, key, **conversion):
    return {
        hit.id: sum(converts(other, **conversion) for other in hits if key(other) == key(hit) and other.moment <= hit.moment)
        for hit in hits
    }


def conversions_counter(hits, key, **conversion):
    return {hit.id: sum(converts(other, **conversion) for other in hits if key(other) == key(hit)) for hit in hits}


def pre_conversion_hit_number(hits, key, **conversion):
    out = dict.fromkeys((hit.id for hit in hits), None)
    for own in groups(hits, key).values():
        own.sort(key=lambda hit: (hit.session, hit.number))
        first = next((place for place, hit in enumerate(own) if converts(hit, **conversion)), 0)
        for place, hit in enumerate(own[:first]):
            out[hit.id] = first - place
    return out


# ---- aggregates


def unique(hits, key, value):
    rows = [(*group, len({value(hit) for hit in own} - {None})) for group, own in groups(hits, key).items()]
    return sorted(rows, key=none_last)


def session_duration(hits, key, *, exclude_bounces=True, method="mean"):
    lengths = defaultdict(list)
    for (group, _), own in groups(hits, lambda hit: (key(hit), hit.session)).items():
        length = max(hit.moment for hit in own) - min(hit.moment for hit in own)
        if length > datetime.timedelta(0) or not exclude_bounces:
            lengths[group].append(length // MICROSECOND)
    rows = [
        (*group, round(Fraction(sum(each), len(each) if method == "mean" else 1)) * MICROSECOND)
        for group, each in lengths.items()
    ]
    return sorted(rows, key=none_last)


def frequency(hits):
    counts = [len({hit.session for hit in own}) for user, own in groups(hits, lambda hit: hit.user).items() if user is not None]
    return [(number, counts.count(number)) for number in sorted(set(counts))]


def features(hits, cut=lambda stack: stack, event_type="InteractiveEvent"):
    users = defaultdict(set)
    for hit in hits:
        key = (application(hit), nice_name(cut(hit.stack)), hit.type)
        if event_type in hit.types and None not in key:
            users[key].add(hit.user)
    rows = [(*key, len(found - {None})) for key, found in users.items()]
    return sorted(rows, key=lambda row: (-row[-1], row))


def features_before_conversion(hits, conversion, **options):
    session = lambda hit: hit.session
    so_far, in_all = conversions_in_time(hits, session, **conversion), conversions_counter(hits, session, **conversion)
    return features([hit for hit in hits if in_all[hit.id] > 0 and so_far[hit.id] == 0], **options)


def monday(moment):
    return moment.date() - moment.weekday() * DAY


DISTANCES = {
    "daily": lambda first, moment: (moment - first) // DAY,
    "calendar": lambda first, moment: (moment.date() - first.date()).days,
    "weekly": lambda first, moment: (monday(moment) - monday(first)).days // 7,
    "monthly": lambda first, moment: (moment.year - first.year) * 12 + moment.month - first.month,
    "yearly": lambda first, moment: moment.year - first.year,
}
COHORTS = {
    "daily": lambda first: f"{first:%Y-%m-%d}",
    "calendar": lambda first: f"{first:%Y-%m-%d}",
    "weekly": lambda first: str(monday(first)),
    "monthly": lambda first: f"{first:%Y-%m}",
    "yearly": lambda first: f"{first:%Y}",
}


def retention(hits, period, event_type=None, start=None, end=None, *, percentage=False, fill_value=None, parent_types=False):
    """Return the names of the columns, and the rows."""
    if event_type is not None:
        hits = [hit for hit in hits if (event_type in hit.types if parent_types else hit.type == event_type)]
    first = {user: min(hit.moment for hit in own) for user, own in groups(hits, lambda hit: hit.user).items()}
    cells = defaultdict(set)
    for hit in hits:
        if hit.user is not None and (start is None or first[hit.user] >= start) and (end is None or hit.moment < end):
            cells[COHORTS[period](first[hit.user]), DISTANCES[period](first[hit.user], hit.moment)].add(hit.user)
    distances = sorted({distance for _, distance in cells})
    rows = []
    for cohort in sorted({cohort for cohort, _ in cells}):
        row = [len(cells[cohort, distance]) or fill_value for distance in distances]
        rows.append((cohort, *([value and value / row[0] * 100 for value in row] if percentage else row)))
    return [f"_{distance}" for distance in distances], rows


def drop_off(hits, key, *, percentage=False):
    last = [in_order(own)[-1] for own in groups([hit for hit in hits if hit.stack], key).values()]
    names = [nice_name(hit.stack) for hit in last]
    rows = [(name, names.count(name) / len(names) * 100 if percentage else names.count(name)) for name in set(names)]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def funnel(hits, key=lambda hit: ()):
    """Return the rows as fractions; the tests round them."""
    firsts = {}
    for hit in sorted(hits, key=lambda hit: (hit.session, hit.number)):
        firsts.setdefault((nice_name(hit.stack), hit.user), hit)
    rows = []
    for group, own in groups(firsts.values(), key).items():
        users, went_on = defaultdict(set), defaultdict(set)
        for user, path in groups(own, lambda hit: hit.user).items():
            named = sorted((hit.moment, nice_name(hit.stack) is None, nice_name(hit.stack) or "") for hit in path)
            for place, (_, none, name) in enumerate(named):
                users[None if none else name].add(user)
                if not none and any(not later[1] for later in named[place + 1 : place + 2]):
                    went_on[name].add(user)
        counts = {name: (len(found - {None}), len(went_on[name] - {None})) for name, found in users.items()}
        most = max(count for count, _ in counts.values())
        rows += [
            (
                *group,
                name,
                count,
                on,
                count and Fraction(on, count),
                most and Fraction(on, most),
                most and Fraction(count - on, most),
            )
            for name, (count, on) in counts.items()
        ]
    width = len(rows[0]) - 6 if rows else 0
    return sorted(rows, key=lambda row: (*row[:width], -row[width + 1], row[width] is None, row[width] or ""))


def paths(
    hits,
    steps,
    key=lambda hit: (),
    sort=lambda hit: hit.moment,
    *,
    from_end=False,
    n_examples=None,
    conversion=None,
    only_converted=False,
    with_step=False,
):
    rows = []
    for group, own in sorted(groups(hits, key).items()):
        own.sort(key=lambda hit: (sort(hit), nice_name(hit.stack) is None, nice_name(hit.stack) or "", hit.id))
        for place, _ in enumerate(own):
            at = range(place - steps + 1, place + 1) if from_end else range(place, place + steps)
            path = [own[each] if 0 <= each < len(own) else None for each in at]
            names = [each and nice_name(each.stack) for each in path]
            if (
                (from_end and place == 0)
                or (not from_end and steps > 1 and place > 0 and names[1] is None)
                or (n_examples is not None and place >= n_examples)
            ):
                continue
            reached = next(
                (number for number, each in enumerate(path, 1) if conversion and each and converts(each, **conversion)), None
            )
            if only_converted:
                if reached is None or reached == 1:
                    continue
                names = [name if number <= reached else None for number, name in enumerate(names, 1)]
            rows.append((*group, *names, *([reached] if with_step else [])))
    return rows


def flows(rows):
    """Return how often each pair of consecutive names occurs in rows of names."""
    pairs = [pair for row in rows for pair in itertools.pairwise(row) if None not in pair]
    return sorted(((*pair, pairs.count(pair)) for pair in set(pairs)), key=lambda row: (-row[2], row))


def nested(hits, root=None):
    def root_of(hit):
        return member(hit.stack, {"_type": "RootLocationContext"}, "id")

    if root is None:
        roots = [root_of(hit) for hit in hits if root_of(hit) is not None]
        root = min(roots, key=lambda name: (-roots.count(name), name))
    return flows([[f"{each['_type']}: {each['id']}" for each in hit.stack] for hit in hits if root_of(hit) == root])
