"""One connection to each engine for all specs."""

from __future__ import annotations

import pytest
from spec.engines import Reference, Sql


@pytest.fixture(scope="session")
def engines():
    return {"reference": Reference()}


@pytest.fixture(params=["reference"])
def engine(request, engines):
    """Return an engine; a spec runs on each."""
    return engines[request.param]
