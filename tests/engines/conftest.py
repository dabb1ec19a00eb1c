"""An engine of each kind, connected anew for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import servers

from objectiv_local.engines import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from objectiv_local.engines import Engine

#: The engines that take the statements of these tests as they stand; Spark has tests of its own, in tests/spark.
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
    """Return the function that opens a further engine of the kind, with the options of `connect`."""
    return lambda **options: connected(kind, **options)


@pytest.fixture
def engine(kind: str) -> Iterator[Engine]:
    """Return an engine for reading."""
    with connected(kind) as opened:
        yield opened


@pytest.fixture
def writable(kind: str) -> Iterator[Engine]:
    """Return an engine that may write; the schema ``scratch`` is its own and is dropped afterwards."""
    with connected(kind, read_only=False) as opened:
        opened.execute("DROP SCHEMA IF EXISTS scratch CASCADE")
        opened.execute("CREATE SCHEMA scratch")
        yield opened
        opened.execute("DROP SCHEMA IF EXISTS scratch CASCADE")
