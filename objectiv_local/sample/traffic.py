"""The events of a stream as rows of small numbers, without their text: who does what, and when.

Time is divided into slices of equal length: a day each, unless a day has too many events. A slice plans the sessions that start
in it and yields the events that fall in it; later events of its sessions wait for their slice. Only the number of users and
sessions so far and the waiting events are kept between slices.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from objectiv_local.sample.draws import Draws, Integers
from objectiv_local.sample.site import APPLICATIONS, ODD_ACTIONS, SOURCES, Action, Page

Rows = npt.NDArray[np.void]

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
GAP = 1800 * SECOND

#: A planned event: ``position`` counts from 0 within the session, and ``first`` is whether it is the user's first event.
ROW = np.dtype(
    [
        ("moment", np.int64),
        ("user", np.int64),
        ("number", np.int64),
        ("action", np.int32),
        ("position", np.int32),
        ("source", np.int8),
        ("first", np.bool_),
        ("oddity", np.int8),
    ]
)

# Oddities in the contexts of an event.
PLAIN, NO_APPLICATION, NO_CONTEXTS, TWO_PATHS = range(4)

# A slice is planned as a whole; this many events take about 50 MB.
_SLICE_EVENTS = 100_000

_WEEKDAYS = (100, 110, 114, 108, 92, 52, 46)
_HOURS = (12, 8, 6, 5, 6, 10, 18, 34, 58, 76, 84, 82, 74, 80, 88, 86, 78, 66, 56, 52, 50, 44, 32, 20)

# Number of events of a session: weight by length. Returning visitors stay longer.
_LENGTHS = {1: 26, 2: 12, 3: 10, 4: 8, 5: 8, 6: 7, 7: 6, 8: 6, 9: 5, 10: 4, 12: 5, 14: 4, 17: 4, 20: 3, 25: 2, 32: 1}
_LENGTH_VALUES = np.array(list(_LENGTHS), dtype=np.int64)
_LENGTH_WEIGHTS = np.array(list(_LENGTHS.values()), dtype=np.int64)

# Seconds between two events of a session, at each 24th of the cumulative probability.
_GAP_SECONDS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 21, 26, 32, 40, 52, 70, 95, 130, 190, 280, 420, 600, 900)
_GAP_EDGES = np.array(_GAP_SECONDS, dtype=np.int64) * SECOND

# One session in this many is of each odd kind; the first 2,000 events contain some of all kinds.
_CYCLE = 64
(_EXACT_GAP, _SPLIT_GAP, _ALL_AT_ONCE, _TIE, _SAME_START, _ODD_IDS, _WITHOUT_APPLICATION, _WITHOUT_CONTEXTS, _PATH_TWICE) = (
    range(4, 13)
)

# One user in this many has each special identity.
IDENTITY_CYCLE = 50
SHARED, SHARING, TWO_SCOPES, CHANGING = 0, 3, 5, 10
CHANGE_POSITION = 4

_NEW_USERS = 42  # percent of the sessions


@dataclass(frozen=True, slots=True)
class Step:
    """An action on the page of an application where it can happen."""

    application: int
    page: Page
    action: Action


def steps() -> list[Step]:
    """Return every step of every application; an event's ``action`` is a position in this list."""
    return [
        Step(number, page, action)
        for number, application in enumerate(APPLICATIONS)
        for page in application.pages
        for action in page.actions
    ]


