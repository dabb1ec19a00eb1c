"""Event frames of a table that no schema knows: ten questions against SQL by hand, and opening a CSV file."""
