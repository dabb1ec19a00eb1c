"""Opening Postgres connections, and translating the driver's errors."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from objectiv_local.engines.base import qualified
from objectiv_local.engines.postgres.reading import watched_connection
from objectiv_local.engines.secrets import HIDDEN, hide, without_secrets
from objectiv_local.errors import (
    ConnectionFailed,
    DataInvalid,
    InvalidValue,
    NotSupported,
    ObjectivError,
    QueryFailed,
    ReadOnly,
    TableNotFound,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

_OLDEST = 15
_SHORT = 3

#: Parameters that a message never shows.
_SECRETS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")

# Part of libpq's message -> hint.
_CONNECT_HINTS = (
    ("invalid sslmode", "sslmode has to be disable, allow, prefer, require, verify-ca or verify-full"),
    ("server does not support SSL", "the server does not accept TLS connections: enable TLS there, or omit sslmode"),
    ("server certificate", "the certificate has to be signed by sslrootcert, for the host in the address"),
    ("root certificate file", "pass the file with the certificate of the authority: sslrootcert=/path/root.crt"),
    ("definition of service", "services are described in ~/.pg_service.conf, or in the file named by PGSERVICEFILE"),
    ("service file", "services are described in ~/.pg_service.conf, or in the file named by PGSERVICEFILE"),
    ("password retrieved from file", "check the line of this server and user in the password file"),
    ("password authentication failed", "check the user and the password; libpq also reads PGPASSWORD and ~/.pgpass"),
    ("no password supplied", "pass a password in the target, in PGPASSWORD or in ~/.pgpass"),
    ("does not exist", "check the name of the database and of the user; `psql -l` lists databases"),
    ("Connection refused", "check that the server is running, and its host and port"),
    ("No such file or directory", "check that the server is running, and its host and port"),
    ("translate host name", "check the host"),
    ("resolve host", "check the host"),
    ("timeout", "check the host, the port and any firewall in between"),
    ("no pg_hba.conf entry", "the server's pg_hba.conf must allow this user from this address"),
    ("too many clients", "close other connections, or raise the server's max_connections"),
)

_INVALID_DATA = {
    "22P02": "correct the value, or use astype(..., errors='coerce') for NULL instead",  # a string that cannot be cast
    "22P05": "the string has a character that the server cannot store",
    "22021": "the string has a character that the server cannot store",
    "22007": "correct the value, or use astype(..., errors='coerce') for NULL instead",  # not a date or time
    "22008": "correct the value, or use astype(..., errors='coerce') for NULL instead",  # no such date or time
    "22032": "correct the stored values",  # not JSON
    "22030": "correct the stored values",  # a duplicate key in JSON
    "22P04": "correct the values of the table",  # not COPY's format
}


def opened(parameters: Mapping[str, str]) -> tuple[psycopg.Connection, str]:
    """Return a connection and its description: ``Postgres objectiv at localhost:5432``.

    Raises :class:`ConnectionFailed`, whose message contains no password.
    """
    import psycopg

    defaults = {} if "PGCONNECT_TIMEOUT" in os.environ else {"connect_timeout": "15"}
    defaults |= {} if "PGAPPNAME" in os.environ else {"application_name": "objectiv_local"}
    try:
        connection = watched_connection().connect(autocommit=True, prepare_threshold=None, **(defaults | dict(parameters)))  # type: ignore[arg-type]
    except psycopg.Error as error:
        failure = _not_opened(str(error), parameters)
    else:
        info = connection.info
        return connection, f"Postgres {info.dbname} at {info.host}:{info.port}"
    raise failure


def _not_opened(message: str, parameters: Mapping[str, str]) -> ConnectionFailed:
    service = parameters.get("service") or os.environ.get("PGSERVICE")
    database = f"database {without_secrets(parameters['dbname'])!r}" if "dbname" in parameters else "the default database"
    host = parameters.get("host") or os.environ.get("PGHOST") or "the local server"
    port = parameters.get("port") or os.environ.get("PGPORT") or "5432"
    place = f"at {host}:{port}"
    if service and "host" not in parameters:
        database = database if "dbname" in parameters else "the database"
        place = f"of the service {without_secrets(service)!r}"
    user = f" as {parameters['user']!r}" if "user" in parameters else ""
    secrets = [*(parameters.get(name) for name in _SECRETS), os.environ.get("PGPASSWORD")]
    if any(secret and secret in message for secret in secrets):
        reason = "the driver's message is omitted, because it contains the password"
    else:
        reason = hide(parameters.get("dbname", ""), message.strip().replace("\n", " "))
    hint = next((hint for part, hint in _CONNECT_HINTS if part in message), "check the host, the port and the database")
    what = f"cannot connect to {database} {place}{user}: {reason}"
    for secret in secrets:
        # A password passed as another parameter; a short one would match parts of ordinary words.
        what = what.replace(secret, HIDDEN) if secret and len(secret) > _SHORT else what
    return ConnectionFailed(what, hint=hint)


def check_server(where: str, *, version: int, encoding: str, upper: bool) -> None:
    """Check that a server supports what the package needs: its version, its encoding and its case conversion.

    Raises :class:`NotSupported`.
    """
    if version < _OLDEST:
        raise NotSupported(f"{where} is version {version}", hint=f"use a server of version {_OLDEST} or later")
    if encoding != "UTF8":
        raise NotSupported(
            f"{where} stores strings as {encoding}", hint="copy the data to a database created with ENCODING 'UTF8'"
        )
    if not upper:
        raise NotSupported(
            f"{where} supports only ASCII letters: upper('é') is not 'É'",
            hint="copy the data to a database with another character type: "
            "CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
        )


def translated(error: psycopg.Error, description: str, sql: str = "") -> ObjectivError:
    """Return the package's error for one of the server's, about a statement."""
    state = error.sqlstate or ""
    text = error.diag.message_primary or str(error).strip()
    if error.diag.message_detail:
        text += f" ({error.diag.message_detail})"
    where = f"in {description}"
    if state == "22003" and re.match('(value )?"', text):  # about a string; a number out of range is not quoted
        return DataInvalid(f"a value cannot be converted {where}: {text}", hint=_INVALID_DATA["22P02"])
    if state in _INVALID_DATA:
        return DataInvalid(f"a value cannot be converted {where}: {text}", hint=_INVALID_DATA[state])
    if state == "25006":
        return ReadOnly(
            f"the statement writes, but {description} is read-only: {text}",
            hint="connect(..., read_only=False) allows writes, on a server that is not a standby",
        )
    if state == "42P07":
        return InvalidValue(text, hint="choose another name, or drop it first")
    if state == "42P01":
        return TableNotFound(f"{text} ({where})", hint="the table may have been dropped since")
    if state == "42501":
        return QueryFailed(f"{text} ({where})", hint=_grant(text, sql))
    if state == "3F000":
        return InvalidValue(f"{text} ({where})", hint="create it first: CREATE SCHEMA ..., or choose an existing one")
    if state == "57014":
        late = "statement timeout" in text
        return QueryFailed(
            f"the query {'took longer than its statement_timeout' if late else 'was stopped'} {where}",
            hint="connect with a longer statement_timeout, or fetch fewer rows" if late else None,
        )
    if state == "25P02":
        return QueryFailed(f"an earlier statement of the transaction failed {where}", hint="execute('ROLLBACK') first")
    if state[:3] == "57P":
        return ConnectionFailed(
            f"the connection to {description} was lost: {text}", hint="connect again with objectiv_local.connect(...)"
        )
    return QueryFailed(f"the query failed {where}: {text}")


def _grant(message: str, sql: str) -> str:
    """Return which privilege to request from whom, for a permission error."""
    if message.startswith("must be owner"):
        return "only its owner may drop or change it: ask them, or choose another name"
    if (temporary := re.search(r'create temporary tables in database "(.+)"', message)) is not None:
        return (
            f"ask the owner for it: GRANT TEMPORARY ON DATABASE {qualified(temporary[1])} TO ..., or compute the rows without "
            "storing them"
        )
    word = (re.match(r"\s*(\w+)", sql) or [""])[0].strip().upper()
    found = re.search(r"permission denied for (\w+) (.+)", message)
    kind, name = (found[1], found[2]) if found is not None else ("", "...")
    if word == "CREATE" and kind in ("schema", "database"):
        return (
            f"ask the owner for it: GRANT CREATE ON {kind.upper()} {qualified(name)} TO ..., or use a schema that you can "
            "write to, as in 'schema.name'"
        )
    right = {"INSERT": "INSERT", "UPDATE": "UPDATE", "DELETE": "DELETE"}.get(word, "SELECT")
    right = {"schema": "USAGE", "database": "CONNECT", "sequence": "USAGE", "function": "EXECUTE"}.get(kind, right)
    on = f"{kind.upper()} " if kind in ("schema", "database", "sequence", "function") else ""
    return f"ask the owner for it: GRANT {right} ON {on}{qualified(name) if found is not None else '...'} TO ..."
