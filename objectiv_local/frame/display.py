"""Display of frames and SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

#: Maximum number of columns in a repr.
SHOWN = 40


def frame_repr(frame: DataFrame) -> str:
    """Return a description of the frame without running a query: the columns with their types, the order, the connection."""
    state = frame._state
    where = state.engine.description if state.engine is not None else f"not connected, {state.dialect}"
    pairs = [(name, f"{dtype} (index)") for name, dtype in frame.index_dtypes.items()] + list(frame.dtypes.items())
    width = max((len(name) for name, _ in pairs[:SHOWN]), default=0)
    lines = [f"  {name:<{width}}  {dtype}" for name, dtype in pairs[:SHOWN]]
    if len(pairs) > SHOWN:
        lines.append(f"  and {len(pairs) - SHOWN} more columns")
    ordered = "sorted" if state.order else "not sorted"
    if state.groups is not None:
        ordered += f", grouped by {state.groups.title}"
    return "\n".join([f"<DataFrame, {len(frame.columns)} columns, {ordered}; {where}>", *lines, *state.notes])


@checked
def display_sql_as_markdown(obj: Any) -> Any:
    """Show the SQL of a frame or series: as Markdown in a notebook, otherwise printed.

    Returns the IPython display object, or None if IPython is not installed.
    """
    view_sql = getattr(obj, "view_sql", None)
    if view_sql is None:
        raise InvalidType(f"{type(obj).__name__} has no SQL", hint="pass a DataFrame or a Series")
    sql = view_sql()
    try:
        from IPython import get_ipython
        from IPython.display import Markdown
    except ImportError:
        print(sql)  # noqa: T201 - printing is the purpose
        return None
    if get_ipython() is None:
        print(sql)  # noqa: T201 - printing is the purpose
        return None
    return Markdown(f"```sql\n{sql}\n```")  # type: ignore[no-untyped-call]
