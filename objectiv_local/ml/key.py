"""Keys as integers: a hash that is the same on every engine and in memory, for splits and folds of rows."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Expr, call, case, cast, literal, state_of
from objectiv_local.ml.columns import checked_column
from objectiv_local.types import STRING, is_nan, python_value

#: The number of hashes: key numbers are less than this.
HASHES = 2**60

#: The types of columns that can be keys. The text of other types differs between engines.
KEYS = ("int64", "string", "bool", "uuid", "date", "timestamp")

_EPOCH = datetime.datetime(1970, 1, 1)
_MICROSECOND = datetime.timedelta(microseconds=1)
_HINT = "use whole numbers, strings, bools, UUIDs, dates or timestamps; for whole numbers, use astype('int64')"


def key_number(frame: DataFrame, key: str | Sequence[str], seed: int = 0) -> Expr:
    """Return the key of each row as an integer from 0 to 2**60 - 1; NULL if a part of the key is NULL.

    It is the first 60 bits of the MD5 of the seed, a colon, and for each part its length, a colon and its text. The text of an
    integer is its digits, that of a bool is true or false, and that of a date or timestamp is its microseconds since 1970.
    Raises ColumnNotFound, and InvalidType for a part of another type.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"user": ["ann"]}))
    >>> key_number(df, "user", seed=0).type.name
    'int64'
    """
    text: Expr = literal(f"{checked_seed(seed)}:")
    for name in key_columns(frame, key):
        part = _text(state_of(frame).column(name))
        size = cast(call("length", part), STRING)
        text = call("concat", call("concat", text, call("concat", size, literal(":"))), part)
    return call("hash", text)


def key_columns(frame: DataFrame, key: str | Sequence[str]) -> list[str]:
    """Return the names of the columns of a key, which may be index levels."""
    if isinstance(key, str):
        key = [key]
    if key is None or isinstance(key, Series) or not isinstance(key, Iterable):
        raise InvalidType(
            f"key has to be the name of a column, or a list of names, not {type(key).__name__}",
            hint="add a series as a column first: df.assign(key=series)",
        )
    names = [checked_column(frame, name, "key") for name in key]
    for name in names:
        type_ = state_of(frame).plan.types[name]
        if type_.name not in KEYS:
            raise InvalidType(f"the key {name!r} is {type_}, whose text differs between engines", hint=_HINT)
    if not names:
        raise InvalidValue("a key needs at least one column")
    if len(set(names)) != len(names):
        raise InvalidValue("a column occurs twice in the key")
    return names


def checked_seed(seed: object) -> int:
    """Return a seed. Raises InvalidType for a value that is not an integer."""
    seed = python_value(seed)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise InvalidType(f"seed has to be a whole number, not {seed!r}")
    return seed


def _text(column: Expr) -> Expr:
    if column.type.name == "string":
        return column
    if column.type.name == "bool":
        return case([(column, literal("true")), (call("not", column), literal("false"))])
    if column.type.name in ("date", "timestamp"):
        return cast(call("microseconds", call("sub", column, literal(_EPOCH))), STRING)
    return cast(column, STRING)


# ---- the same in memory


def key_numbers(keys: Any, seed: int = 0) -> Any:
    """Return keys in memory as an int64 array of the numbers that :func:`key_number` computes in the database.

    ``keys`` is an array, a list or a column of pandas, polars or Arrow; or a table, a two-dimensional array or a list of
    tuples, whose columns are the parts of a key. A UUID is a ``uuid.UUID`` or its string. Raises InvalidValue for a missing
    key, and InvalidType for floats and other types.

    >>> key_numbers(["ann", "bob"]) % 5
    array([3, 1])
    """
    import numpy as np

    prefix = f"{checked_seed(seed)}:"
    if isinstance(keys, DataFrame | Series):
        raise InvalidType(
            "keys have to be in memory, not in the database",
            hint="fetch them with to_pandas(), or use ml.folds(frame, key=...)",
        )
    parts = [_texts(column) for column in _columns(keys)]
    found = np.empty(len(parts[0]), dtype=np.int64)
    known: dict[tuple[str, ...], int] = {}
    for position, row in enumerate(zip(*parts, strict=True)):
        number = known.get(row)
        if number is None:
            number = known[row] = _number(prefix + "".join(f"{len(part)}:{part}" for part in row))
        found[position] = number
    return found


def _number(text: str) -> int:
    try:
        return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15], 16)
    except UnicodeEncodeError:
        raise InvalidValue(f"the key {text!r} cannot be encoded in UTF-8", hint="remove the lone surrogates") from None


def _columns(keys: Any) -> list[Any]:
    """Return the columns of keys, each as a sequence or array."""
    import numpy as np

    package = type(keys).__module__.partition(".")[0]
    if package == "pandas" and hasattr(keys, "columns"):
        return [keys.iloc[:, position] for position in range(keys.shape[1])]
    if package == "pandas" and hasattr(keys, "levels"):
        return [keys.get_level_values(level) for level in range(keys.nlevels)]
    if package == "pyarrow" and hasattr(keys, "column_names"):
        return list(keys.columns)
    if package == "polars" and hasattr(keys, "get_columns"):
        return list(keys.get_columns())
    if isinstance(keys, np.ndarray) and keys.ndim == 2:
        columns = [keys[:, position] for position in range(keys.shape[1])]
        if not columns:
            raise InvalidValue("a key needs at least one column")
        return columns
    if isinstance(keys, np.ndarray) and keys.ndim != 1:
        raise InvalidValue(f"keys have to have one or two dimensions, not {keys.ndim}")
    if isinstance(keys, str | bytes) or not isinstance(keys, Iterable):
        raise InvalidType(f"keys have to be an array, a list, a column or a table, not {type(keys).__name__}")
    if isinstance(keys, list | tuple) and keys and all(isinstance(row, tuple | list) for row in keys):
        sizes = {len(row) for row in keys}
        if len(sizes) > 1 or 0 in sizes:
            raise InvalidValue(f"the keys have different numbers of parts: {sorted(sizes)}")
        return [list(column) for column in zip(*keys, strict=True)]
    return [keys]


def _texts(column: Any) -> list[str]:
    """Return the parts of keys as strings."""
    import numpy as np

    if hasattr(column, "to_pylist"):
        values = column.to_pylist()
    elif isinstance(column, np.ndarray) and column.dtype.kind in "mM":
        whole = column.astype("datetime64[us]") if column.dtype.kind == "M" else column
        if not ((whole == column) | np.isnat(column)).all():
            raise InvalidValue(
                "keys have nanoseconds, but database timestamps have microseconds",
                hint="truncate them: keys.astype('datetime64[us]')",
            )
        values = list(whole)
    else:
        values = column.tolist() if hasattr(column, "tolist") else list(column)
    texts = [_part(value) for value in values]
    missing = sum(text is None for text in texts)
    if missing:
        raise InvalidValue(f"the key is missing in {missing} rows", hint="remove these rows, or use another key")
    return [text for text in texts if text is not None]


def _part(value: object) -> str | None:
    """Return a part of a key as a string, None if it is missing."""
    if getattr(value, "nanosecond", 0):
        raise InvalidValue(
            f"the key {value} has nanoseconds, but database timestamps have microseconds",
            hint="truncate them: keys.dt.floor('us')",
        )
    value = python_value(value)
    if value is None or is_nan(value):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime.datetime):
        return str((value - _EPOCH) // _MICROSECOND)
    if isinstance(value, datetime.date):
        return str((datetime.datetime(value.year, value.month, value.day) - _EPOCH) // _MICROSECOND)
    raise InvalidType(f"a key is {type(value).__name__}: {value!r}", hint=_HINT)
