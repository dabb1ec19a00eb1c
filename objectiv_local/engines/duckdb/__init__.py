"""DuckDB: files, tables in memory, databases and connections of the user's own."""

from objectiv_local.engines.base import Backend
from objectiv_local.engines.duckdb.targets import TARGETS, file_engine, target

BACKEND = Backend("duckdb", target, TARGETS, files=file_engine)

__all__ = ["BACKEND"]
