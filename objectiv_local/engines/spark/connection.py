"""Spark Connect sessions: opening them, their settings, and translating the server's errors."""

from __future__ import annotations

import logging
import re
import warnings
from typing import TYPE_CHECKING, Any

from objectiv_local.dialects.spark.numbers import OUT_OF_RANGE
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
    from pyspark.sql.connect.session import SparkSession

#: Settings on which results depend, and which have other defaults on servers.
SETTINGS = {
    # Errors instead of NULL for overflow, division by zero and casts.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.caseSensitive": "true",
    # Arithmetic does not drop decimal places.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.timeType.enabled": "true",
    # Backslashes in string literals start escapes, and '' is a quote.
    "spark.sql.parser.escapedStringLiterals": "false",
    # For duplicate keys in JSON, the last value is used.
    "spark.sql.variant.allowDuplicateKeys": "true",
    # Numbers in GROUP BY and ORDER BY refer to columns.
    "spark.sql.groupByOrdinal": "true",
    "spark.sql.orderByOrdinal": "true",
    # A directory has the columns of all its files, instead of those of any one of them.
    "spark.sql.parquet.mergeSchema": "true",
    # Corrupt or missing files are errors.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.legacy.parquet.nanosAsLong": "false",
    # Values of partition folders are strings. The types that the server infers would lose the zeros of 01 and 1.50.
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.legacy.timeParserPolicy": "EXCEPTION",
    # The standard deviation of a single row is NULL, not NaN.
    "spark.sql.legacy.statisticalAggregate": "false",
    # Names such as user and end need no quotes.
    "spark.sql.ansi.enforceReservedKeywords": "false",
    # Number of analyzer iterations for a statement: 100 by default, which fifty steps use up.
    "spark.sql.analyzer.maxIterations": "500",
    "spark.sql.optimizer.maxIterations": "500",
}

_OLDEST = (4, 1)
_ADVICE = re.compile(r' If necessary,? set "?spark[^.]*(\.[a-z][^.]*)*\.(?= |$)')
#: How often and how long to retry an unreachable server, in milliseconds.
_RETRIES: dict[str, Any] = {
    "max_retries": 3,
    "initial_backoff": 50,
    "max_backoff": 1_000,
    "jitter": 50,
    "min_jitter_threshold": 1_000,
}

#: Error classes that concern single values.
_VALUES = (
    "USER_RAISED_EXCEPTION",
    "CAST_INVALID_INPUT",
    "MALFORMED_RECORD_IN_PARSING",
    "VARIANT_DUPLICATE_KEY",
    "INVALID_VARIANT_CAST",
    "MALFORMED_VARIANT",
    "VARIANT_SIZE_LIMIT",
    "CANNOT_PARSE_TIMESTAMP",
    "INVALID_UTF8_STRING",
    "DATETIME_FIELD_OUT_OF_BOUNDS",
)

#: Error classes by prefix, with the package's error and a hint; the first match is used.
_KNOWN: tuple[tuple[tuple[str, ...], type[ObjectivError], str | None], ...] = (
    (("TABLE_OR_VIEW_NOT_FOUND", "REQUIRES_SINGLE_PART_NAMESPACE"), TableNotFound, "the table may have been dropped since"),
    (
        ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA"),
        TableNotFound,
        "use a path that every executor can read, such as s3a://bucket/folder",
    ),
    (
        ("CANNOT_MERGE_SCHEMAS", "FAILED_MERGE_FIELDS", "CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE"),
        DataInvalid,
        "write the files with the same type for each column, or use a pattern for files with the same type",
    ),
    (
        ("PARQUET_TYPE_ILLEGAL",),
        DataInvalid,
        "write the files with uuids as strings, and with timestamps and times in microseconds",
    ),
    (
        ("FAILED_READ_FILE", "CONFLICTING_PARTITION_COLUMN_NAMES"),
        DataInvalid,
        "write the files again, or use a pattern for other files",
    ),
    (
        ("TABLE_OR_VIEW_ALREADY_EXISTS", "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"),
        InvalidValue,
        "choose another name, or drop it first",
    ),
    (("SCHEMA_NOT_FOUND",), InvalidValue, "create it first: CREATE SCHEMA ..., or choose an existing one"),
    (_VALUES, DataInvalid, "correct the stored values"),
    (("OPERATION_CANCELED", "INVALID_CURSOR"), QueryFailed, None),
    (("INSUFFICIENT_PERMISSIONS", "PERMISSION_DENIED"), QueryFailed, "ask the owner of the table for the privilege to read it"),
)

#: Error classes of a session that the server has ended, such as after a period of inactivity.
ENDED = ("INVALID_HANDLE.SESSION_CLOSED", "INVALID_HANDLE.SESSION_NOT_FOUND", "INVALID_HANDLE.SESSION_CHANGED")


def client_is_there() -> bool:
    """Return whether the Spark Connect client can be imported, with its dependencies."""
    try:
        with warnings.catch_warnings():
            # It warns about the installed pandas, which is not used here.
            warnings.simplefilter("ignore")
            import pyspark.sql.connect.session  # noqa: F401
    except ImportError:
        return False
    # It logs every server error with its Java stack trace, in addition to raising it.
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger", "pyspark.sql.connect.client.logging"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return True


