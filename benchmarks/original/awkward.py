"""Raw events that are hard to get right: ties, pauses at the edge of the gap, ids full of quotes, missing contexts.

    python benchmarks/original/awkward.py awkward.parquet

The file has the columns of data/sample.parquet, and is the same for the same seed.
"""

from __future__ import annotations

import argparse
import json
import random
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
from cases import CONVERSION_LINK

#: The days to ask for: some events are before the first one, and some after the last one.
START_DATE = "2021-12-27"
END_DATE = "2022-03-15"

EVENTS = 20_000
SEED = 11

_FIRST, _LAST = datetime(2021, 12, 20), datetime(2022, 3, 20)
_GAP = timedelta(seconds=1800)
_MICROSECOND = timedelta(microseconds=1)

#: Moments just before another day, another week, another month, another year.
_EDGES = [datetime(2022, month, day) for month, day in ((1, 12), (1, 17), (2, 1), (3, 1), (1, 1))]

_IDS = [
    "home",
    "Home",
    "logo",
    "logo",
    "top",
    "it's",
    'say "hi"',
    "100%",
    "%s %(x)s %%",
    "back\\slash",
    "\\1 \\n",
    "tab\there",
    "line\nbreak",
    "naïve café",
    "日本語",
    "😀🚀",
    "nai\u0308ve",
    "a => b",
    " located at ",
    ": ",
    "{curly} {{}}",
    "$1 $.id",
    "",
    " padded ",
    "NULL",
    "null",
    "[1]",
    "a;b,c|d",
    "--",
    "/* x */",
    "?",
    ":name",
    "<b>&amp;</b>",
    "x" * 3_000,
    "ü" * 300,
    "2022-02-01",
    "0",
    "_type",
]
_LOCATIONS = [
    "ContentContext",
    "ContentContext",
    "NavigationContext",
    "OverlayContext",
    "ExpandableContext",
    "MediaPlayerContext",
    "SectionContext",
    "WebDocumentContext",
    "HTMLContext",
    "ContextualMenuContext",
    "iOSAppContext",
    "Context",
    "aBcDContext",
]
_LEAVES = ["PressableContext", "LinkContext", "LinkContext", "InputContext", "ContentContext", "NavigationContext"]

#: Types of events with their parents.
_TYPES = [
    ("PressEvent", ["AbstractEvent", "InteractiveEvent", "PressEvent"]),
    ("PressEvent", ["AbstractEvent", "InteractiveEvent", "PressEvent"]),
    ("PressEvent", ["AbstractEvent", "InteractiveEvent", "PressEvent"]),
    ("InputChangeEvent", ["AbstractEvent", "InteractiveEvent", "InputChangeEvent"]),
    ("InteractiveEvent", ["AbstractEvent", "InteractiveEvent"]),
    ("ClickEvent", ["InteractiveEvent", "ClickEvent", "AbstractEvent"]),
    ("VisibleEvent", ["AbstractEvent", "NonInteractiveEvent", "VisibleEvent"]),
    ("ApplicationLoadedEvent", ["AbstractEvent", "NonInteractiveEvent", "ApplicationLoadedEvent"]),
    ("MediaStartEvent", ["AbstractEvent", "NonInteractiveEvent", "MediaEvent", "MediaStartEvent"]),
    ("PressEvent", ["PressEvent"]),
    ("PressEvent", []),
    ("VisibleEvent", ["VisibleEvent", "InteractiveEvent"]),
]
_APPLICATIONS = ["web", "web", "web", "mobile-app", 'it\'s "50%" off\\', "アプリ"]


