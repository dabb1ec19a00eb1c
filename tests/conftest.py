"""Fixtures of the whole suite: the Postgres servers, and the number of Hypothesis examples."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run, so that a failure of `make test` is due to the change; `make fuzz` looks for new ones.
settings.register_profile("default", deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile(
    "fuzz", deadline=None, max_examples=2_000, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("default")


#: The length of a statement above which it is not parsed, in characters.
LONGEST = 200_000


@pytest.fixture(scope="session", autouse=True)
def every_statement_parses():
    """Have sqlglot parse every statement that any test compiles, in its dialect."""
    import sqlglot

    from objectiv_local import dialects

    lower = dialects.lower
    known = set()

    def parsed(plan, dialect, store=None):
        statement = lower(plan, dialect, store)
        # Statements of megabytes, such as those with 100,000 values, take sqlglot minutes.
        if len(statement.sql) < LONGEST and (dialect.name, statement.sql) not in known:
            assert len(sqlglot.parse(statement.sql, dialect=dialect.name)) == 1, statement.sql
            known.add((dialect.name, statement.sql))
        return statement

    dialects.lower = parsed
    yield
    dialects.lower = lower


@pytest.fixture(scope="session")
def postgres_urls() -> dict[int, str]:
    """Return the address of a server of each Postgres version under test, by version; each is started once."""
    import postgres_server

    return {version: postgres_server.session_url(version) for version in postgres_server.default_versions()}


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """Return the address of the Postgres server for tests that do not depend on the version."""
    import postgres_server

    return postgres_server.session_url()
