"""Fixtures of the whole suite: the Postgres servers, the number of Hypothesis examples, and which versions a test runs on."""

from __future__ import annotations

import os
import zlib

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run, so that a failure of `make test` is due to the change; `make fuzz` looks for new ones.
settings.register_profile("default", deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile(
    "fuzz", deadline=None, max_examples=2_000, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("default")


#: Directories whose tests run on each version of an engine. Each test of the others runs on one of the versions, half of them
#: on each, unless the variable of ``servers`` is set.
ON_EVERY_VERSION = ("engine_cases", "engines", "fuzz", "spec")
#: Directories where each statement is parsed, and the share of statements that is parsed in the others.
ALL_PARSED, SHARE_PARSED = ("dialects", "plan", "spec"), 4
#: The length of a statement above which it is not parsed, in characters.
LONGEST = 200_000


def number_of(text: str) -> int:
    """Return a number that is the same in each process."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave one version of an engine to each test."""
    import servers

    if os.environ.get(servers.VARIABLE):
        return
    versions = {
        name: [each for each in servers.STARTED if servers.engine_of(each) == servers.engine_of(name)]
        for name in servers.STARTED
    }

    def is_left(item: pytest.Item) -> bool:
        directory = item.path.relative_to(config.rootpath / "tests").parts[0]
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        names = [value for value in values if isinstance(value, str) and value in versions]
        if len(names) != 1 or directory in ON_EVERY_VERSION:
            return True
        name, same = names[0], versions[names[0]]
        return same[number_of(item.nodeid.replace(name, "")) % len(same)] == name

    deselected = [item for item in items if not is_left(item)]
    items[:] = [item for item in items if is_left(item)]
    if deselected:
        config.hook.pytest_deselected(items=deselected)


@pytest.fixture(scope="session", autouse=True)
def statements_parse():
    """Have sqlglot parse statements that tests compile, in their dialect: all of some directories, and a share of others."""
    import sqlglot

    from objectiv_local import dialects

    lower = dialects.lower
    known, chosen = set(), tuple(f"tests/{name}/" for name in ALL_PARSED)

    def parsed(plan, dialect, store=None):
        statement = lower(plan, dialect, store)
        key = (dialect.name, statement.sql)
        is_chosen = os.environ.get("PYTEST_CURRENT_TEST", "").startswith(chosen) or number_of(statement.sql) % SHARE_PARSED == 0
        # Statements of megabytes, such as those with 100,000 values, take sqlglot minutes.
        if is_chosen and len(statement.sql) < LONGEST and key not in known:
            assert len(sqlglot.parse(statement.sql, dialect=dialect.name)) == 1, statement.sql
            known.add(key)
        return statement

    dialects.lower = parsed
    yield
    dialects.lower = lower


@pytest.fixture
def unparsed(monkeypatch):
    """Skip parsing statements with sqlglot, for tests of so many or so long ones that it takes longer than everything else."""
    from objectiv_local import dialects
    from objectiv_local.dialects.lowering.lowering import lower

    monkeypatch.setattr(dialects, "lower", lower)


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
