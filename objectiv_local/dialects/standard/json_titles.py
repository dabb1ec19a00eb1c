"""The titles of locations, in the words that both engines have for them."""

from __future__ import annotations

from objectiv_local.dialects.sql.tree import Sql, binary, func, text


def path_title(type_: Sql, id_: Sql) -> Sql:
    """Return the title of a location: the words of its type, of which a capital starts each, without Context; and its id."""
    worded = func("regexp_replace", type_, text("([a-z])([A-Z])"), text("\\1 \\2"), text("g"))
    words = func("replace", worded, text(" Context"), text(""))
    return binary("||", binary("||", words, text(": ")), id_)
