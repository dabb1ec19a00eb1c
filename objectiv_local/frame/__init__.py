"""The pandas-like API over plans: frames, series, groups and windows."""

from __future__ import annotations

from objectiv_local.frame.display import display_sql_as_markdown
from objectiv_local.frame.frame import DataFrame
from objectiv_local.frame.moments import to_datetime
from objectiv_local.frame.reshape import concat
from objectiv_local.frame.series import Series

from_table, from_model, from_pandas = DataFrame.from_table, DataFrame.from_model, DataFrame.from_pandas

__all__ = ["DataFrame", "Series", "concat", "display_sql_as_markdown", "from_model", "from_pandas", "from_table", "to_datetime"]
