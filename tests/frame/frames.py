"""One frame on every engine, and the comparison of what comes back."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
import servers

from objectiv_local import DataFrame, connect
from objectiv_local.types import is_nan

ENGINES = servers.NEAR
on_every_engine = pytest.mark.parametrize("engine", ENGINES)


@cache
def opened(name):
    """Return the connection to an engine."""
    return connect(servers.target(name))


def load(engine, columns, index=None):
    """Return a frame of the given columns, indexed by ``index`` or by the number of the row as ``row``."""
    frame = pd.DataFrame(columns)
    frame.index = pd.Index(range(len(frame)) if index is None else index, name="row")
    return DataFrame.from_pandas(opened(engine), frame)


def values(series):
    """Return the values of a series in the order of its index, None for missing ones."""
    return plain(series.sort_index().to_pandas() if series._state.index else series.to_pandas())


def plain(found):
    """Return fetched values with None for missing ones."""
    return [None if value is None or value is pd.NA or value is pd.NaT or is_nan(value) else value for value in found]
