"""Features that only Postgres has: servers that refuse connections, secrets, catalogs, transactions."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING
from urllib.parse import quote

import postgres_server
import psycopg
import pyarrow as pa
import pytest

from objectiv_local.engines import connect
from objectiv_local.engines.postgres.connection import check_server
from objectiv_local.errors import (
    ConnectionFailed,
    DataInvalid,
    InvalidValue,
    NotSupported,
    ObjectivError,
    QueryFailed,
    ReadOnly,
)
from objectiv_local.types import INT64, STRING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from objectiv_local.engines import Engine

ONE = (("n", INT64),)
TEXT = (("s", STRING),)
SECRET = "hunter2-very-secret"


@pytest.fixture
def url() -> str:
    """Return the address of a server."""
    return postgres_server.session_url()


@pytest.fixture
def tcp_url() -> str:
    """Return the address of a server that asks for a password."""
    address = postgres_server.session().tcp_url
    if address is None:
        pytest.skip("the server was given by address")
    return address


@pytest.fixture
def admin(url: str) -> Iterator[psycopg.Connection]:
    """Return a plain superuser connection; the schema ``place`` is dropped afterwards."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS place CASCADE")
        connection.execute("CREATE SCHEMA place")
        yield connection
        connection.execute("DROP SCHEMA IF EXISTS place CASCADE")


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Return a read-only engine."""
    with connect(url, new=True) as opened:
        yield opened


def everything(error: BaseException) -> str:
    """Return all text that an error shows, including its causes."""
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    chain = [error]
    while (following := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(following)
    return shown + "".join(f"{link!r} {link} {vars(link)}" for link in chain)


# ---- connecting


def test_session_settings(engine: Engine) -> None:
    settings = {
        "TimeZone": "UTC",
        "DateStyle": "ISO, YMD",
        "IntervalStyle": "postgres",
        "extra_float_digits": "1",
        "lc_time": "C",
        "jit": "off",
        "standard_conforming_strings": "on",
        "client_encoding": "UTF8",
        "application_name": "objectiv_local",
        "default_transaction_read_only": "on",
    }
    for name, value in settings.items():
        assert engine.arrow(f"SELECT current_setting('{name}')", TEXT)["s"].to_pylist() == [value]


def test_password_with_special_characters(tcp_url: str) -> None:
    engine = connect(tcp_url)
    assert engine.description.startswith("Postgres postgres at 127.0.0.1:")
    secret = psycopg.conninfo.conninfo_to_dict(tcp_url)["password"]
    assert str(secret) not in repr(engine) + engine.description


def failing(url: str, **changed: str) -> str:
    parameters = psycopg.conninfo.conninfo_to_dict(url) | {"password": SECRET} | changed
    return psycopg.conninfo.make_conninfo("", **parameters)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "password authentication failed.*\nhint: check the user and the password"),
        ({"user": "postgres", "host": "", "dbname": "no_such"}, "'no_such'.*does not exist.*\nhint: check the name"),
        ({"port": "1"}, "Connection refused.*\nhint: check that the server is running"),
        ({"host": "no-such-host.invalid"}, "no-such-host.invalid.*\nhint: check the host"),
        ({"host": "/nowhere"}, "No such file.*\nhint: check that the server is running"),
        ({"connect_timeout": SECRET}, "cannot connect.*\nhint"),
    ],
    ids=["password", "database", "port", "host", "socket", "parameter"],
)
def test_refused_connections_show_no_password(
    url: str, tcp_url: str, changed: dict[str, str], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    if changed.get("host") == "":
        changed = changed | {"host": str(psycopg.conninfo.conninfo_to_dict(url)["host"])}
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ConnectionFailed, match=f"(?s){message}") as caught:
        connect(failing(tcp_url, **changed))
    assert SECRET not in everything(caught.value)
    assert SECRET not in caplog.text
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "target",
    [
        f"postgresql://me:{SECRET}@host:port/db",
        f"postgresql://me:%zz{SECRET}@host/db",
        f"host=x password='{SECRET}",
        f"postgresql://me:{SECRET}@host/db?nonsense=1",
        f"host=x password={SECRET} nonsense=1",
    ],
)
def test_unreadable_addresses_show_no_password(target: str) -> None:
    with pytest.raises(ObjectivError, match=r"(?s)address of the Postgres server cannot be read|cannot connect") as caught:
        connect(target)
    assert SECRET not in everything(caught.value)


def test_connection_needs_an_address_that_parses() -> None:
    with pytest.raises(InvalidValue, match="postgresql://user:password@host:port/database"):
        connect("postgresql://me@host/db?nonsense=1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", "only ASCII letters.*\nhint.*LC_CTYPE"),
        ("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'", "strings as LATIN1"),
        ("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'", "strings as SQL_ASCII"),
    ],
)
def test_databases_that_compute_otherwise_are_refused(url: str, admin: psycopg.Connection, options: str, message: str) -> None:
    admin.execute("DROP DATABASE IF EXISTS narrow")
    admin.execute(f"CREATE DATABASE narrow TEMPLATE template0 {options}".encode())
    try:
        with pytest.raises(NotSupported, match=f"(?s){message}"):
            connect(url.replace("/postgres?", "/narrow?"))
    finally:
        admin.execute("DROP DATABASE narrow WITH (FORCE)")


def test_old_servers_are_refused() -> None:
    check_server("here", version=15, encoding="UTF8", upper=True)
    with pytest.raises(NotSupported, match="version 14\nhint: use a server of version 15"):
        check_server("here", version=14, encoding="UTF8", upper=True)


# ---- the catalogue


def test_search_path_views_domains_enums_and_quoting(url: str, admin: psycopg.Connection) -> None:
    admin.execute("""
        CREATE DOMAIN place.label AS varchar(10); CREATE DOMAIN place.short AS place.label;
        CREATE TYPE place.mood AS ENUM ('good', 'bad');
        CREATE TABLE place."Odd.Table" ("Key" int, dropped int, "a b" place.short, m place.mood, n numeric(5, 2),
                                        s smallint, r real, i interval, j jsonb, l int[], PRIMARY KEY ("Key"));
        ALTER TABLE place."Odd.Table" DROP COLUMN dropped;
        CREATE MATERIALIZED VIEW place.stored AS SELECT 1::bigint AS x;
        CREATE TABLE place.parts (x int) PARTITION BY RANGE (x);
    """)
    separator = "&" if "?" in url else "?"
    with connect(f"{url}{separator}options={quote('-c search_path=place,public')}") as engine:
        stored = engine.table('"Odd.Table"')
        assert stored.relation.parts == ("Odd.Table",)
        assert stored.primary_key == ("Key",)
        assert stored.columns == (
            ("Key", "int4"),
            ("a b", "varchar"),
            ("m", "enum"),
            ("n", "numeric(5,2)"),
            ("s", "int2"),
            ("r", "float4"),
            ("i", "interval"),
            ("j", "jsonb"),
            ("l", "int4[]"),
        )
        assert engine.table("stored").columns == (("x", "int8"),)
        assert engine.table("parts").columns == (("x", "int4"),)
        assert engine.table("place.stored").relation.parts == ("place", "stored")
        assert engine.table("postgres.place.stored").relation.parts == ("place", "stored")


def test_missing_permission(url: str, admin: psycopg.Connection) -> None:
    admin.execute(
        "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA place TO guest; "
        "CREATE TABLE place.private AS SELECT 1::bigint AS n"
    )
    try:
        with (
            connect(url.replace("postgres@", "guest@")) as engine,
            pytest.raises(QueryFailed, match=r"permission denied for table private.*\nhint: .*GRANT SELECT"),
        ):
            engine.arrow("SELECT n FROM place.private", ONE)
    finally:
        admin.execute("DROP OWNED BY guest; DROP ROLE guest")


# ---- transactions and writes


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE place.t (x int)", "CREATE TEMPORARY TABLE t (x int)", "DROP SCHEMA place", "CREATE ROLE intruder"],
)
def test_reading_connection_refuses_writes(engine: Engine, admin: psycopg.Connection, statement: str) -> None:
    with pytest.raises(ReadOnly, match=r"is read-only.*\nhint"):
        engine.execute(statement)
    assert engine.create_table("fine", "SELECT 1 AS x").relation.parts == ("fine",)
    with pytest.raises(ReadOnly):
        engine.execute(statement)


def test_reads_of_one_transaction_see_one_state(engine: Engine, admin: psycopg.Connection) -> None:
    admin.execute("CREATE TABLE place.growing AS SELECT 1::bigint AS n")
    engine.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    sql = "SELECT count(*) FROM place.growing"
    assert engine.arrow(sql, ONE)["n"].to_pylist() == [1]
    admin.execute("INSERT INTO place.growing VALUES (2)")
    assert engine.arrow(sql, ONE)["n"].to_pylist() == [1]
    with pytest.raises(ReadOnly):
        engine.create_table("pinned", "SELECT 1 AS x")
    with pytest.raises(QueryFailed, match=r"earlier statement of the transaction failed.*\n.*ROLLBACK"):
        engine.arrow(sql, ONE)
    engine.execute("ROLLBACK")
    assert engine.arrow(sql, ONE)["n"].to_pylist() == [2]


def test_rows_larger_than_a_block(engine: Engine) -> None:
    sql = "SELECT repeat(E'long \"text\"\\n', 2000000) || i FROM generate_series(1, 3) AS t(i)"
    values = engine.arrow(sql, TEXT)["s"].to_pylist()
    assert values == ['long "text"\n' * 2_000_000 + str(number) for number in (1, 2, 3)]


def test_text_that_the_server_cannot_store(engine: Engine) -> None:
    with pytest.raises(DataInvalid, match="cannot be converted"):
        engine.load("rows", pa.table({"s": ["a\0b"]}), TEXT)
    assert engine.load("rows", pa.table({"s": ["ab"]}), TEXT).relation.parts == ("rows",)
