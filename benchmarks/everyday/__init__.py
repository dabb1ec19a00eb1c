"""Ten everyday programs over a table of typed columns: on this library, in SQL by hand, Polars, pandas and Ibis."""
