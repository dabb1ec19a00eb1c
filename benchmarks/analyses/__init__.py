"""Analyses of the hub against SQL by hand on the same engine, and against Polars over the same file."""
