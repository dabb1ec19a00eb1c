"""Titles of JSON objects, as computed on every engine."""

from __future__ import annotations

from objectiv_local.dialects.sql.tree import Sql, binary, func, text


def title(kind: Sql, name: Sql, dropped: Sql, between: Sql) -> Sql:
    """Return the title of an object: its kind in words, each of which starts with a capital letter, and its name."""
    worded = func("regexp_replace", kind, text("([a-z])([A-Z])"), text("\\1 \\2"), text("g"))
    words = func("replace", worded, dropped, text(""))
    return binary("||", binary("||", words, between), name)
