"""The schemas of event tables that can be read. To add one, add a file to this package and an entry here."""

from __future__ import annotations

from objectiv_local.errors import InvalidValue, near
from objectiv_local.hub.schemas.amplitude import AMPLITUDE
from objectiv_local.hub.schemas.ga4 import GA4
from objectiv_local.hub.schemas.mixpanel import MIXPANEL
from objectiv_local.hub.schemas.objectiv import OBJECTIV
from objectiv_local.hub.schemas.posthog import POSTHOG
from objectiv_local.hub.schemas.schema import Schema, Table
from objectiv_local.hub.schemas.segment import SEGMENT
from objectiv_local.hub.schemas.snowplow import SNOWPLOW
from objectiv_local.hub.schemas.snowplow_events import SNOWPLOW_EVENTS

#: Every schema, in the order in which they are tried.
SCHEMAS = (OBJECTIV, SNOWPLOW, SNOWPLOW_EVENTS, GA4, POSTHOG, SEGMENT, AMPLITUDE, MIXPANEL)

#: The name for a table of any layout, whose columns are named or guessed.
TABLE = "table"


def recognized(table: Table) -> Schema:
    """Return the schema of a table for Objectiv's frames. Raises InvalidValue for a table that matches none."""
    return _recognized(table, [schema for schema in SCHEMAS if schema.stacks], "; select another table with table_name")


def named(name: str | Schema, table: Table) -> Schema | None:
    """Return a schema as it is, or the schema with a name that a table matches; None for ``table``.

    Raises InvalidValue for an unknown name, and for a table that lacks columns of the schema.
    """
    if isinstance(name, Schema):
        return _recognized(table, [name], "")
    if name == TABLE:
        return None
    found = [schema for schema in SCHEMAS if schema.name == name]
    if not found:
        raise InvalidValue(
            f"unknown schema {name!r}", hint=near(name, dict.fromkeys([*(schema.name for schema in SCHEMAS), TABLE]))
        )
    return _recognized(table, found, f", or name the columns with schema={TABLE!r}")


def guessed(table: Table) -> Schema | None:
    """Return the only schema whose columns a table has; None if there is none.

    Raises InvalidValue if several schemas match.
    """
    fitting = [schema for schema in SCHEMAS if not schema.missing(table) and schema.sure(table)]
    # If the columns of one schema include those of another, the schema with more columns is used.
    found = [schema for schema in fitting if not any(other.columns.keys() > schema.columns.keys() for other in fitting)]
    names = list(dict.fromkeys(schema.name for schema in found))
    if len(names) > 1:
        raise InvalidValue(
            f"{table.title} has the columns of several schemas: {', '.join(names)}",
            hint=f"select one, as in schema={names[0]!r}",
        )
    return found[0] if found else None


def _recognized(table: Table, schemas: list[Schema], instead: str) -> Schema:
    fitting = [schema for schema in schemas if not schema.missing(table)]
    if fitting:
        return next((schema for schema in fitting if schema.sure(table)), fitting[0])
    missing = min((schema.missing(table) for schema in schemas), key=len)
    raise InvalidValue(
        f"{table.title} is not a table of events: it has no column {', '.join(missing)}; "
        f"found {', '.join(table.columns) or 'no columns'}",
        hint=f"{', or '.join(schema.described for schema in schemas)}{instead}",
    )
