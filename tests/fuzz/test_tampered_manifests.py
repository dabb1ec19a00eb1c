"""The manifest of a snapshot with anything in it changed: what reads it gives an answer or an error of the package.

``OBJECTIV_FUZZ_EXAMPLES=20000`` tries that many changes, and other ones each time; a failure names the number of one.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzz.bad_input import EXAMPLES

from objectiv_local import ModelHub, sample, snapshot
from objectiv_local.errors import DataInvalid, ObjectivError
from objectiv_local.snapshot import manifest

VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**70, 1.5, "", "x", "\ud800", "\0", "../x", "a" * 300, [], {}, [[]], float("nan")),
    *({"value": 0}, {"value": -1}, {"value": 10**9}, {"value": "x"}, {"value": [0]}, {"a": 1, "b": 2}),
    *({"type": "int64"}, {"type": "nope"}, {"type": 3}, {"type": "list[" * 5_000 + "int64" + "]" * 5_000}),
    *({"relation": []}, {"relation": ["table", ["a"], True, None, False]}, ["Column", "x", {"type": "int64"}]),
    *("Source", "Select", "int64", "list[int64]", "2022-01", "add", "eq", "json"),
)
PROGRAM = ("origin", "program")
HUB = ModelHub()
#: What reads a snapshot, and does not change it.
READS: tuple[Callable[[Path], object], ...] = (
    snapshot.info,
    snapshot.verify,
    lambda path: snapshot.open(path).to_arrow(),
    lambda path: HUB.agg.unique_users(HUB.events(path)).to_arrow(),
)


def places(part: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the keys that lead to each value of a document."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        yield (*at, key)
        yield from places(value, (*at, key))


def found_at(part: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        part = part[key]
    return part


def changed(text: str, rng: random.Random) -> bytes:
    """Return a manifest with one to three changes, most of them in its program."""
    content = json.loads(text)
    every = list(places(content))
    program = [place for place in every if place[:2] == PROGRAM]
    others = [place for place in every if place[:2] != PROGRAM]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        place = rng.choice(program if rng.random() < 0.6 else others)
        try:
            holder, key = found_at(content, place[:-1]), place[-1]
            value, other = holder[key], json.loads(json.dumps(found_at(content, rng.choice(every))))
        except (KeyError, IndexError, TypeError):
            continue  # gone by a change before
        kind = rng.randrange(6)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, list):
            holder.insert(key, rng.choice(VALUES))
        elif kind == 2:
            holder[key] = other
        elif kind == 3 and isinstance(holder, list):
            rng.shuffle(holder)
        elif kind == 4 and isinstance(value, int):
            holder[key] = value + rng.choice((-1, 1, 7, -100))
        elif kind == 4 and isinstance(value, str):
            holder[key] = value[:-1] if rng.random() < 0.5 else f"{value}x"
        else:
            holder[key] = rng.choice(VALUES)
    written = json.dumps(content, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    cut = rng.randrange(len(written))
    damage = rng.random()
    if damage < 0.05:
        return written[:cut] + bytes([rng.randrange(256)]) + written[cut + 1 :]
    return written[:cut] if damage < 0.08 else written


@pytest.mark.hypothesis
def test_a_changed_manifest_is_read_or_refused(tmp_path, unparsed):
    whole = tmp_path / "whole"
    HUB.events(sample.path(), start="2022-01-31", end="2022-02-02").snapshot(whole)
    text = (whole / "manifest.json").read_text()
    first = random.SystemRandom().randrange(10**9) if EXAMPLES else 0
    outcomes = []
    for number in range(first, first + (EXAMPLES or 60)):
        rng = random.Random(number)
        damaged = tmp_path / f"changed{number}"
        shutil.copytree(whole, damaged)
        (damaged / "manifest.json").write_bytes(changed(text, rng))

        reads = [*rng.sample(READS, 2), snapshot.refresh]
        outcomes += [outcome(read, damaged, number) for read in reads]
        shutil.rmtree(damaged)
    assert {"answer", "DataInvalid"} <= set(outcomes)


def outcome(read: Callable[[Path], object], path: Path, number: int) -> str:
    try:
        read(path)
    except ObjectivError as error:
        str(error).encode()
        return type(error).__name__
    except Exception as error:
        raise AssertionError(f"change {number} gives a raw error") from error
    return "answer"


def nested(content: Any) -> None:
    field: list[Any] = []
    for _ in range(600):
        field = [field]
    content["origin"]["program"].append(["Select", field, [], "x"])


@pytest.mark.parametrize(
    "change",
    [
        nested,
        lambda content: content["origin"]["program"].append(["Call", "nope", [], {"type": "int64"}]),
        lambda content: content["origin"]["program"].append(["Call", "add", [], {"type": "int64"}]),
        lambda content: next(each for each in content["origin"]["program"] if each[0] == "Call").__setitem__(1, "nope"),
        lambda content: content["origin"]["program"][-1].__setitem__(3, 5),
        lambda content: content["origin"]["program"].append(["Limit", {"value": 0}, [], 1, 0, "x"]),
        lambda content: content["origin"]["program"].append(
            ["Limit", {"value": len(content["origin"]["program"]) - 1}, 5, 1, 0, "x"]
        ),
        lambda content: content["columns"][0].update(dtype="list[" * 5_000 + "int64" + "]" * 5_000),
        lambda content: content["columns"][0].update(name="another"),
    ],
)
def test_absurd_programs_and_columns_are_damaged_data(tmp_path, change):
    events = HUB.events(sample.path(), start="2022-02-01", end="2022-02-02").snapshot(tmp_path / "events")
    assert len(events)
    path = tmp_path / "events" / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    for read in (snapshot.open, snapshot.refresh):
        with pytest.raises(DataInvalid):
            read(path.parent)


def test_numbers_of_a_dictionary_are_in_the_column_that_has_them(tmp_path):
    HUB.get_objectiv_dataframe(start_date="2022-02-01", end_date="2022-02-10").snapshot(tmp_path / "events")
    path = tmp_path / "events" / "manifest.json"
    content = json.loads(path.read_text())
    assert content["dictionaries"], "the test needs a column that repeats"
    content["dictionaries"][0]["id"] += "x"
    path.write_text(json.dumps(content))
    with pytest.raises(DataInvalid, match=r"the numbers of .* are in"):
        manifest.read(path.parent)