class _Walk:
    """The steps as tables: for each page the odds of its steps in 1 / 2**16, and for each step the page after it."""

    def __init__(self) -> None:
        all_steps = steps()
        pages = [(number, page) for number, application in enumerate(APPLICATIONS) for page in application.pages]
        index = {(number, page.name): position for position, (number, page) in enumerate(pages)}
        widest = max(len(page.actions) for _, page in pages)
        self.odds = np.full((2, len(pages), widest), 1 << 16, dtype=np.int64)
        self.first_step = np.zeros(len(pages), dtype=np.int64)
        start = 0
        for position, (_, page) in enumerate(pages):
            for mood, weights in enumerate(([a.weight for a in page.actions], [a.eager for a in page.actions])):
                self.odds[mood, position, : len(weights)] = (np.cumsum(weights) << 16) // sum(weights)
            self.first_step[position] = start
            start += len(page.actions)
        self.to = np.array([index[step.application, step.action.to] for step in all_steps], dtype=np.int64)
        self.entry = np.array([index[number, app.pages[0].name] for number, app in enumerate(APPLICATIONS)])
        self.odd_steps = np.array(
            [
                all_steps.index(Step(0, page, action))
                for action in ODD_ACTIONS
                for page in APPLICATIONS[0].pages
                if action in page.actions
            ],
            dtype=np.int64,
        )

    def take(
        self,
        draws: Draws,
        sessions: Integers,
        lengths: Integers,
        application: Integers,
        loads: npt.NDArray[np.bool_],
        eager: Integers,
    ) -> npt.NDArray[np.int32]:
        """Return the steps of each session, one row per session; only the first ``lengths`` of them count."""
        taken = np.zeros((len(sessions), int(lengths.max())), dtype=np.int32)
        # The first page is the load page; the second is where a visit without a load starts.
        page = self.entry[application] + np.where(loads, 0, 1)
        for position in range(taken.shape[1]):
            alive = np.flatnonzero(lengths > position)
            here = page[alive]
            draw = draws.below(f"step {position}", sessions[alive], 1 << 16)
            chosen = (draw[:, None] >= self.odds[eager[alive], here]).sum(axis=1)
            step = self.first_step[here] + chosen
            taken[alive, position] = step
            page[alive] = self.to[step]
        return taken


