"""Passwords, keys and tokens in connection targets: no error, repr or statement shows them."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import duckdb
import postgres_server
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objectiv_local import DataFrame, connect
from objectiv_local.engines.base import Settings
from objectiv_local.engines.duckdb import targets
from objectiv_local.engines.duckdb.files import Files
from objectiv_local.engines.secrets import hide, without_secrets
from objectiv_local.errors import InvalidValue, ObjectivError

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2xyz"


def everything(error: BaseException) -> str:
    """Return all text that an error shows, including its causes."""
    chain = [error]
    while (following := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(following)
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    return shown.replace(repr(SECRET), "") + "".join(f"{link!r} {link} {vars(link)}" for link in chain)


TARGETS = [
    f"application_name=x host=127.0.0.1 port=1 password={SECRET}",
    f"connect_timeout=1 host=127.0.0.1 port=1 password={SECRET}",
    f"sslrootcert=none host=127.0.0.1 port=1 password='{SECRET}'",
    f"Password={SECRET} host=127.0.0.1",
    f"  host=127.0.0.1 port=1 password={SECRET}",
    f" postgresql://me:{SECRET}@127.0.0.1:1/db",
    f"\npostgresql://me:{SECRET}@127.0.0.1:1/db\n",
    f"POSTGRESQL://me:{SECRET}@127.0.0.1:1/db",
    f"Postgres://me:{SECRET}@127.0.0.1:1/db",
    f"postgresql://me:p@{SECRET}@127.0.0.1:1/db",
    f"postgresql://me:p/{SECRET}@127.0.0.1:1/db",
    f"postgresql://me:{SECRET}/x@127.0.0.1:1/db",
    f"postgresql://me:p?{SECRET}@127.0.0.1:1/db",
    f"postgresql://me:p#{SECRET}@127.0.0.1:1/db",
    f"postgresql://127.0.0.1:1/db?user=me&password={SECRET}",
    f"postgresql+psycopg2://me:{SECRET}@127.0.0.1:1/db",
    f"jdbc:postgresql://me:{SECRET}@127.0.0.1:1/db",
    f"jdbc:postgresql://127.0.0.1:1/db?user=me&password={SECRET}",
    f"postgresql:/me:{SECRET}@127.0.0.1:1/db",
    f"postgresql:me:{SECRET}@127.0.0.1:1/db",
    f"me:{SECRET}@127.0.0.1:1/db",
    f"'postgresql://me:{SECRET}@127.0.0.1:1/db'",
    f"DSN=postgresql://me:{SECRET}@127.0.0.1:1/db",
    f"hots=x password={SECRET}",
    f"hots=x passwrod=y pwd={SECRET}",
    f"host=127.0.0.1 port=1 dbname=postgresql://me:{SECRET}@h/db",
    f"host=127.0.0.1 port=1 sslpassword={SECRET}",
    f"host=127.0.0.1 port={SECRET} password={SECRET}",
    f"mysql://me:{SECRET}@127.0.0.1/db",
    f"x password={SECRET}" + "y" * 5000,
]
REMOTE_FILES = [
    f"https://me:{SECRET}@127.0.0.1:1/rows.parquet",
    f" https://me:{SECRET}@127.0.0.1:1/rows.parquet",
    f"https://127.0.0.1:1/rows.parquet?X-Amz-Credential=me&X-Amz-Signature={SECRET}",
    f"https://127.0.0.1:1/a?sig={SECRET}",
    f"s3://bucket/rows.parquet?s3_access_key_id=me&s3_secret_access_key={SECRET}",
    f"S3://me:{SECRET}@bucket/rows.parquet",
    f"https://127.0.0.1:1/{SECRET}@x:1/rows.parquet?a=1",
    f"az://me:{SECRET}@127.0.0.1/rows.parquet",
]


ACTIONS = (connect, lambda target: DataFrame.from_table(target, "t"), DataFrame.from_parquet)
#: Each remote file waits for the network for seconds, so it is opened in one of the ways, and the others in all.
CASES = [(target, ACTIONS) for target in TARGETS]
CASES += [(target, [ACTIONS[number % 3]]) for number, target in enumerate(REMOTE_FILES)]


@pytest.mark.parametrize(("target", "actions"), CASES, ids=[target for target, _ in CASES])
def test_targets_that_cannot_be_reached_show_no_secret(target, actions, caplog: pytest.LogCaptureFixture) -> None:
    for action in actions:
        with pytest.raises(ObjectivError) as caught:
            action(target)
        assert SECRET not in everything(caught.value)
        assert caught.value.__context__ is None
    assert SECRET not in caplog.text


def test_a_server_that_is_no_file_shows_no_password() -> None:
    address = postgres_server.session().tcp_url
    if address is None:
        pytest.skip("the server was given by address")
    with pytest.raises(InvalidValue, match="is not a Parquet file") as caught:
        DataFrame.from_parquet(f" {address}")
    assert "s3cret" not in everything(caught.value)


def test_files_that_look_like_addresses_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("port=1", "year=2024", "me@home", "a:b@c", " blank"):
        with (tmp_path / f"{name}.parquet").open("wb") as file:
            pq.write_table(pa.table({"x": [1]}), file)
        assert len(DataFrame.from_parquet(f"{name}.parquet")) == 1


def test_an_address_with_a_secret_stays_out_of_statements(tmp_path: Path) -> None:
    """https:// needs an extension, so the engine gets file:// here, where the part after ? is a pattern."""
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / f"rows.parquetA{SECRET}")
    address = f"file://{tmp_path}/rows.parquet?{SECRET}"
    target = targets._parquet(
        "", Files((address,)), without_secrets(address), frozenset({"data"}), Settings(), None, secret=True
    )
    engine = target.make()
    df = DataFrame.from_table(engine, "data")
    assert sorted(df.to_pandas().x) == [1, 2]
    kept = df.materialize(materialization="temp_table")
    shown = [repr(engine), engine.description, df.view_sql(), df.explain(), df.explain(engine=True), kept.view_sql(), repr(df)]
    (tmp_path / f"rows.parquetA{SECRET}").unlink()
    for action in (
        df.to_pandas,
        lambda: list(df.to_batches()),
        lambda: engine.explain("SELECT x FROM data"),
        lambda: engine.table("data"),
        lambda: engine.arrow("SELECT y FROM data", ()),
        lambda: engine.table("dat"),
    ):
        try:
            action()
        except ObjectivError as error:
            shown.append(everything(error))
    assert len(shown) >= 10
    assert not [text for text in shown if SECRET in text]
    assert engine.description.endswith("/rows.parquet?***")


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("https://me:hunter2@h/a.parquet?sig=1", "https://***@h/a.parquet?***"),
        ("s3://bucket/a.parquet", "s3://bucket/a.parquet"),
        ("postgresql://me:a@b@h/db", "postgresql://***@h/db"),
        ("jdbc:postgresql://h/db?password=x", "jdbc:postgresql://h/db?***"),
        ("host=h password='a b' dbname=d", "host=h password=*** dbname=d"),
        ("host=h pwd=a", "host=h pwd=***"),
        ("events/*.parquet", "events/*.parquet"),
        ("a?.parquet", "a?.parquet"),
        ("me@home.parquet", "me@home.parquet"),
        ("/data/me@home/a.parquet", "/data/me@home/a.parquet"),
        ("year=2024/a.parquet", "year=2024/a.parquet"),
    ],
)
def test_without_secrets(target: str, shown: str) -> None:
    assert without_secrets(target) == shown


def test_hide() -> None:
    address = "https://me:hunter2@h/a.parquet?sig=abcdef"
    assert hide(address, f"cannot open '{address}'") == "cannot open 'https://***@h/a.parquet?***'"
    assert hide(address, "GET /a.parquet?sig=abcdef as me:hunter2") == "GET /a.parquet?*** as ***"
    assert hide(address, "abcdef is not valid") == "*** is not valid"
    assert hide("events", "no database events") == "no database events"


def test_duckdb_connection_shows_nothing_of_its_settings() -> None:
    with duckdb.connect() as own:
        assert repr(connect(own, new=True)) == "<DuckDB connection to memory>"