class _Events:
    """Makes users with their hits, one kind of awkwardness each; ``rows`` has what was made."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._shared = [self._moment() for _ in range(40)]
        self.rows: list[dict[str, Any]] = []

    def user(self) -> None:
        """Add one user."""
        kinds: list[Callable[[], Iterator[datetime]]] = [
            self._ordinary,
            self._ordinary,
            self._one_hit,
            self._at_once,
            self._at_the_gap,
            self._over_an_edge,
            self._with_others,
            self._in_whole_minutes,
        ]
        moments = list(self._random.choice(kinds)())
        converts = self._conversions(len(moments))
        user = self._id()
        for number, moment in enumerate(moments):
            self._add(user, moment, converts=number in converts)

    def _moment(self) -> datetime:
        return _FIRST + timedelta(microseconds=self._random.randrange((_LAST - _FIRST) // _MICROSECOND))

    def _id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _ordinary(self) -> Iterator[datetime]:
        for _ in range(self._random.randint(1, 5)):
            moment = self._moment()
            for _ in range(self._random.randint(1, 9)):
                yield moment
                moment += timedelta(seconds=self._random.expovariate(1 / 200))

    def _one_hit(self) -> Iterator[datetime]:
        yield self._moment()

    def _at_once(self) -> Iterator[datetime]:
        yield from [self._moment()] * self._random.randint(2, 8)

    def _at_the_gap(self) -> Iterator[datetime]:
        """Yield hits with pauses of the gap of sessions, or a microsecond more or less."""
        moment = self._moment()
        for _ in range(self._random.randint(3, 14)):
            yield moment
            gap = self._random.choice([_GAP, _GAP, _GAP / 3])
            moment += gap + self._random.choice([-1, 0, 0, 1]) * _MICROSECOND

    def _over_an_edge(self) -> Iterator[datetime]:
        """Yield a session that begins before midnight and ends after it, with hits in the microseconds around it."""
        edge = self._random.choice(_EDGES)
        yield edge - timedelta(seconds=self._random.randint(1, 1500))
        yield from self._random.choices([edge - _MICROSECOND, edge, edge, edge + _MICROSECOND], k=self._random.randint(1, 4))
        yield edge + timedelta(seconds=self._random.randint(1, 1500))
        if self._random.random() < 0.5:  # and comes back after whole days, or a microsecond before
            days = self._random.choice([1, 7, 31, 60])
            yield edge + timedelta(days=days) - self._random.choice([0, 1]) * _MICROSECOND

    def _with_others(self) -> Iterator[datetime]:
        """Yield moments at which other users have hits too."""
        yield from self._random.choices(self._shared, k=self._random.randint(1, 12))

    def _in_whole_minutes(self) -> Iterator[datetime]:
        """Yield moments in whole minutes, many of them equal."""
        moment = self._moment().replace(second=0, microsecond=0)
        for _ in range(self._random.randint(4, 16)):
            yield moment
            moment += timedelta(minutes=self._random.choice([0, 0, 1, 10, 30, 31]))

    def _conversions(self, hits: int) -> set[int]:
        """Return the numbers of the hits that convert: none, the first, any one, several in a row, or all."""
        anyone = self._random.randrange(hits)
        return self._random.choice([set(), set(), set(), {0}, {anyone}, {anyone, anyone + 1, anyone + 2}, set(range(hits))])

    def _add(self, user: str, moment: datetime, *, converts: bool) -> None:
        event = self._id()
        type_, types = ("PressEvent", _TYPES[0][1]) if converts else self._random.choice(_TYPES)
        value: dict[str, Any] = {"_type": type_, "_types": types, "id": event, "time": int(moment.timestamp() * 1000)}
        stack, contexts = self._stack(converts=converts), self._contexts(user, moment)
        chance = self._random.random()
        if chance < 0.01 and not converts:
            del value["_types"]
        if chance < 0.98 or converts:
            value["location_stack"] = stack
        if chance > 0.02:
            value["global_contexts"] = contexts
        self.rows.append(
            {
                "event_id": event,
                "day": moment.date(),
                "moment": moment,
                "cookie_id": user,
                "value": json.dumps(value, ensure_ascii=chance < 0.5),
            }
        )

    def _stack(self, *, converts: bool) -> list[dict[str, Any]]:
        pick = self._random
        if not converts and pick.random() < 0.08:
            return []
        stack = [self._location("RootLocationContext", pick.choice(["home", "docs", pick.choice(_IDS)]))]
        depth = pick.choice([0, 1, 1, 2, 2, 3, 4, 12])
        stack += [self._location(pick.choice(_LOCATIONS), self._name()) for _ in range(depth)]
        if pick.random() < 0.1:  # the same element again, somewhere
            stack.insert(pick.randrange(len(stack) + 1), pick.choice(stack))
        link = self._location(CONVERSION_LINK["_type"], CONVERSION_LINK["id"])
        if converts:
            stack.insert(pick.choice([len(stack), len(stack), 1]), link)
        elif pick.random() < 0.05:
            stack.append(pick.choice([link, self._location("PressableContext", CONVERSION_LINK["id"])]))
        elif pick.random() < 0.8:
            stack.append(self._location(pick.choice(_LEAVES), self._name()))
        return stack

    def _name(self) -> str:
        # Few names are common, so that different users have the same features.
        return self._random.choice(_IDS[:8] if self._random.random() < 0.6 else _IDS)

    def _location(self, type_: str, name: str) -> dict[str, Any]:
        location: dict[str, Any] = {"_type": type_, "id": name}
        if self._random.random() < 0.9:
            location["_types"] = ["AbstractContext", "AbstractLocationContext", type_]
        if type_ == "LinkContext" and self._random.random() < 0.9:
            location["href"] = self._random.choice(["/docs?q=it's&r=100%", "#" + name, "", None, 404, ["a", "b"]])
        return location

    def _contexts(self, user: str, moment: datetime) -> list[dict[str, Any]]:
        """Return global contexts: with one application in most cases, with none, or with two."""
        number = self._random.choice([1] * 7 + [0, 2])
        contexts: list[dict[str, Any]] = [
            {"_type": "ApplicationContext", "id": name, "_types": ["AbstractContext", "ApplicationContext"]}
            for name in self._random.choices(_APPLICATIONS, k=number)
        ]
        contexts.append({"_type": "CookieIdContext", "id": user, "cookie_id": user})
        if int(user[0], 16) < 6:  # users who may say who they are; several of them are one person
            contexts += self._identities(int(user[1], 16), moment)
        self._random.shuffle(contexts)
        return contexts

    def _identities(self, person: int, moment: datetime) -> Iterator[dict[str, Any]]:
        """Yield none, one or several identities. Of two at one moment neither is the last, so they have one value."""
        others = ["crm", "email|crm", "email"]
        if moment.microsecond % 4 < 3:
            others.remove("email")
        if self._random.random() < 0.5:
            others = []
        value = f'joan{person}\'s "mail" | {"first" if moment.day < 15 else "second"}'
        yield from ({"_type": "IdentityContext", "id": id_, "value": value} for id_ in others)


def generate(path: Path, events: int = EVENTS, seed: int = SEED) -> None:
    """Write a Parquet file of that many events."""
    made = _Events(seed)
    while len(made.rows) < events:
        made.user()
    rows = sorted(made.rows[:events], key=lambda row: row["event_id"])  # an order that says nothing
    kinds = {
        "event_id": pyarrow.string(),
        "day": pyarrow.date32(),
        "moment": pyarrow.timestamp("us"),
        "cookie_id": pyarrow.string(),
        "value": pyarrow.string(),
    }
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, pyarrow.schema(kinds)), path)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parquet", type=Path)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    generate(arguments.parquet, arguments.events, arguments.seed)


if __name__ == "__main__":
    main()
