"""The schemas of event tables that can be read. A new one is a file of this package and an entry here."""

from __future__ import annotations

from objectiv_local.errors import InvalidValue
from objectiv_local.hub.schemas.objectiv import OBJECTIV
from objectiv_local.hub.schemas.schema import Schema, Table
from objectiv_local.hub.schemas.snowplow import SNOWPLOW

#: Every schema, in the order in which a table is tried.
SCHEMAS = (OBJECTIV, SNOWPLOW)


def recognized(table: Table) -> Schema:
    """Return the schema of a table. Raises InvalidValue for a table that has none of them."""
    found = next((schema for schema in SCHEMAS if not schema.missing(table)), None)
    if found is not None:
        return found
    missing = min((schema.missing(table) for schema in SCHEMAS), key=len)
    raise InvalidValue(f"{table.title} is not a table of events: it has no column {', '.join(missing)}; "
                       f"found {', '.join(table.columns) or 'no columns'}",
                       hint=f"{', or '.join(schema.described for schema in SCHEMAS)}; name another one with table_name")
