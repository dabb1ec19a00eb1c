"""DuckDB: the SQL of operations."""

from objectiv_local.dialects.duckdb.dialect import DIALECT

__all__ = ["DIALECT"]
