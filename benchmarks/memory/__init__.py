"""More data than memory: workloads with a limit on what DuckDB may hold, so that it spills to disk."""
