"""DuckDB: how operations are written."""

from objectiv_local.dialects.duckdb.dialect import DIALECT

__all__ = ["DIALECT"]
