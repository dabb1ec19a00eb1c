"""The targets of Postgres: an address, libpq's connection string, or libpq's environment variables."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path

from objectiv_local.engines.base import Settings, Target
from objectiv_local.errors import InvalidValue, NotSupported

#: The supported targets, for messages.
TARGETS = ("a postgresql:// address", "a libpq connection string")

_POSTGRES_SCHEMES = ("postgresql", "postgres")
_LIBPQ_VARIABLES = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE")
_LIBPQ_KEYWORDS = frozenset(
    (
        "host hostaddr port dbname user password passfile service servicefile options application_name client_encoding "
        "fallback_application_name connect_timeout keepalives keepalives_idle keepalives_interval keepalives_count replication "
        "tcp_user_timeout gssencmode gssdelegation gsslib krbsrvname require_auth require_peer requirepeer channel_binding "
        "sslmode sslnegotiation requiressl sslcompression sslcert sslkey sslpassword sslcertmode sslkeylogfile sslrootcert "
        "sslcrl sslsni sslcrldir ssl_min_protocol_version ssl_max_protocol_version min_protocol_version max_protocol_version "
        "load_balance_hosts target_session_attrs scram_client_key scram_server_key oauth_issuer oauth_client_id "
        "oauth_client_secret oauth_scope"
    ).split()
)

#: Parameters that identify a server and a user, and contain no secret.
_PUBLIC = ("host", "hostaddr", "port", "dbname", "user", "service", "sslmode", "sslrootcert", "target_session_attrs")


def from_environment() -> str | None:
    """Return the target that libpq's variables specify, if any."""
    return "postgresql://" if any(os.environ.get(name) for name in _LIBPQ_VARIABLES) else None


def target(given: object, settings: Settings) -> Target | None:
    """Return how to connect to a Postgres server; None for another target."""
    if not isinstance(given, str):
        return None
    # Addresses are often pasted with surrounding spaces.
    address = given.strip()
    scheme, mark, rest = address.partition("://")
    # SQLAlchemy addresses include the driver, as in postgresql+psycopg://.
    if mark and scheme.lower().partition("+")[0] in _POSTGRES_SCHEMES:
        return _postgres(f"postgresql://{rest}", settings)
    return _postgres(given, settings) if _is_conninfo(given) else None


def _is_conninfo(text: str) -> bool:
    keyword = re.match(r"\s*(\w+)\s*=", text)
    return keyword is not None and keyword[1].lower() in _LIBPQ_KEYWORDS and not os.path.exists(text)  # noqa: PTH110 - no error


def _is_ambiguous(text: str) -> bool:
    """Return whether a password is not escaped, so that part of it would be read as a host, port or database."""
    authority, _, rest = text.partition("://")[2].partition("?")[0].partition("/")
    return authority.count("@") > 1 or "@" in rest


def _postgres(text: str, settings: Settings) -> Target:
    try:
        import psycopg
        from psycopg import pq
        from psycopg.conninfo import conninfo_to_dict, make_conninfo
    except ImportError:
        raise NotSupported("Postgres needs the package psycopg", hint="pip install 'objectiv-local[postgres]'") from None
    from objectiv_local.engines.postgres.engine import PostgresEngine

    parameters: dict[str, str] | None = None
    if not _is_ambiguous(text):
        with suppress(psycopg.Error):
            parameters = {name: str(value) for name, value in conninfo_to_dict(text).items() if value is not None}
    if parameters is None:
        # The driver's message may quote any part of the string, including the password.
        raise InvalidValue(
            "the address of the Postgres server cannot be read",
            hint="write postgresql://user:password@host:port/database, with special characters in user "
            "and password as %40 and so on, or 'host=... dbname=... user=...'",
        )
    defaults = {
        option.keyword.decode(): option.val.decode(errors="replace")
        for option in pq.Conninfo.get_defaults()
        if option.val is not None
    }
    settled = [*sorted((defaults | parameters).items()), *_service_files(defaults | parameters)]
    # Hashed, so that no password is stored in the table of connections.
    fingerprint = hashlib.sha256(repr(settled).encode()).hexdigest()
    public = {name: value for name, value in parameters.items() if name in _PUBLIC}
    return Target(
        ("postgres", fingerprint),
        lambda: PostgresEngine(parameters, read_only=settings.read_only, statement_timeout=settings.statement_timeout),
        address=make_conninfo(**public) if public else "postgresql://",
    )


def _service_files(parameters: dict[str, str]) -> list[tuple[str, str]]:
    """Return the contents of the service files if the target is a service: when they change, it is another target."""
    if not parameters.get("service"):
        return []
    paths = [
        parameters.get("servicefile") or os.environ.get("PGSERVICEFILE") or str(Path.home() / ".pg_service.conf"),
        str(Path(os.environ.get("PGSYSCONFDIR", "")) / "pg_service.conf") if "PGSYSCONFDIR" in os.environ else "",
    ]
    found = []
    for path in filter(None, paths):
        with suppress(OSError):
            found.append((path, hashlib.sha256(Path(path).read_bytes()).hexdigest()))
    return found
