"""How operations are written on every engine: the table that dialects inherit."""
