"""Funnels in plain Python by brute force: tries every attempt, and every way to continue it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NamedTuple


class Event(NamedTuple):
    """An event of one unit: the numbers of the steps and exclusions that it matches."""

    moment: object
    id: str
    steps: frozenset
    excluded: frozenset = frozenset()
    value: object = None


@dataclass(frozen=True)
class Funnel:
    """The rules. ``exclusions`` are (from step, to step) by number; attempts start from ``start`` to ``end``."""

    count: int
    window: object
    order: str = "ordered"
    entry: str = "any"
    ties: str = "permissive"
    exclusions: tuple = ()
    exclude_mode: str = "truncate"
    start: object = None
    end: object = None


class Attempt(NamedTuple):
    """The step that an attempt reached, and the moments of its steps."""

    reached: int
    moments: tuple
    is_excluded: bool

    @property
    def entered(self):
        return self.moments[0]


def best(events, rule):
    """Return the attempts that count for a unit, and whether one of them is still open at ``known``."""
    found = attempts(events, rule)
    if rule.entry == "first":
        found = found[:1]
    if rule.exclude_mode == "remove":
        found = [each for each in found if not each.is_excluded]
    if rule.entry == "each":
        return found, found
    return sorted(found, key=lambda each: (-each.reached, each.entered))[:1], found


def pending(attempt, others, rule, known):
    """Return whether a unit that reached a step may still get further."""
    if attempt.reached == rule.count:
        return False
    tried = [attempt] if rule.entry == "each" else others
    return any(not each.is_excluded and each.entered + rule.window > known for each in tried)


def attempts(events, rule):
    """Return all attempts of a unit by start: one for each moment at which attempts start."""
    tried = {}
    for first in events:
        starts = bool(first.steps) if rule.order == "any" else 1 in first.steps
        early, late = (
            bound is not None and test
            for bound, test in (
                (rule.start, rule.start and first.moment < rule.start),
                (rule.end, rule.end and first.moment >= rule.end),
            )
        )
        if starts and not early and not late:
            moments = {"ordered": in_order, "strict": one_after_another, "any": in_any_order}[rule.order](events, first, rule)
            tried.setdefault(first.moment, []).extend(moments)
    found = []
    for moment in sorted(tried):
        earliest = [min((each[step] for each in tried[moment] if len(each) > step), default=None) for step in range(rule.count)]
        found.append(ended(events, [each for each in earliest if each is not None], rule))
    return found


def ended(events, moments, rule):
    """Return the attempt with the moments of its steps, truncated at an excluded event."""
    for step in range(1, len(moments)):
        for number, (first, last) in enumerate(rule.exclusions):
            if first <= step < last and any(
                number in each.excluded and moments[step - 1] < each.moment < moments[step] for each in events
            ):
                return Attempt(step, tuple(moments[:step]), True)
    return Attempt(len(moments), tuple(moments), False)


def in_order(events, first, rule):
    """Yield the moments of every sequence of events that fills the steps in order."""

    def follows(event, last):
        return event.moment > last.moment if rule.ties == "strict" else event.moment >= last.moment

    def longer(chosen):
        yield tuple(each.moment for each in chosen)
        step = len(chosen) + 1
        for event in events:
            if (
                step in event.steps
                and event not in chosen
                and follows(event, chosen[-1])
                and (event.moment <= first.moment + rule.window)
            ):
                yield from longer([*chosen, event])

    return list(longer([first]))


def one_after_another(events, first, rule):
    """Yield the moments of every sequence that fills the steps without another event in between, for some order of ties."""
    found = set()
    groups = [
        list(group) for _, group in itertools.groupby(sorted(events, key=lambda each: each.moment), lambda each: each.moment)
    ]
    for parts in itertools.product(*(itertools.permutations(group) for group in groups)):
        line = [event for part in parts for event in part]
        place = line.index(first)
        for size in range(1, rule.count + 1):
            chosen = line[place : place + size]
            if len(chosen) < size or size not in chosen[-1].steps or chosen[-1].moment > first.moment + rule.window:
                break
            if rule.ties == "strict" and size > 1 and chosen[-1].moment == chosen[-2].moment:
                break
            found.add(tuple(each.moment for each in chosen))
    return list(found)


def in_any_order(events, first, rule):
    """Return the moments at which the events from the start on can fill one more step, one step per event."""
    moments = []
    later = sorted(
        (each for each in events if first.moment <= each.moment <= first.moment + rule.window), key=lambda each: each.moment
    )
    for moment in sorted({each.moment for each in later}):
        filled = most_filled([each.steps for each in later if each.moment <= moment])
        moments += [moment] * (filled - len(moments))
    return [tuple(moments)]


def most_filled(events):
    """Return the maximum number of steps that can be filled if each event fills one step that it matches."""
    if not events:
        return 0
    first, *rest = events
    skipped = most_filled(rest)
    used = [1 + most_filled([each - {step} for each in rest]) for step in first]
    return max([skipped, *used])
