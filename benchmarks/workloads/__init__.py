"""W0 to W8, questions to raw events: on this library, in SQL by hand, Polars, pandas, Ibis, and the original release."""
