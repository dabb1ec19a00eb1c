"""The pandas-like skin over plans: frames, series, groups and windows."""

from __future__ import annotations

from objectiv_local.frame.display import display_sql_as_markdown
from objectiv_local.frame.frame import DataFrame
from objectiv_local.frame.reshape import concat
from objectiv_local.frame.series import Series

__all__ = ["DataFrame", "Series", "concat", "display_sql_as_markdown"]
