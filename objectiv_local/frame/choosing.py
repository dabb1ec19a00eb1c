"""Column names: dropping columns and renaming them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from objectiv_local.errors import AttributeNotFound, ColumnNotFound, InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame.handles import make_frame
from objectiv_local.frame.values import checked_name

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame


def drop(
    self: DataFrame,
    labels: object = None,
    *,
    axis: int | str = 1,
    columns: str | Sequence[str] | None = None,
    index: object = None,
    level: object = None,
    errors: str = "raise",
) -> DataFrame:
    """Return a copy without some data columns; an unknown column is an error unless ``errors='ignore'``.

    Differs from pandas: ``labels`` are columns unless ``axis`` says otherwise, and rows cannot be dropped by label.
    """
    _check_errors(errors)
    if axis not in (0, 1, "index", "columns"):
        raise InvalidValue(f"axis has to be 1 or 'columns', not {axis!r}")
    if index is not None or level is not None or axis in (0, "index"):
        raise NotSupported("drop removes columns, not rows", hint="filter: df[~df.index['name'].isin([...])]")
    if labels is not None and columns is not None:
        raise InvalidValue("give labels or columns, not both")
    given = columns if columns is not None else labels
    if given is None:
        raise InvalidValue("drop needs the columns to remove", hint="as in df.drop(columns=['name'])")
    names = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    for name in names if errors == "raise" else ():
        self._column(name)
    return make_frame(self._state, tuple(name for name in self._columns if name not in names))


def rename(
    self: DataFrame,
    mapper: Mapping[str, str] | Callable[[str], str] | None = None,
    *,
    index: Mapping[str, str] | Callable[[str], str] | None = None,
    columns: Mapping[str, str] | Callable[[str], str] | None = None,
    axis: int | str = 0,
    errors: str = "ignore",
) -> DataFrame:
    """Return a copy with data columns or index levels renamed, by a mapping of old names to new ones or by a function.

    ``index`` renames the levels, where pandas renames the labels. ``mapper`` renames columns and needs ``axis=1``. Unknown
    names are ignored unless ``errors='raise'``. Raises InvalidValue if two columns would have the same name.
    """
    _check_errors(errors)
    if axis not in (0, 1, "index", "columns"):
        raise InvalidValue(f"axis has to be 0, 1, 'index' or 'columns', not {axis!r}")
    if mapper is not None:
        if axis not in (1, "columns") or index is not None or columns is not None:
            raise InvalidValue("mapper renames columns and needs axis=1", hint="use columns={...} or index={...}")
        columns = mapper
    levels, names = _renamed(self._state.labels, index, errors), _renamed(self._columns, columns, errors)
    if len({*levels, *names}) != len(levels) + len(names):
        raise InvalidValue("two columns would have the same name after renaming")
    return make_frame(self._state.renamed(levels, dict(zip(self._columns, names, strict=True))), names)


def set_attribute(self: DataFrame, name: str, value: object) -> None:
    """Rename the columns in place: ``df.columns = ["day", "visits"]``. Raises AttributeNotFound for other attributes."""
    if name != "columns":
        hint = (
            "choose it with set_index, or rename its levels with rename(index={...})"
            if name == "index"
            else f"write df[{name!r}] = ..."
        )
        raise AttributeNotFound(f"cannot set attribute {name!r} of a frame", hint=hint)
    if isinstance(value, str | Mapping | AbstractSet) or not hasattr(value, "__iter__"):
        raise InvalidType(
            "columns has to be a list of names",
            hint="as in df.columns = ['day', 'visits'], or rename some of them with df.rename(columns={'old': 'new'})",
        )
    names = [checked_name(each) for each in value]
    if len(names) != len(self._columns):
        raise InvalidValue(
            f"there are {len(names)} names for {len(self._columns)} columns",
            hint=f"give a name for each of {', '.join(map(repr, self._columns))}, or use rename(columns={{...}})",
        )
    renamed = self.rename(columns=dict(zip(self._columns, names, strict=True)))
    self._set(renamed._state, renamed._columns)


def _check_errors(errors: str) -> None:
    if errors not in ("raise", "ignore"):
        raise InvalidValue(f"errors has to be 'raise' or 'ignore', not {errors!r}")


def _renamed(names: Sequence[str], mapping: Mapping[str, str] | Callable[[str], str] | None, errors: str) -> list[str]:
    if mapping is None:
        return list(names)
    if callable(mapping):
        return [checked_name(mapping(name)) for name in names]
    unknown = [name for name in mapping if name not in names]
    if unknown and errors == "raise":
        raise ColumnNotFound(f"there is no column {unknown[0]!r} to rename", hint=near(str(unknown[0]), names))
    return [checked_name(mapping.get(name, name)) for name in names]
