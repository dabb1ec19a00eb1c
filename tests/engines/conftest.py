"""An engine of each kind, with a new connection for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import servers

from objectiv_local.engines import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from objectiv_local.engines import Engine

#: The engines that run the statements of these tests unchanged; Spark has its own tests in tests/spark.
KINDS = tuple(name for name in servers.STARTED if name not in servers.CLUSTERS)


def connected(kind: str, **options: object) -> Engine:
    """Return a new engine of the kind."""
    return connect(servers.target(kind), new=True, **options)  # type: ignore[arg-type]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Return the name of an engine."""
    return str(request.param)


@pytest.fixture
def connect_again(kind: str) -> Callable[..., Engine]:
    """Return a function that opens another engine of the kind, with the options of `connect`."""
    return lambda **options: connected(kind, **options)


@pytest.fixture
def engine(kind: str) -> Iterator[Engine]:
    """Return a read-only engine."""
    with connected(kind) as opened:
        yield opened


@pytest.fixture
def writable(kind: str) -> Iterator[Engine]:
    """Return a writable engine with a schema ``scratch`` of its own, which is dropped afterwards."""
    with connected(kind, read_only=False) as opened:
        opened.execute("DROP SCHEMA IF EXISTS scratch CASCADE")
        opened.execute("CREATE SCHEMA scratch")
        yield opened
        opened.execute("DROP SCHEMA IF EXISTS scratch CASCADE")
