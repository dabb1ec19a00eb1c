"""Handing rows over: 8 columns to pandas, Polars and Arrow, by this library and in the ways that DuckDB offers."""
