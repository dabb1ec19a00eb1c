"""Sessions of Spark Connect: opening them, the settings that each of them pins, and the server's errors."""

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

#: Settings on which answers depend. A server has defaults of its own.
SETTINGS = {
    # Errors in place of NULL for overflow, division by zero and casts.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.caseSensitive": "true",
    # Digits of decimals are not dropped.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.timeType.enabled": "true",
    # Backslashes in constants begin escapes, and '' is a quote.
    "spark.sql.parser.escapedStringLiterals": "false",
    # Of a repeated key in JSON, the last value counts.
    "spark.sql.variant.allowDuplicateKeys": "true",
    # Numbers behind GROUP BY and ORDER BY are columns.
    "spark.sql.groupByOrdinal": "true",
    "spark.sql.orderByOrdinal": "true",
    # Columns are those of all files of a directory. By default they are those of any one of them.
    "spark.sql.parquet.mergeSchema": "true",
    # Files that cannot be read, or that are gone, are errors.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.legacy.parquet.nanosAsLong": "false",
    # Values of folders are strings. The types that the server infers would lose the zeros of 01 and 1.50.
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.legacy.timeParserPolicy": "EXCEPTION",
    # The deviation of one row is NULL, not NaN.
    "spark.sql.legacy.statisticalAggregate": "false",
    # Names such as user and end need no quotes.
    "spark.sql.ansi.enforceReservedKeywords": "false",
    # How often the analyzer looks at a statement: 100 by default, which fifty steps use up.
    "spark.sql.analyzer.maxIterations": "500",
    "spark.sql.optimizer.maxIterations": "500",
}

_OLDEST = (4, 1)
_ADVICE = re.compile(r' If necessary,? set "?spark[^.]*(\.[a-z][^.]*)*\.(?= |$)')
#: How often and how long an unreachable server is tried again, in milliseconds.
_RETRIES: dict[str, Any] = {
    "max_retries": 3,
    "initial_backoff": 50,
    "max_backoff": 1_000,
    "jitter": 50,
    "min_jitter_threshold": 1_000,
}

#: Classes of errors about single values.
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

#: Classes of errors to those of the package, with what to do; the first that the class starts with.
_KNOWN: tuple[tuple[tuple[str, ...], type[ObjectivError], str | None], ...] = (
    (("TABLE_OR_VIEW_NOT_FOUND", "REQUIRES_SINGLE_PART_NAMESPACE"), TableNotFound, "the table may have been dropped since"),
    (
        ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA"),
        TableNotFound,
        "give a path that every executor can read, such as s3a://bucket/folder",
    ),
    (
        ("CANNOT_MERGE_SCHEMAS", "FAILED_MERGE_FIELDS", "CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE"),
        DataInvalid,
        "write the files with one type for each column, or read those of one type by a pattern",
    ),
    (("PARQUET_TYPE_ILLEGAL",), DataInvalid, "write the files with timestamps and times in microseconds"),
    (
        ("FAILED_READ_FILE", "CONFLICTING_PARTITION_COLUMN_NAMES"),
        DataInvalid,
        "write the files again, or read others by a pattern",
    ),
    (
        ("TABLE_OR_VIEW_ALREADY_EXISTS", "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"),
        InvalidValue,
        "choose another name, or drop it first",
    ),
    (("SCHEMA_NOT_FOUND",), InvalidValue, "create it first: CREATE SCHEMA ..., or choose one that is there"),
    (_VALUES, DataInvalid, "clean the rows where they are stored"),
    (("OPERATION_CANCELED", "INVALID_CURSOR"), QueryFailed, None),
    (("INSUFFICIENT_PERMISSIONS", "PERMISSION_DENIED"), QueryFailed, "ask the owner of the table for the right to read it"),
)

#: Classes of errors of a session that the server has ended, as after some time without use.
ENDED = ("INVALID_HANDLE.SESSION_CLOSED", "INVALID_HANDLE.SESSION_NOT_FOUND", "INVALID_HANDLE.SESSION_CHANGED")


