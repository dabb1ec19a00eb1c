"""Many readers of one source at once."""
