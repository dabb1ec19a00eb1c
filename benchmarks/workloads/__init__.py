"""W0 to W8, questions of product analytics to raw events: on this library, in SQL by hand, Polars, pandas, Ibis, the original."""
