"""The options of funnels: their values, and the presets of well-known products."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from objectiv_local.arguments import in_words
from objectiv_local.errors import InvalidType, InvalidValue, near

ORDERS: Final = ("ordered", "strict", "any")
ENTRIES: Final = ("any", "first", "each")
TIES: Final = ("permissive", "strict")
EXCLUDE_MODES: Final = ("truncate", "remove")
ATTRIBUTIONS: Final = ("first_step", "last_step", "first_defined", "last_defined", "all_steps", "user_first", "user_last")
MOST_STEPS: Final = 50
#: Maximum number of strict steps if events at the same moment come in any order, because all ways to share moments are tried.
MOST_IN_A_ROW: Final = 20
_WINDOW: Final = "for instance timedelta(days=14)"

#: The presets of products, as differences from the first one.
PRESETS: Final[dict[str | None, dict[str, object]]] = {
    None: {
        "window": datetime.timedelta(days=14),
        "order": "ordered",
        "entry": "any",
        "ties": "permissive",
        "exclude_mode": "truncate",
    },
    "posthog": {"exclude_mode": "remove"},
    "mixpanel": {"window": datetime.timedelta(days=7), "entry": "first"},
    "amplitude": {"window": datetime.timedelta(days=1)},
}


@dataclass(frozen=True, slots=True)
class Rules:
    """The options of one funnel."""

    window: datetime.timedelta
    order: str
    entry: str
    ties: str
    exclude_mode: str


def rules_of(preset: str | None, window: object, name: str = "funnel", **given: str | None) -> Rules:
    """Return the given options, completed with those of a preset. Raises InvalidType and InvalidValue."""
    if preset not in PRESETS:
        names = [name for name in PRESETS if name is not None]
        raise InvalidValue(f"rules of funnel cannot be {preset!r}", hint=near(str(preset), names))
    known = {"order": ORDERS, "entry": ENTRIES, "ties": TIES, "exclude_mode": EXCLUDE_MODES}
    for switch, value in given.items():
        if value is not None and value not in known[switch]:
            raise InvalidValue(
                f"{switch} of {name} has to be one of {', '.join(known[switch])}, not {value!r}",
                hint=near(value, known[switch]),
            )
    values = {**PRESETS[None], **PRESETS[preset], **{switch: value for switch, value in given.items() if value is not None}}
    if window is not None:
        values["window"] = _duration(window, name)
    return Rules(**values)  # type: ignore[arg-type]


def _duration(window: object, name: str) -> datetime.timedelta:
    if not isinstance(window, datetime.timedelta):
        raise InvalidType(f"window of {name} has to be a timedelta, not {in_words(window)}", hint=_WINDOW)
    if window <= datetime.timedelta(0):
        raise InvalidValue(f"window of {name} is {window}, and has to be positive", hint=_WINDOW)
    if window > datetime.timedelta(days=36_525):
        raise InvalidValue(f"window of {name} is {window}, and can be at most 100 years", hint=_WINDOW)
    return window


def steps_of(steps: Sequence[object] | Mapping[str, object]) -> list[tuple[str | None, object]]:
    """Return the steps with their names, if any. Raises InvalidType, and InvalidValue for no steps or too many."""
    if isinstance(steps, str):
        raise InvalidType(
            f"steps of funnel have to be a list of conditions, not {in_words(steps)}",
            hint="for instance steps=['view', 'cart', 'buy']",
        )
    found: list[tuple[str | None, object]] = (
        list(steps.items()) if isinstance(steps, Mapping) else [(None, each) for each in steps]
    )
    if not found:
        raise InvalidValue("a funnel needs at least one step", hint="for instance steps=['view', 'cart', 'buy']")
    if len(found) > MOST_STEPS:
        raise InvalidValue(f"a funnel of {len(found)} steps is too long", hint=f"use at most {MOST_STEPS} steps")
    unnamed = [number for number, (name, _) in enumerate(found, 1) if name == ""]
    if unnamed:
        raise InvalidValue(f"step {unnamed[0]} of funnel has no name", hint="for instance steps={'Cart': 'add_to_cart'}")
    return found


def exclusions_of(exclude: object, count: int) -> list[tuple[object, int, int]]:
    """Return each excluding condition with the two steps that it applies between. Raises InvalidType and InvalidValue."""
    if exclude is None:
        return []
    # A list of strings is a single condition with several event types.
    several = isinstance(exclude, list) and not all(isinstance(each, str) for each in exclude)
    items: list[object] = list(exclude) if several else [exclude]  # type: ignore[call-overload]
    found = []
    for item in items:
        each = item if isinstance(item, tuple) else (item, 1, count)
        if len(each) != 3 or any(isinstance(step, bool) or not isinstance(step, int) for step in each[1:]):
            raise InvalidType(
                f"exclude of funnel has to be a condition, or (condition, from_step, to_step), not {in_words(each)}",
                hint="for instance exclude=[('error', 1, 2)]",
            )
        condition, first, last = each
        if not 1 <= first < last <= count:
            raise InvalidValue(
                f"exclude of funnel is between steps {first} and {last}, but the funnel has steps 1 to {count}",
                hint="give an earlier and a later step, as in exclude=[('error', 1, 2)]",
            )
        found.append((condition, first, last))
    return found


def attribution_of(attribution: str | int, count: int) -> str | int:
    """Return the checked rule for the value of a breakdown. Raises InvalidValue."""
    if isinstance(attribution, int) and not isinstance(attribution, bool):
        if not 1 <= attribution <= count:
            raise InvalidValue(
                f"attribution of funnel is step {attribution}, but the funnel has steps 1 to {count}",
                hint="give one of these numbers, or 'first_step'",
            )
        return attribution
    if attribution not in ATTRIBUTIONS:
        raise InvalidValue(
            f"attribution of funnel cannot be {attribution!r}",
            hint=f"{near(str(attribution), ATTRIBUTIONS)}, or the number of a step",
        )
    return attribution
