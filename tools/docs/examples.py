"""Public names with their examples, from the lists in tests/names, whose tests run every example on every engine."""

from __future__ import annotations

from objectiv_local import DataFrame
from objectiv_local.frame.functions import FUNCTIONS
from tools.docs.paths import TESTS

LISTS = TESTS / "names"


def lines(file: str) -> list[str]:
    """Return the lines of a list without its comments."""
    return [line for line in (LISTS / file).read_text("utf-8").splitlines() if line and not line.startswith("#")]


def names(file: str) -> list[tuple[str, str]]:
    """Return the names of a list, each with its example, or with the reason why it has none after a dash."""
    return [(name, example) for name, _, example in (line.partition(" | ") for line in lines(file))]


def of_aggregates(known: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return an example for each aggregate without one of its own: of frames, and of series."""
    shown = {name.rpartition(".")[2] for name, _ in known}
    return [
        example
        for name in FUNCTIONS
        if name not in shown and hasattr(DataFrame, name)
        for example in ((f"DataFrame.{name}", f"df[['v', 'x']].{name}()"), (f"Series.{name}", f"df.v.{name}()"))
    ]


BACH = names("names.txt")
MORE = names("more.txt")
NAMES = [*BACH, *MORE, *of_aggregates(BACH + MORE)]
EXAMPLES = [(name, example) for name, example in NAMES if not example.startswith("- ")]

#: Names of the hub: name, example, and how it differs from the original where it does.
HUB = [line.split(" | ") for line in lines("hub.txt")]
HUB_EXAMPLES = {name: rest[0] for name, *rest in HUB if not rest[0].startswith("- ")}


def differences() -> list[list[str]]:
    """Return the differences that stay: what, in Bach, here and why, an example and its answer; and titles alone."""
    found = (LISTS / "differences.txt").read_text("utf-8").splitlines()[1:]
    return [[line.removeprefix("# ")] if line.startswith("# ") else line.split(" | ") for line in found]
