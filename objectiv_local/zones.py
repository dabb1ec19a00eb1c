"""Time zones: the UTC offsets of their local times.

They come from the package tzdata, whose data is the same wherever a release is installed. The operating system's files, which
``zoneinfo`` would prefer, may be outdated.
"""

from __future__ import annotations

import datetime
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from objectiv_local.errors import InvalidValue, near

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

EPOCH = datetime.datetime(1970, 1, 1)
_SECOND = datetime.timedelta(seconds=1)
#: Earlier times have the offset in force at FIRST; times after LAST follow the rules of the last years.
FIRST = (datetime.datetime(1800, 1, 1) - EPOCH) // _SECOND
LAST = (datetime.datetime(2101, 1, 1) - EPOCH) // _SECOND
#: No offset has been in force, or will be under current rules, for less than this many seconds: six days.
SHORTEST = 6 * 86_400


@dataclass(frozen=True, slots=True)
class Offsets:
    """UTC offsets in seconds, each with its start in seconds since 1970; the first also applies to all earlier times.

    The starts are in UTC or in local time.
    """

    starts: tuple[int, ...]
    values: tuple[int, ...]

    def at(self, second: int) -> int:
        """Return the offset in force at a time."""
        return self.values[max(bisect_right(self.starts, second) - 1, 0)]


@cache
def names() -> tuple[str, ...]:
    """Return the names of all zones."""
    return tuple(name for name in (_data() / "zones").read_text(encoding="utf-8").split() if name != "Factory")


@cache
def zone(name: str) -> ZoneInfo:
    """Return the named zone. Raises InvalidValue with similar names."""
    if name not in names():
        raise InvalidValue(f"there is no time zone {name!r}", hint=near(name, names()))
    with _data().joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def target(name: str) -> str:
    """Return the zone that a name is a link to, such as Europe/Brussels for CET; otherwise the name itself."""
    return _links().get(name, name)


def release() -> str:
    """Return the release of the time zone database, such as 2026a."""
    return _source()[0].removeprefix("# version ")


def is_utc(name: str) -> bool:
    """Return whether a zone is UTC, under any of its names."""
    return target(name) in ("Etc/UTC", "Etc/GMT")


@cache
def of_moments(name: str) -> Offsets:
    """Return the offsets of a zone, with their starts in UTC."""
    clocks = zone(name)

    def offset(second: int) -> int:
        found = datetime.datetime.fromtimestamp(second, clocks).utcoffset()
        assert found is not None
        return found // _SECOND

    starts, values = [FIRST], [offset(FIRST)]
    for second in range(FIRST, LAST + SHORTEST, SHORTEST):
        if offset(second) != values[-1]:
            before, after = second - SHORTEST, second
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (middle, after) if offset(middle) == values[-1] else (before, middle)
            starts.append(after)
            values.append(offset(after))
    return Offsets(tuple(starts), tuple(values))


@cache
def of_clocks(name: str) -> Offsets:
    """Return the offsets of a zone, with their starts in local time.

    Where clocks are set back, an ambiguous local time has the later offset; where they are set forward, a skipped one has the
    offset from before. So an offset starts at the first local time shown under it.
    """
    found = of_moments(name)
    starts = (FIRST, *(start + value for start, value in zip(found.starts[1:], found.values[1:], strict=True)))
    return Offsets(starts, found.values)


@cache
def set_back(name: str) -> tuple[int, ...]:
    """Return the distinct numbers of seconds by which the clocks of a zone have been set back, the most frequent first."""
    values = of_moments(name).values
    steps = [before - after for before, after in pairwise(values) if after < before]
    return tuple(sorted(set(steps), key=lambda step: (-steps.count(step), step)))


@cache
def shown_twice(name: str, every: int) -> tuple[int, ...]:
    """Return by how many seconds clocks are set back over a multiple of ``every`` seconds, so that they show it twice.

    Only changes since 1970, the most frequent first; for days, the multiple is midnight.
    """
    found = of_moments(name)
    steps = [
        before - after
        for start, before, after in zip(found.starts[1:], found.values, found.values[1:], strict=False)
        if start >= 0 and after < before and -(-(start + after) // every) * every < start + before
    ]
    return tuple(sorted(set(steps), key=lambda step: (-steps.count(step), step)))


def moment(second: int) -> datetime.datetime:
    """Return the timestamp that is this many seconds after the start of 1970."""
    return EPOCH + datetime.timedelta(seconds=second)


@cache
def _links() -> dict[str, str]:
    return {name: there for kind, there, name in (line.split() for line in _source() if line.startswith("L "))}


def _source() -> list[str]:
    return (_data() / "zoneinfo" / "tzdata.zi").read_text(encoding="utf-8").splitlines()


def _data() -> Traversable:
    return resources.files("tzdata")