def client_is_there() -> bool:
    """Return whether the client of Spark Connect can be imported, with what it needs."""
    try:
        with warnings.catch_warnings():
            # It says that it is not sure of the installed pandas, of which nothing is used here.
            warnings.simplefilter("ignore")
            import pyspark.sql.connect.session  # noqa: F401
    except ImportError:
        return False
    # It logs every error of a server, with its Java stack, beside raising it.
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger", "pyspark.sql.connect.client.logging"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return True


def opened(target: object, where: str) -> SparkSession:
    """Return a new session with the settings of :data:`SETTINGS`; of a session of the user, a clone.

    Raises ConnectionFailed, whose message holds no token, and NotSupported for a server that is too old.
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
            # It warns of each error that it raises after the last try.
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
    """Give a session the settings of :data:`SETTINGS`, which any statement of the user may have changed."""
    with warnings.catch_warnings():
        # It warns of settings that later versions may not have any more.
        warnings.simplefilter("ignore")
        for name, value in SETTINGS.items():
            if session.conf.get(name, None) != value:
                session.conf.set(name, value)


def _stopped(session: Any) -> None:
    if session is not None:
        session.release_session_on_close = False
        session.stop()


def check_version(version: str, where: str) -> None:
    """Raise NotSupported for a server without the types that values have inside a statement."""
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
            f"{where} does not let a session have the settings that answers depend on: {message}",
            hint="allow a session to set " + ", ".join(SETTINGS),
        )
    if "handshake" in str(error).lower():
        return ConnectionFailed(
            f"cannot connect to {where}: the server and this client do not agree on TLS",
            hint="a token or use_ssl=true needs a server with TLS and a certificate that this machine trusts",
        )
    return ConnectionFailed(
        f"cannot connect to {where}: {_plain(error, message)}",
        hint="check the host and the port, and that Spark Connect runs there: sbin/start-connect-server.sh",
    )


def _plain(error: Any, message: str) -> str:
    # What the transport says holds many lines on channels; its first words are enough.
    known = {"UNAVAILABLE": "no server takes the connection", "DEADLINE_EXCEEDED": "the server does not answer"}
    return known.get(_status(error), message)


def _status(error: Any) -> str:
    code = getattr(error, "getGrpcStatusCode", lambda: None)()
    return "" if code is None else str(code.name)


def short(error: Any) -> str:
    """Return the message of an error on one line, without the stack of the Java process."""
    text = str(getattr(error, "getMessage", lambda: None)() or error)
    text = text.partition("JVM stacktrace")[0].partition("\n== SQL")[0]
    # It also advises to turn off the mode in which errors are errors.
    return _ADVICE.sub("", " ".join(text.split()))[:1_000]


def is_lost(error: Any) -> bool:
    """Return whether an error says that the session or the server is gone."""
    message = str(error)
    return _status(error) in ("UNAVAILABLE", "UNAUTHENTICATED") or any(each in message for each in ENDED)


def translated(error: Any, description: str) -> ObjectivError:
    """Return the package's own error for one of the server's, about a statement."""
    kind = str(getattr(error, "getCondition", lambda: None)() or "")
    message = short(error)
    if kind == "USER_RAISED_EXCEPTION" and OUT_OF_RANGE in message:
        # What a computation gives is no fault of the stored rows.
        return QueryFailed(f"the query failed in {description}: {message}")
    for starts, made, hint in _KNOWN:
        if kind.startswith(starts):
            if kind == "OPERATION_CANCELED":
                return QueryFailed(f"the query was stopped in {description}")
            what = f"a value cannot be converted in {description}: " if starts is _VALUES else ""
            return made(f"{what}{message}" + ("" if what else f" (in {description})"), hint=hint)
    return QueryFailed(f"the query failed in {description}: {message}")


def refused(description: str) -> ReadOnly:
    """Return the error for a statement that is not a query, on a connection for reading."""
    return ReadOnly(
        f"the statement is not a query, and {description} is open for reading",
        hint="connect(..., read_only=False) runs other statements",
    )


def late(description: str) -> QueryFailed:
    """Return the error for a statement that was stopped when its time was over."""
    return QueryFailed(
        f"the query took longer than its statement_timeout in {description}",
        hint="connect with a longer statement_timeout, or ask for fewer rows",
    )