class _Calendar:
    """The number of events in the sessions that start in each slice, and the start times of these sessions."""

    def __init__(self, draws: Draws, events: int, start: datetime.date, days: int) -> None:
        # Integers only, because the shares have to be the same on every platform.
        noise = draws.below("day", np.arange(days, dtype=np.int64), 17)
        self._days = [_WEEKDAYS[(start.weekday() + day) % 7] * (days + day) * (92 + int(noise[day])) for day in range(days)]
        minutes = np.array(
            [_HOURS[hour] * (60 - minute) + _HOURS[(hour + 1) % 24] * minute for hour in range(24) for minute in range(60)],
            dtype=np.int64,
        )
        busiest = max(self._days) * events // sum(self._days)
        self._slices = next((n for n in range(1, 1440) if 1440 % n == 0 and busiest // n < _SLICE_EVENTS), 1440)
        self._minutes = minutes.reshape(self._slices, -1)
        self._events = events
        self._first = (start - datetime.date(1970, 1, 1)).days * DAY

    def slices(self) -> Iterator[tuple[int, int, Integers, int]]:
        """Yield the start and end of each slice, the weights of its minutes, and the number of events planned by its end."""
        total = sum(self._days) * int(self._minutes.sum())
        done = 0
        length = DAY // self._slices
        for day, weight in enumerate(self._days):
            for number, minutes in enumerate(self._minutes):
                done += weight * int(minutes.sum())
                start = self._first + day * DAY + number * length
                yield start, start + length, minutes, self._events * done // total


class Traffic:
    """The events of one stream. :meth:`rows` yields them ordered by moment."""

    def __init__(self, events: int, seed: int, start: datetime.date, days: int) -> None:
        self._draws = Draws(seed)
        self._walk = _Walk()
        self._calendar = _Calendar(self._draws, events, start, days)
        self._end = (start - datetime.date(1970, 1, 1)).days * DAY + days * DAY
        self._events = events
        self._planned = 0
        self._users = 0
        self._sessions = 0

    def rows(self) -> Iterator[Rows]:
        """Yield the rows of each slice, ordered by moment and, within a moment, by number."""
        waiting = np.empty(0, dtype=ROW)
        for start, end, minutes, quota in self._calendar.slices():
            if quota > self._planned:
                waiting = np.concatenate([waiting, self._plan(start, end, minutes, quota - self._planned)])
            waiting = waiting[np.lexsort((waiting["number"], waiting["moment"]))]
            due = int(np.searchsorted(waiting["moment"], end))
            yield waiting[:due]
            waiting = waiting[due:].copy()

    def _plan(self, start: int, end: int, minutes: Integers, wanted: int) -> Rows:
        """Return the events of the sessions that start in a slice, at least as many as wanted."""
        draws = self._draws
        number = self._sessions + np.arange(wanted + 1, dtype=np.int64)
        kind = number % _CYCLE
        first, user = self._who(number, kind)
        lengths = self._lengths(number, kind, user, first)
        totals = self._planned + np.cumsum(lengths)
        count = int(np.searchsorted(totals, self._planned + wanted)) + 1
        if kind[count] == _SAME_START and totals[count - 1] < self._events:
            # A session that begins together with the previous one has to be in the same slice.
            count += 1
        number, kind, first, user, lengths = number[:count], kind[:count], first[:count], user[:count], lengths[:count]
        nightly = self._over_midnight(end, kind)
        lengths[nightly] = np.maximum(lengths[nightly], 3)
        lengths[-1] -= max(0, self._planned + int(lengths.sum()) - self._events)
        self._users += int(first.sum())
        self._sessions += count

        application = self._application(number, kind, user)
        source = draws.choice("source", number, np.array([source.weight for source in SOURCES], dtype=np.int64))
        eagerness = np.array([source.eager for source in SOURCES], dtype=np.int64)[source]
        eager = draws.chance("eager", number, eagerness).astype(np.int64)
        loads = first | draws.chance("load", number, 65)
        taken = self._walk.take(draws, number, lengths, application, loads, eager)

        session = np.repeat(np.arange(count, dtype=np.int64), lengths)
        ends = np.cumsum(lengths)
        position = np.arange(int(ends[-1]), dtype=np.int64) - (ends - lengths)[session]
        rows = np.zeros(len(session), dtype=ROW)
        rows["number"] = self._planned + np.arange(len(session), dtype=np.int64)
        rows["user"], rows["first"], rows["source"] = user[session], first[session], source[session]
        rows["position"], rows["action"] = position, taken[session, position]
        self._planned += len(session)

        odd = (kind[session] == _ODD_IDS) & (position > 0)
        rows["action"][odd] = self._walk.odd_steps[(position[odd] - 1) % len(self._walk.odd_steps)]
        for session_kind, oddity in (
            (_WITHOUT_APPLICATION, NO_APPLICATION),
            (_WITHOUT_CONTEXTS, NO_CONTEXTS),
            (_PATH_TWICE, TWO_PATHS),
        ):
            rows["oddity"][(kind[session] == session_kind) & (position == 1)] = oddity
        rows["moment"] = self._moments(start, end, minutes, number, kind, session, position, rows["number"])
        return rows

    def _over_midnight(self, end: int, kind: Integers) -> Integers:
        """Return the index of the session that continues after midnight: the last plain one of each day but the last."""
        if end % DAY or end == self._end:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero((kind < _EXACT_GAP) | (kind > _PATH_TWICE))[-1:]

    def _who(self, number: Integers, kind: Integers) -> tuple[npt.NDArray[np.bool_], Integers]:
        """Return for each session whether a new user starts it, and the user's number. Users are numbered by arrival."""
        draws = self._draws
        first = draws.chance("new user", number, _NEW_USERS)
        # A new user has no other session, whose events could interfere with an odd session.
        first |= (kind >= _EXACT_GAP) & (kind <= _SAME_START)
        if self._users == 0:
            first[0] = True
        known = self._users + np.cumsum(first) - first
        # Half of the returning users are loyal: they follow Zipf's law with exponent 3/4, where the earliest users rank first.
        # The other half are recent users, every fourth of them more often than the rest. Square roots and products are exact
        # on every platform; powers are not.
        head = 12.0
        lowest = np.sqrt(np.sqrt(head / (known + head)))
        drawn = lowest + (1.0 - lowest) * draws.fraction("loyal user", number)
        loyal = ((known + head) * (drawn * drawn) * (drawn * drawn) - head).astype(np.int64)
        drawn = draws.fraction("recent user", number)
        recent = known - 1 - (known * (drawn * drawn * drawn)).astype(np.int64)
        recent -= np.where(draws.chance("regular", number, 50), recent % 4, 0)
        returning = np.where(draws.chance("loyal", number, 50), loyal, recent)
        return first, np.where(first, known, np.clip(returning, 0, np.maximum(known - 1, 0)))

    def _lengths(self, number: Integers, kind: Integers, user: Integers, first: npt.NDArray[np.bool_]) -> Integers:
        """Return the number of events of each session."""
        lengths = _LENGTH_VALUES[self._draws.choice("length", number, _LENGTH_WEIGHTS)]
        lengths = lengths + np.where(first, 0, self._draws.below("longer", number, 3))
        for session_kind in range(_EXACT_GAP, _PATH_TWICE + 1):
            least = len(ODD_ACTIONS) + 1 if session_kind == _ODD_IDS else 4
            lengths = np.where(kind == session_kind, np.maximum(lengths, least), lengths)
        special = np.isin(user % IDENTITY_CYCLE, (SHARED, SHARING, TWO_SCOPES, CHANGING)) & first
        return np.where(special, np.maximum(lengths, CHANGE_POSITION + 2), lengths).astype(np.int64)

    def _application(self, number: Integers, kind: Integers, user: Integers) -> Integers:
        """Return the application of each session, usually the one that its user prefers."""
        preferred = self._draws.choice("application", user, np.array([55, 27, 18], dtype=np.int64))
        # The website and its documentation share visitors; the mobile application has its own.
        switched = (preferred < 2) & self._draws.chance("other application", number, 20)
        return np.where(kind == _ODD_IDS, 0, np.where(switched, 1 - preferred, preferred))

    def _moments(
        self,
        start: int,
        end: int,
        minutes: Integers,
        number: Integers,
        kind: Integers,
        session: Integers,
        position: Integers,
        event: Integers,
    ) -> Integers:
        """Return the moment of each event in microseconds since 1970."""
        draws = self._draws
        width = (end - start) // len(minutes)
        begins = np.sort(start + draws.choice("minute", number, minutes) * width + draws.below("microsecond", number, width))
        same = np.flatnonzero(kind == _SAME_START)
        begins[same] = begins[np.maximum(same - 1, 0)]

        part = draws.below("gap", event, len(_GAP_EDGES) - 1)
        gaps = _GAP_EDGES[part] + draws.below("within gap", event, (_GAP_EDGES[1:] - _GAP_EDGES[:-1])[part])
        of_kind = kind[session]
        gaps[(of_kind == _EXACT_GAP) & (position == 2)] = GAP
        gaps[(of_kind == _SPLIT_GAP) & (position == 2)] = GAP + 1
        gaps[(of_kind == _ALL_AT_ONCE) | (of_kind == _TIE) & (position == 2)] = 0
        gaps[position == 0] = 0
        nightly = self._over_midnight(end, kind)
        begins[nightly] = end - MINUTE + begins[nightly] % MINUTE
        gaps[np.isin(session, nightly) & (position == 1)] = 2 * MINUTE
        elapsed = np.cumsum(gaps)
        elapsed -= elapsed[position == 0][session]
        moments: Integers = begins[session] + elapsed
        if end == self._end:
            # Nothing happens after the last day: sessions that would continue begin earlier.
            last = np.zeros(len(begins), dtype=np.int64)
            np.maximum.at(last, session, moments)
            moments -= np.clip(np.minimum(last - (end - 1), begins - start), 0, None)[session]
            np.minimum(moments, end - 1, out=moments)
        return moments
