"""The source of an event frame: a frame, or a table of a connection."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from objectiv_local import sample
from objectiv_local.engines import Engine, connect
from objectiv_local.errors import InvalidValue, TableNotFound
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Source, frame_of, state_of

logger = logging.getLogger("objectiv_local")

DEFAULT_TABLE = "data"


def raw_frame(source: object, table_name: str | None, dtypes: Mapping[str, object] | None = None) -> tuple[DataFrame, str]:
    """Return the rows of the source, with all columns as data columns, and a title for messages.

    Raises InvalidValue if there are several tables and ``table_name`` is not given, and TableNotFound.
    """
    if isinstance(source, DataFrame):
        if table_name is not None:
            raise InvalidValue(
                "table_name is for a source with tables, and this source is a frame", hint="leave table_name out"
            )
        state = state_of(source).rows("an event frame")
        if dtypes:
            raise InvalidValue(
                "dtypes is for a source with stored columns, and this source is a frame",
                hint="cast its columns, as in frame.astype({'amount': 'decimal(18, 2)'})",
            )
        frame = frame_of(state.with_rows(state.plan, ()), [*source.index_columns, *source.data_columns])
        plan = state.plan
        return frame, plan.relation.title if isinstance(plan, Source) else "the frame"
    engine = connected(source)
    name = _only_table(engine) if table_name is None else table_name
    frame = DataFrame.from_table(engine, name, dtypes=dtypes)
    state = state_of(frame)
    plan = state.plan
    # With casts, the plan is a step on top of the table.
    title = plan.relation.title if isinstance(plan, Source) else name
    if isinstance(plan, Source):
        state = state.with_plan(
            Source(plan.relation, plan.columns, plan.key, plan.connection, "events", plan.row_id, plan.stored)
        )
    return frame_of(state, frame.data_columns), title


def _only_table(engine: Engine) -> str:
    if engine.default_table is not None:
        return engine.default_table
    tables = engine.tables()
    if len(tables) == 1:
        return tables[0]
    if not tables:
        raise TableNotFound(f"{engine.description} has no tables", hint="use another source")
    some = ", ".join(tables[:20]) + (f" and {len(tables) - 20} more" if len(tables) > 20 else "")
    raise InvalidValue(
        f"{engine.description} has {len(tables)} tables, and table_name does not select one",
        hint=f"pass table_name=..., one of {some}",
    )


def connected(source: object) -> Engine:
    """Return the connection to the given source, else to ``DSN``, else to the bundled sample, with a notice."""
    if source is not None:
        return connect(source)
    if os.environ.get("DSN"):
        return connect(os.environ["DSN"])
    logger.warning("no source given and DSN is not set: reading the bundled sample data")
    return connect(sample.path())
