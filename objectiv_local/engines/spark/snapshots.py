"""Reading the files of a snapshot with Spark: a view of the session for the rows, and one for each dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from objectiv_local.dialects.spark import DIALECT
from objectiv_local.types import Type

#: The text of a uuid that is stored as 16 bytes.
_UUID = "regexp_replace(lower(hex({0})), '(.{{8}})(.{{4}})(.{{4}})(.{{4}})(.{{12}})', '$1-$2-$3-$4-$5') AS {0}"


def show(session: Any, view: str, paths: Sequence[str], types: Mapping[str, Type]) -> None:
    """Create a view of columns of Parquet files, which have the given types in frames.

    The schema is given, because Spark infers none for a file with a uuid.
    """
    names = {name: DIALECT.quoted(name) for name in types}
    schema = ", ".join(f"{names[name]} {_stored(type_)}" for name, type_ in types.items())
    columns = [_UUID.format(names[name]) if type_.name == "uuid" else names[name] for name, type_ in types.items()]
    session.read.schema(schema).parquet(*paths).selectExpr(*columns).createOrReplaceTempView(view)


def _stored(type_: Type) -> str:
    """Return the type as which Spark reads a column of a file."""
    match type_.name:
        case "uuid":
            return "binary"
        case "json":
            return "string"
    return DIALECT.stored_name(type_, written=True)
