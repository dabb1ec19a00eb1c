"""DuckDB: how operations are written."""
