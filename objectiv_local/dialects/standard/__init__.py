"""The SQL of operations on every engine: the table that dialects inherit."""
