"""Columns on their way into a plan."""

from __future__ import annotations

import pandas as pd
import pytest
from frame.frames import opened

from objectiv_local import DataFrame
from objectiv_local.errors import DataInvalid


def test_a_pandas_column_that_cannot_be_loaded_is_named():
    for column in ([1, "a"], [2**70], [1j], ["half \ud800"]):
        with pytest.raises(DataInvalid, match="'mixed' holds"):
            DataFrame.from_pandas(
                opened("duckdb"), pd.DataFrame({"a": [0] * len(column), "mixed": pd.Series(column, dtype=object)})
            )
    with pytest.raises(DataInvalid, match="'_index_key' holds"):
        DataFrame.from_pandas(opened("duckdb"), pd.DataFrame({"a": [0, 1]}, index=pd.Index([1, "a"], name="key")))