def opened(target: object, where: str) -> SparkSession:
    """Return a new session with the settings of :data:`SETTINGS`; for a user's session, a clone of it.

    Raises ConnectionFailed, whose message contains no token, and NotSupported for a server that is too old.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

    session: Any = None
    try:
        if isinstance(target, str):
            session = SparkSession(target)
            session.client.set_retry_policies([DefaultPolicy(**_RETRIES)])
        else:
            session = target.cloneSession()  # type: ignore[attr-defined]
        with warnings.catch_warnings():
            # It warns about each error that it raises after the last retry.
            warnings.simplefilter("ignore")
            check_version(str(session.version), where)
            pin(session)
    except PySparkException as error:
        failure = _not_opened(error, where)
    except ObjectivError:
        _stopped(session)
        raise
    else:
        return session  # type: ignore[no-any-return]
    _stopped(session)
    raise failure


def pin(session: Any) -> None:
    """Restore the settings of :data:`SETTINGS` in a session, which any statement of the user may have changed."""
    with warnings.catch_warnings():
        # It warns about settings that later versions may remove.
        warnings.simplefilter("ignore")
        for name, value in SETTINGS.items():
            if session.conf.get(name, None) != value:
                session.conf.set(name, value)


def _stopped(session: Any) -> None:
    if session is not None:
        session.release_session_on_close = False
        session.stop()


def check_version(version: str, where: str) -> None:
    """Raise NotSupported for a server without the types that statements need."""
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < _OLDEST:
        raise NotSupported(
            f"{where} is version {version}",
            hint=f"use a server of version {'.'.join(map(str, _OLDEST))} or later, which has VARIANT and TIME",
        )


def _not_opened(error: Any, where: str) -> ObjectivError:
    message = short(error)
    status = _status(error)
    if status in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
        return ConnectionFailed(
            f"{where} refuses the connection: {status.lower().replace('_', ' ')}",
            hint="check the token in the address, as in sc://host:port/;token=...",
        )
    if "CONFIG_NOT_AVAILABLE" in message or "CANNOT_MODIFY" in message or "INVALID_CONF_VALUE" in message:
        return NotSupported(
            f"{where} does not allow the session settings that results depend on: {message}",
            hint="allow a session to set " + ", ".join(SETTINGS),
        )
    if "handshake" in str(error).lower():
        return ConnectionFailed(
            f"cannot connect to {where}: the server and this client do not agree on TLS",
            hint="a token or use_ssl=true needs a server with TLS and a certificate that this machine trusts",
        )
    return ConnectionFailed(
        f"cannot connect to {where}: {_plain(error, message)}",
        hint="check the host and the port, and that Spark Connect is running there: sbin/start-connect-server.sh",
    )


def _plain(error: Any, message: str) -> str:
    # The transport's message has many lines about channels; a short text is sufficient.
    known = {"UNAVAILABLE": "no server accepts the connection", "DEADLINE_EXCEEDED": "the server does not answer"}
    return known.get(_status(error), message)


def _status(error: Any) -> str:
    code = getattr(error, "getGrpcStatusCode", lambda: None)()
    return "" if code is None else str(code.name)


def short(error: Any) -> str:
    """Return the message of an error on one line, without the Java stack trace."""
    text = str(getattr(error, "getMessage", lambda: None)() or error)
    text = text.partition("JVM stacktrace")[0].partition("\n== SQL")[0]
    # It also recommends disabling the mode in which errors are raised.
    return _ADVICE.sub("", " ".join(text.split()))[:1_000]


def is_lost(error: Any) -> bool:
    """Return whether an error means that the session or the server no longer exists."""
    message = str(error)
    return _status(error) in ("UNAVAILABLE", "UNAUTHENTICATED") or any(each in message for each in ENDED)


def translated(error: Any, description: str) -> ObjectivError:
    """Return the package's error for one of the server's, about a statement."""
    kind = str(getattr(error, "getCondition", lambda: None)() or "")
    message = short(error)
    if kind == "USER_RAISED_EXCEPTION" and OUT_OF_RANGE in message:
        # The result of a computation is not a fault of the stored rows.
        return QueryFailed(f"the query failed in {description}: {message}")
    for starts, made, hint in _KNOWN:
        if kind.startswith(starts):
            if kind == "OPERATION_CANCELED":
                return QueryFailed(f"the query was stopped in {description}")
            what = f"a value cannot be converted in {description}: " if starts is _VALUES else ""
            return made(f"{what}{message}" + ("" if what else f" (in {description})"), hint=hint)
    return QueryFailed(f"the query failed in {description}: {message}")


def refused(description: str) -> ReadOnly:
    """Return the error for a statement other than a query, on a read-only connection."""
    return ReadOnly(
        f"the statement is not a query, but {description} is read-only",
        hint="connect(..., read_only=False) allows other statements",
    )


def late(description: str) -> QueryFailed:
    """Return the error for a statement that exceeded its timeout."""
    return QueryFailed(
        f"the query took longer than its statement_timeout in {description}",
        hint="connect with a longer statement_timeout, or fetch fewer rows",
    )
