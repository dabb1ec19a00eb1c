"""SQL as a tree and as text."""
