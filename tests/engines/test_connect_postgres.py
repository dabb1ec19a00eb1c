"""Every statement of docs/connections.md about connecting to Postgres."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import postgres_server
import pytest

from objectiv_local import connect, from_model
from objectiv_local.errors import ConnectionFailed, InvalidValue, QueryFailed

PAGE = Path(__file__).parents[2] / "docs" / "connections.md"
WRONG = "wr0ng-s3cret"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Isolate the test from the developer's own files and variables."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (
        "DSN",
        "PGPASSWORD",
        "PGPASSFILE",
        "PGSERVICE",
        "PGSERVICEFILE",
        "PGSYSCONFDIR",
        "PGHOST",
        "PGUSER",
        "PGDATABASE",
    ):
        monkeypatch.delenv(name, raising=False)


class Place:
    """A server reached by TCP as a role with a password."""

    def __init__(self) -> None:
        url = postgres_server.session(postgres_server.default_versions()[0]).tcp_url
        assert url is not None
        parts = urlsplit(url)
        self.url, self.host, self.port, self.user = url, parts.hostname, parts.port, parts.username
        self.password = unquote(parts.password or "")
        self.bare = f"postgresql://{self.user}@{self.host}:{self.port}/postgres"

    def service(self, path: Path, *, password: str | None, name: str = "shop", database: str = "postgres") -> None:
        secret = "" if password is None else f"password={password}\n"
        path.write_text(f"[{name}]\nhost={self.host}\nport={self.port}\nuser={self.user}\ndbname={database}\n{secret}", "utf-8")


@pytest.fixture(scope="module")
def place() -> Place:
    return Place()


def setting(engine: object, name: str) -> str:
    return str(from_model(engine, f"SELECT current_setting('{name}') AS value").to_arrow()["value"][0])


def asked(engine: object) -> tuple[str, str]:
    rows = from_model(engine, "SELECT current_user::text AS who, current_database()::text AS base").to_arrow().to_pylist()
    return rows[0]["who"], rows[0]["base"]


def refused(target: str, *secrets: str) -> str:
    """Return the message of a failed connection, after checking that it shows no secret."""
    with pytest.raises(ConnectionFailed) as caught:
        connect(target, new=True)
    error = caught.value
    parts = [str(error), repr(error), error.hint or "", repr(error.__cause__), repr(error.__context__)]
    for secret in secrets:
        assert not any(secret in part for part in parts)
    return str(caught.value)


def test_addresses(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = (place.user, "postgres")
    quoted = place.password.replace("\\", "\\\\").replace("'", "\\'")
    for target in (
        place.url,
        place.url.replace("postgresql://", "postgresql+psycopg://"),
        f"host={place.host} port={place.port} user={place.user} dbname=postgres password='{quoted}'",
    ):
        engine = connect(target)
        assert asked(engine) == wanted
        assert place.password not in repr(engine) + engine.description
    monkeypatch.setenv("DSN", place.url)
    assert asked(connect()) == wanted
    monkeypatch.setenv("PGPASSWORD", place.password)
    assert asked(connect(place.bare)) == wanted


def test_parameters(place: Place) -> None:
    engine = connect(place.url)
    assert connect(place.url) is engine
    assert connect(place.url, new=True) is not engine
    assert (engine.read_only, setting(engine, "default_transaction_read_only")) == (True, "on")
    writing = connect(place.url, read_only=False)
    assert (writing is engine, setting(writing, "default_transaction_read_only")) == (False, "off")
    hasty = connect(place.url, statement_timeout=0.2)
    assert setting(hasty, "statement_timeout") == "200ms"
    with pytest.raises(QueryFailed, match="took longer than its statement_timeout"):
        from_model(hasty, "SELECT pg_sleep(5)::text AS x").to_arrow()
    assert asked(hasty) == (place.user, "postgres"), "the connection goes on"
    with pytest.raises(InvalidValue, match="already connected"):
        connect(engine, statement_timeout=1)


def test_what_an_address_may_set(place: Place) -> None:
    engine = connect(f"{place.url}?options=-c%20search_path%3Danalytics,public&application_name=report&connect_timeout=5")
    assert (setting(engine, "search_path"), setting(engine, "application_name")) == ("analytics,public", "report")
    assert setting(connect(place.url), "application_name") == "objectiv_local"


def test_tls(place: Place) -> None:
    for mode in ("disable", "allow", "prefer"):
        assert asked(connect(f"{place.url}?sslmode={mode}")) == (place.user, "postgres")
    # The server of the tests has no TLS, so targets that require it must fail to connect.
    for mode in ("require", "verify-ca", "verify-full"):
        message = refused(f"{place.url}?sslmode={mode}", place.password)
        assert "server does not support SSL" in message
        assert "hint: the server does not accept TLS connections" in message
    assert "hint: sslmode has to be disable, allow, prefer, require, verify-ca or verify-full" in refused(
        f"{place.url}?sslmode=on"
    )


def test_services(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "services.conf"
    missing = refused("postgresql:///?service=shop")
    assert "the database of the service 'shop'" in missing
    assert "hint: services are described in ~/.pg_service.conf" in missing
    monkeypatch.setenv("PGSERVICEFILE", str(path))
    place.service(path, password=place.password)
    engine = connect("postgresql:///?service=shop")
    assert asked(engine) == asked(connect("service=shop")) == (place.user, "postgres")
    assert connect("postgresql:///?service=shop") is engine
    assert place.password not in repr(engine) + engine.description
    # parts of the URL take precedence
    assert asked(connect("postgresql:///template1?service=shop")) == (place.user, "template1")
    # a file with other content leads to another connection
    place.service(path, password=place.password, database="template1")
    assert asked(connect("postgresql:///?service=shop")) == (place.user, "template1")
    monkeypatch.setenv("PGSERVICE", "shop")
    assert asked(connect()) == (place.user, "template1")
    place.service(path, password=WRONG)
    assert "password authentication failed" in refused("postgresql:///?service=shop", WRONG, place.password)


def test_password_files(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "hint: pass a password in the target, in PGPASSWORD or in ~/.pgpass" in refused(place.bare)
    path = tmp_path / "passwords"
    monkeypatch.setenv("PGPASSFILE", str(path))
    line = f"{place.host}:{place.port}:postgres:{place.user}:"
    path.write_text(line + place.password.replace("\\", "\\\\").replace(":", "\\:") + "\n", "utf-8")
    path.chmod(0o600)
    engine = connect(place.bare, new=True)
    assert asked(engine) == (place.user, "postgres")
    assert place.password not in repr(engine) + engine.description
    services = tmp_path / "services.conf"
    place.service(services, password=None)
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    assert asked(connect("postgresql:///?service=shop")) == (place.user, "postgres")
    path.write_text(f"{line}{WRONG}\n", "utf-8")
    assert "hint: check the line of this server and user in the password file" in refused(place.bare, WRONG)
    path.chmod(0o644)
    assert "no password supplied" in refused(place.bare, WRONG)


def test_a_wrong_password_does_not_show(place: Place) -> None:
    message = refused(place.bare.replace("@", f":{WRONG}@", 1), WRONG)
    assert "password authentication failed" in message


def test_the_page_names_every_parameter() -> None:
    import inspect

    text = PAGE.read_text("utf-8")
    for name in list(inspect.signature(connect).parameters)[1:]:
        assert f"| `{name}` |" in text
    for word in (
        "sslmode=verify-full",
        "sslrootcert",
        "?service=shop",
        "PGSERVICEFILE",
        ".pgpass",
        "PGPASSFILE",
        "connect_timeout",
        "search_path",
        "GRANT CREATE ON SCHEMA",
    ):
        assert word in text
