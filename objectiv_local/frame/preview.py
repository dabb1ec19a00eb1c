"""Notebook display of frames: their columns, their origin, and their first rows."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from objectiv_local.engines.waiting import Unanswered
from objectiv_local.errors import ObjectivError
from objectiv_local.frame.display import SHOWN
from objectiv_local.preferences import options

if TYPE_CHECKING:
    import pyarrow

    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.state import State

#: The number of rows of a preview, and the seconds that it may take.
ROWS, SECONDS = 5, 1.0
_LONGEST = 60
_NUMBERS = ("int64", "float64", "decimal", "timedelta")

#: Small, and readable in light and dark themes: colors are those of the JupyterLab theme, or mixed from the text color. The
#: class is repeated to give the rules a higher specificity than the notebook's own table styles.
STYLE = """\
.objectiv { font-size: 12px; line-height: 1.4; color: var(--jp-content-font-color1, inherit); max-width: 100%; margin: .3em 0 }
.objectiv.objectiv p { margin: .2em 0 }
.objectiv .quiet, .objectiv small { color: color-mix(in srgb, currentColor 72%, transparent) }
.objectiv .scroll { overflow-x: auto; margin: .4em 0 }
.objectiv.objectiv table { border-collapse: collapse; border: 0; margin: 0; font-size: 12px }
.objectiv.objectiv table :is(th, td) { padding: .2em 1em .2em 0; border: 0; background: none; text-align: left;
  vertical-align: top; white-space: pre; unicode-bidi: isolate; max-width: none }
.objectiv.objectiv table tr { background: none }
.objectiv.objectiv table th { font-weight: 600 }
.objectiv.objectiv table small { display: block; font-weight: 400; font-size: 11px }
.objectiv.objectiv table thead th { border-bottom: 1px solid var(--jp-border-color1, currentColor) }
.objectiv.objectiv table tbody tr + tr > * { border-top: 1px solid var(--jp-border-color3, rgba(128, 128, 128, .25)) }
.objectiv.objectiv table .number { text-align: right; font-variant-numeric: tabular-nums }
.objectiv .missing { color: color-mix(in srgb, currentColor 60%, transparent); font-style: italic }
.objectiv.objectiv details { margin: .2em 0 }
.objectiv.objectiv ul { margin: .2em 0; padding-left: 1.4em }
"""


def frame_html(frame: DataFrame, title: str = "", about: Sequence[str] = (), kind: str = "DataFrame") -> str:
    """Return the columns, the origin and the first rows of a frame as HTML, from a query that takes at most a second.

    ``title`` and the sentences ``about`` describe an analysis; ``kind`` is the name of the class.
    """
    state = frame._state
    where = state.engine.description if state.engine is not None else f"not connected, {state.dialect}"
    count = len(frame.columns)
    facts = [f"{count} column{'' if count == 1 else 's'}", "sorted" if state.order else "not sorted", where]
    if state.groups is not None:
        facts.insert(2, f"grouped by {state.groups.title}")
    columns = [
        *((name, dtype, True) for name, dtype in frame.index_dtypes.items()),
        *((name, dtype, False) for name, dtype in frame.dtypes.items()),
    ]
    rows, note = _first_rows(state, [name for name, *_ in columns[:SHOWN]])
    more = [] if len(columns) <= SHOWN else [f"{len(columns) - SHOWN} more columns"]
    table = _listed(columns[:SHOWN]) if rows is None else _rows(columns[:SHOWN], rows)
    return box(title or kind, facts, table, [*more, *note, *state.notes], about)


def box(title: str, facts: Iterable[str], table: str, notes: Iterable[str], about: Sequence[str] = ()) -> str:
    """Return the HTML of an object: its title, facts on one line, an HTML table, notes, and sentences to unfold."""
    parts = [f'<p><b>{escape(title)}</b> <span class="quiet">{escape(" · ".join(facts))}</span></p>']
    if about:
        listed = "".join(f"<li>{escape(sentence)}</li>" for sentence in about)
        parts.append(f"<details><summary>Definition</summary><ul>{listed}</ul></details>")
    if table:
        parts.append(f'<div class="scroll">{table}</div>')
    parts += [f'<p class="quiet">{escape(note)}</p>' for note in notes]
    return f'<div class="objectiv"><style>{STYLE}</style>{"".join(parts)}</div>'


def names_and_values(pairs: Iterable[tuple[str, str]]) -> str:
    """Return an HTML table of names and values."""
    rows = "".join(f"<tr><th>{_shortened(name)}</th><td>{_shortened(value)}</td></tr>" for name, value in pairs)
    return f"<table><tbody>{rows}</tbody></table>"


def _first_rows(state: State, names: Sequence[str]) -> tuple[pyarrow.Table | None, list[str]]:
    """Return the first rows if they can be fetched, and notes about them or about why they are missing."""
    engine = state.engine
    briefly = getattr(engine, "briefly", None)
    if engine is None or options.preview is False or briefly is None:
        return None, []
    if state.groups is not None:
        return None, ["no preview before an aggregate, such as .sum()"]
    if options.preview is None and not getattr(engine, "is_local", False):
        return None, ["to show the first rows here, set objectiv_local.options.preview = True"]

    def fetch() -> pyarrow.Table:
        with state.running(names, ROWS) as run:
            return engine.arrow(run.statement.sql, run.statement.schema)

    try:
        rows: pyarrow.Table = briefly(fetch, SECONDS)
    except Unanswered as reason:
        is_late = str(reason).startswith("stopped")
        return None, [f"preview {reason}; head() fetches the rows" if is_late else f"no preview: {reason}"]
    except ObjectivError as error:
        return None, [f"no preview: {' '.join(error.what.split())}"[:300]]
    except Exception as error:
        # A display must not fail; fetching the frame raises the error.
        return None, [f"no preview: {type(error).__name__}: {' '.join(str(error).split())}"[:300]]
    return rows, [_counted(rows.num_rows)]


def _counted(count: int) -> str:
    if count < 2:
        return "1 row" if count else "no rows"
    return f"the first {ROWS} rows" if count == ROWS else f"all {count} rows"


def _listed(columns: Sequence[tuple[str, str, bool]]) -> str:
    return names_and_values((name, f"{dtype}, index" if is_index else dtype) for name, dtype, is_index in columns)


def _rows(columns: Sequence[tuple[str, str, bool]], rows: pyarrow.Table) -> str:
    marks = [' class="number"' if dtype.partition("(")[0] in _NUMBERS else "" for _, dtype, _ in columns]
    head = "".join(
        f"<th{mark}>{_shortened(name)}<small>{_shortened(dtype)}{', index' if is_index else ''}</small></th>"
        for mark, (name, dtype, is_index) in zip(marks, columns, strict=True)
    )
    body = []
    for row in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        cells = (
            f"<t{'h' if is_index else 'd'}{mark}>{_cell(value)}</t{'h' if is_index else 'd'}>"
            for mark, (*_, is_index), value in zip(marks, columns, row, strict=True)
        )
        body.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return '<span class="missing">missing</span>'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return escape(f"{value:.10g}")
    if isinstance(value, datetime.datetime):
        return escape(value.isoformat(sep=" "))
    if isinstance(value, int | decimal.Decimal | uuid.UUID | datetime.date | datetime.time | datetime.timedelta):
        return escape(str(value))
    return _shortened(str(value))


def _shortened(text: str) -> str:
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    # Line breaks and other control characters are escaped as in Python, so that a row stays on one line.
    return escape("".join(each if each.isprintable() else repr(each)[1:-1] for each in shown))
