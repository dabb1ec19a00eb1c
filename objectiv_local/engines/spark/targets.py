"""The targets of Spark: a Spark Connect address, or a pyspark session."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from objectiv_local.engines.base import Settings, Target
from objectiv_local.errors import InvalidValue, NotSupported

#: The supported targets, for messages.
TARGETS = ("an sc:// address of Spark Connect", "a pyspark session")

_SCHEME = "sc://"
#: Parameters of an address that contain no secret.
_PUBLIC = ("use_ssl", "user_id", "user_agent")


def from_environment() -> str | None:
    """Return the target that Spark's environment variable specifies, if it is a server."""
    found = os.environ.get("SPARK_REMOTE", "")
    return found if found.startswith(_SCHEME) else None


def target(given: object, settings: Settings) -> Target | None:
    """Return how to connect to a Spark server; None for another target."""
    if isinstance(given, str) and given.strip().lower().startswith(_SCHEME):
        return _server(_SCHEME + given.strip()[len(_SCHEME) :], settings)
    module = type(given).__module__
    if module.partition(".")[0] == "pyspark" and type(given).__name__ == "SparkSession":
        return _session(given, settings)
    return None


def _server(address: str, settings: Settings) -> Target:
    _require_client()
    from pyspark.errors import PySparkException
    from pyspark.sql.connect.client import DefaultChannelBuilder

    from objectiv_local.engines.spark.engine import SparkEngine

    try:
        builder = DefaultChannelBuilder(address)
    except (PySparkException, ValueError):
        builder = None
    if builder is None:
        # The client's message may quote any part of the address, including the token.
        raise InvalidValue(
            "the address of the Spark server cannot be read",
            hint="write sc://host:port/;token=...;use_ssl=true, with special characters as %40 and so on",
        )
    fingerprint = hashlib.sha256(address.encode()).hexdigest()
    # The parameters in the address, such as token, are those of the builder.
    public = [part for part in builder.url.params.split(";") if part.partition("=")[0] in _PUBLIC]
    shown = _SCHEME + builder.endpoint + ("/;" + ";".join(public) if public else "")
    return Target(
        ("spark", fingerprint),
        lambda: SparkEngine(
            address, builder.endpoint, read_only=settings.read_only, statement_timeout=settings.statement_timeout
        ),
        address=shown,
    )


def _session(given: Any, settings: Settings) -> Target:
    if type(given).__module__ != "pyspark.sql.connect.session":
        raise NotSupported(
            "the pyspark session does not use Spark Connect",
            hint="create it with SparkSession.builder.remote('sc://host:port'), or pass that address",
        )
    _require_client()
    from objectiv_local.engines.spark.engine import SparkEngine

    return Target(
        ("spark session", given.session_id),
        lambda: SparkEngine(
            given, given.client.host, read_only=settings.read_only, statement_timeout=settings.statement_timeout
        ),
    )


def _require_client() -> None:
    from objectiv_local.engines.spark.connection import client_is_there

    if not client_is_there():
        raise NotSupported("Spark needs the package pyspark-client", hint="pip install 'objectiv-local[spark]'")
