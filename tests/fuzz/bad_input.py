"""Bad input by the thousand: what a value, a name, a pattern, a file or an option can be, and calls that take one."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from objectiv_local import DataFrame, ModelHub, connect, did, to_datetime
from objectiv_local.cli.main import code

#: Parts that texts are made of: what quoting, patterns, formats, paths, JSON and addresses give a meaning.
PARTS = (
    *"aZ09 _-.,;:/\\'\"`$%{}[]()*+?|^<>=!#&@~\n\r\t\0",
    *(
        "--",
        "/*",
        "*/",
        "''",
        '""',
        "$$",
        "%%",
        "%Y",
        "%z",
        "%-d",
        "%",
        "{{",
        "}}",
        "{% x %}",
        "\\d",
        "\\1",
        "\\p{L}",
        "(?i)",
        "(?=a)",
    ),
    *(
        "[[:alpha:]]",
        "{2,1}",
        "{,3}",
        "(a|b)*",
        "[^]",
        "é",
        "ß",
        "İ",
        "日本",
        "😀",
        "\u0301",
        "\u200b",
        "\ufeff",
        "\ud800",
        "\udfff",
        "\u2028",
    ),
    *(
        "null",
        "NaN",
        "Infinity",
        "-0",
        "1e400",
        "2024-01-01",
        "2024-02-30",
        "24:00",
        "+14:00",
        "Z",
        "DROP TABLE x",
        "user",
        "select",
    ),
    *(
        "://",
        "postgresql://",
        "host=",
        "user:pw@",
        "..",
        "~",
        ".csv",
        ".parquet",
        ".gz",
        "*",
        "duckdb",
        "sc://",
        "s3://",
        "?x=1",
    ),
)
DATES = ("2024-01-01", "0001-01-01", "9999-12-31T23:59:59.999999", "2024-13-01", "infinity", "2024-01-01T00:00:00+25:00", "")


def text(rng: random.Random, most: int = 5) -> str:
    """Return a text of some parts, and now and then a long one."""
    if rng.random() < 0.02:
        return rng.choice(PARTS) * rng.choice((100, 1_000))
    return "".join(rng.choice(PARTS) for _ in range(rng.randint(0, most)))


def value(rng: random.Random) -> Any:
    """Return a value of any type, most of them texts."""
    others: tuple[Any, ...] = (
        None, True, 0, -1, 2**63, -(2**63), 10**30, 1.5, float("nan"), float("inf"), -0.0, 1e308, b"\xff", (), [], {}, {1: 2},
        datetime.date.min, datetime.datetime.max, datetime.timedelta.max, datetime.time(23, 59), object(),
        {"a": [None, {}]}, ["a", 1], {"a"}, 1j, datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.max),
    )  # fmt: skip
    chosen = rng.random()
    return text(rng) if chosen < 0.6 else rng.choice(DATES) if chosen < 0.7 else rng.choice(others)


def document(rng: random.Random, depth: int = 0) -> str:
    """Return a text that is JSON, or nearly."""
    kind = rng.randrange(9 if depth < 4 else 6)
    if kind == 0:
        return rng.choice(("1", "-0", "1e5", "1E400", "0.1", "01", ".5", "1.", "NaN", "12345678901234567890", "-1e-400", "+1"))
    if kind == 1:
        return rng.choice(("true", "false", "null", "True", "nul", "", " "))
    if kind in (2, 3):
        return json.dumps(text(rng, 3), ensure_ascii=rng.random() < 0.5)
    if kind == 4:
        return rng.choice(('"\\ud800"', '"\\u0000"', '"\\x"', '"a', '"\\ud83d\\ude00"', '"\t"', "'a'"))
    if kind == 5:
        deep = rng.choice((3, 50, 200, 2_000))
        return "[" * deep + "]" * rng.choice((deep, deep - 1))
    comma = rng.choice((",", ",", ",", ", ", ",,"))
    if kind == 6:
        return "[" + comma.join(document(rng, depth + 1) for _ in range(rng.randint(0, 3))) + rng.choice("]]]]]}")
    keys = [json.dumps(rng.choice(("a", "b", "a", text(rng, 1)))) for _ in range(rng.randint(0, 3))]
    return "{" + comma.join(f"{key}:{document(rng, depth + 1)}" for key in keys) + rng.choice("}}}}}]")


def content(rng: random.Random) -> bytes:
    """Return what a file of events has, with faults."""
    lines = ["user_id,moment,event_type,amount"]
    lines += [f"u{rng.randrange(3)},2024-01-0{rng.randint(1, 9)} 10:00,{rng.choice('ab')},{rng.random()}" for _ in range(5)]
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(lines))
        fault = rng.randrange(6)
        if fault == 0:
            lines[at] += text(rng)
        elif fault == 1:
            lines[at] = text(rng)
        elif fault == 2:
            lines[at] = lines[at].replace(rng.choice((",", "u", "2", "-")), rng.choice(PARTS), 1)
        elif fault == 3:
            lines.insert(at, lines[at])
        elif fault == 4:
            lines[at] = f'"{lines[at]}'
        else:
            lines[at] = document(rng)
    found = rng.choice(("\n", "\n", "\r\n", "\r")).join(lines).encode("utf-8", "surrogatepass")
    if rng.random() < 0.2 and found:
        at = rng.randrange(len(found))
        found = found[:at] + rng.choice((b"", b"\xff\xfe", b"\x00", b"\xc3")) + (found[at + 1 :] if rng.random() < 0.7 else b"")
    return found


def file(rng: random.Random, directory: Path) -> str:
    """Return the path of a file of events, with faults in it."""
    path = directory / f"events.{rng.choice(('csv', 'csv', 'jsonl', 'json', 'csv.gz', 'parquet', 'arrow', 'txt'))}"
    lines = content(rng)
    if path.suffix.startswith(".json") and rng.random() < 0.9:
        rows = [f'{{"user_id": "u", "moment": "2024-01-01", "event_type": {document(rng)}}}' for _ in range(rng.randint(0, 3))]
        lines = rng.choice(("\n", "\r\n", ",\n")).join(rows).encode("utf-8", "surrogatepass")
    path.write_bytes(lines)
    return str(path)


#: Calls over a frame with a text ``s``, a number ``n``, a moment ``t`` and JSON ``j``, whose answer every engine has to give.
CALLS: dict[str, Callable[[DataFrame, random.Random], Any]] = {
    "contains": lambda df, rng: df.s.str.contains(text(rng), regex=rng.random() < 0.7, case=rng.random() < 0.8),
    "match": lambda df, rng: df.s.str.match(text(rng)),
    "fullmatch": lambda df, rng: df.s.str.fullmatch(text(rng)),
    "count": lambda df, rng: df.s.str.count(text(rng)),
    "replace": lambda df, rng: df.s.str.replace(text(rng), text(rng), regex=rng.random() < 0.7),
    "extract": lambda df, rng: df.s.str.extract(f"({text(rng)})"),
    "split": lambda df, rng: df.s.str.split(text(rng)).elements[rng.randint(-2, 2)],
    "startswith": lambda df, rng: df.s.str.startswith(text(rng)),
    "strip": lambda df, rng: df.s.str.strip(text(rng)),
    "strftime": lambda df, rng: df.t.dt.strftime(text(rng)),
    "date_trunc": lambda df, rng: df.t.dt.date_trunc(rng.choice(("day", text(rng)))),
    "equal": lambda df, rng: df[rng.choice("sntj")] == value(rng),
    "less": lambda df, rng: df[rng.choice("sntj")] < value(rng),
    "add": lambda df, rng: df[rng.choice("snt")] + value(rng),
    "isin": lambda df, rng: df[rng.choice("snt")].isin([value(rng) for _ in range(rng.randint(0, 3))]),
    "fillna": lambda df, rng: df[rng.choice("snt")].fillna(value(rng)),
    "map": lambda df, rng: df.s.map({"a": value(rng), text(rng): value(rng)}),
    "assign": lambda df, rng: df.assign(**{text(rng): value(rng)}),
    "rename": lambda df, rng: df.rename(columns={"s": text(rng), "n": value(rng)}),
    "column": lambda df, rng: df[value(rng)],
    "astype": lambda df, rng: df[rng.choice("sntj")].astype(
        rng.choice(("int64", "float64", "date", "timestamp", "uuid", "json", "timedelta", "bool", text(rng)))
    ),
    "query": lambda df, rng: df.query(
        rng.choice(("s == ", "n > ", "", "t < ", "not ")) + rng.choice((repr(value(rng)), text(rng)))
    ),
    "to_datetime": lambda df, rng: to_datetime(
        df.s, errors=rng.choice(("raise", "coerce")), tz=rng.choice(("UTC", None, text(rng)))
    ),
    "to_datetime_n": lambda df, rng: to_datetime(df.n, unit=rng.choice(("s", "ms", "us", text(rng)))),
    "tz": lambda df, rng: df.t.dt.tz_convert(rng.choice(("Europe/Amsterdam", "+14:00", text(rng)))),
    "json_key": lambda df, rng: df.j.json[rng.choice(("a", rng.randint(-3, 3), text(rng)))],
    "json_text": lambda df, rng: df.j.json.get_value(rng.choice(("a", "b", text(rng))), as_str=True),
    "json_has": lambda df, rng: df.j.json.array_contains(value(rng)),
    "groupby": lambda df, rng: df.groupby(value(rng)).n.sum(),
    "sort": lambda df, rng: df.sort_values(value(rng)),
    "slice": lambda df, rng: df.s.str[rng.choice((0, -1, 2**40, -(2**70), 1.5)) : rng.choice((None, 1, -5, 2**63))],
    "repeat": lambda df, rng: df.s.str.repeat(rng.choice((0, -1, 3, 2**31, 2**63))),
    "pad": lambda df, rng: df.s.str.pad(rng.choice((0, -1, 3, 2**40)), fillchar=text(rng, 1)),
    "round": lambda df, rng: df.n.round(rng.choice((0, -3, 400, -400, 2**40))),
    "head": lambda df, rng: df[: rng.choice((0, 1, -1, 2**63, 2**70))],
}  # fmt: skip


def hub_call(events: DataFrame, rng: random.Random) -> Any:
    """Return what a question of the hub with bad input gives."""
    hub = ModelHub(
        time_zone="UTC" if rng.random() < 0.9 else text(rng),
        week_start="monday" if rng.random() < 0.9 else text(rng),
        time_aggregation="%Y-%m-%d" if rng.random() < 0.8 else text(rng),
    )
    ends = {name: rng.choice((rng.choice(DATES), value(rng))) for name in ("start", "end", "as_of") if rng.random() < 0.15}
    where = rng.choice((None, None, text(rng), [text(rng)], value(rng)))
    label = rng.choice(("event_type", "user_id", text(rng)))
    return rng.choice(
        (
            lambda: hub.trend(
                events,
                value(rng) if rng.random() < 0.3 else "users",
                where=where,
                breakdown=rng.choice((None, label, value(rng))),
                **ends,
            ),
            lambda: hub.funnel(events, [text(rng), "b"], window=rng.choice((datetime.timedelta(days=1), value(rng))), **ends),
            lambda: hub.retention(events, by=rng.choice(("day", "week", text(rng))), **ends),
            lambda: hub.paths(events, label=label, steps=rng.choice((2, 5, value(rng))), **ends),
            lambda: hub.trend(events).users(**{rng.choice(("period", "breakdown", "x")): value(rng)}),
            lambda: hub.cohort(events, did(text(rng), rng.choice((1, value(rng))))),
            lambda: hub.attribution(events, text(rng), label, model=rng.choice(("last", "last", text(rng))), **ends),
            lambda: hub.from_spec(
                {"analysis": "trend", "arguments": {rng.choice(("by", "where", "top", text(rng))): value(rng)}}, events
            ),
            lambda: hub.agg.unique_users(events, groupby=rng.choice((label, value(rng)))),
        )
    )()


def source(rng: random.Random, directory: Path) -> Any:
    """Return the events of a file with faults, by roles that need not be there, or of what is no source."""
    hub = ModelHub()
    roles = {name: value(rng) for name in ("user_id", "moment", "event_type", "schema", "properties") if rng.random() < 0.1}
    if rng.random() < 0.2:
        # No address of a server, which would be waited for.
        given = text(rng)
        return hub.events(given) if "//" not in given and "=" not in given else connect(f"postgresql://{given}@localhost:1/")
    return hub.events(file(rng, directory), **roles)


def command(rng: random.Random, directory: Path) -> tuple[int, str]:
    """Return the exit code of the command line with bad arguments, and what it wrote."""
    path = file(rng, directory) if rng.random() < 0.5 else str(directory / "good.csv")
    names = ("--start", "--end", "--user-id", "--where", "--by", "--steps", "--time-zone", "--rows", "--breakdown", "--dialect")
    arguments = [rng.choice(("run", "sql", "inspect", "quality", "info", "verify", text(rng)))]
    arguments += [rng.choice(("trend", "funnel", "retention", "sessions", text(rng)))] * (arguments[0] in ("run", "sql"))
    arguments += [path]
    for _ in range(rng.randint(0, 2)):
        arguments += [rng.choice(names), text(rng)]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        found = code(arguments)
    out.getvalue().encode()  # a terminal can show it
    return found, out.getvalue()


EXAMPLES = int(os.environ.get("OBJECTIV_FUZZ_EXAMPLES", "0"))
