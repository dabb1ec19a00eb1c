"""SQL names: which need no quotes, and replacements for those that an engine would confuse.

DuckDB treats ``ab`` and ``AB`` as the same name, even in quotes, and Postgres truncates names to 63 bytes, both silently. A
name that could be confused is replaced inside the statement, and restored in the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_BYTES = 63

#: Words that Postgres or DuckDB interpret differently without quotes.
RESERVED = frozenset(
    """
all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint binary bit boolean both
by case cast char character check coalesce collate collation column columns concurrently constraint create cross
current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal
default deferrable desc describe distinct do else end except exists extract false fetch float for foreign freeze from
full generated glob grant greatest group grouping grouping_id having ilike in initially inner inout int integer
intersect interval into is isnull join json_array json_arrayagg json_exists json_object json_objectagg json_query
json_scalar json_serialize json_table json_value lambda lateral leading least left like limit localtime localtimestamp
map merge_action national natural nchar none normalize not notnull null nullif numeric offset on only or order out
outer overlaps overlay pivot pivot_longer pivot_wider placing position positional precision primary qualify real
references returning right row select semi session_user setof show similar smallint some struct substring summarize
symmetric system_user table tablesample then time timestamp to trailing treat trim true try_cast tuple union unique
unpack unpivot user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement
xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable xor
""".split()
)


def text_constant(value: str) -> str:
    """Return a string literal in which a backslash is literal and a quote is doubled."""
    return "'" + value.replace("'", "''") + "'"


def stand_ins(names: Iterable[str]) -> dict[str, str]:
    """Return the name inside a statement for each of ``names``, usually the name itself.

    >>> stand_ins(["moment", "id", "ID"])
    {'moment': 'moment', 'id': 'id', 'ID': 'id_2'}
    """
    unique = list(dict.fromkeys(names))
    safe = [name for name in unique if _is_safe(name)]
    taken: set[str] = set()
    out: dict[str, str] = {}
    for name in safe:
        folded = name.casefold()
        if folded not in taken:
            taken.add(folded)
            out[name] = name
    for name in unique:
        if name not in out:
            out[name] = unused(re.sub(r"[^a-z0-9]+", "_", name.lower())[:40].strip("_") or "column", taken)
            taken.add(out[name])
    return {name: out[name] for name in unique}


def unused(name: str, taken: set[str], numbers: dict[str, int] | None = None) -> str:
    """Return ``name``, or ``name_2`` and so on if it is taken.

    ``numbers`` are the last suffixes of names, so that not all are tried again if thousands of names are taken.
    """
    number = 1 if numbers is None else numbers.get(name, 1)
    candidate = name if number == 1 else f"{name}_{number}"
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{name}_{number}"
    if numbers is not None:
        numbers[name] = number
    return candidate


def _is_safe(name: str) -> bool:
    return 0 < len(name.encode("utf-8", "replace")) <= MAX_BYTES and name.isprintable()
