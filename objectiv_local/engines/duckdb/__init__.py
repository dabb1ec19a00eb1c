"""DuckDB: files, tables in memory, databases and connections of the user's own."""
