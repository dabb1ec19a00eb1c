"""Product analytics on event data: a lazy, pandas-like frame over DuckDB, Postgres and Spark, and a model hub on top.

>>> import objectiv_local as ol
>>> hub = ol.ModelHub(time_aggregation="%Y-%m-%d")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from objectiv_local import charts, snapshot
    from objectiv_local.engines import Engine, connect
    from objectiv_local.errors import ObjectivError
    from objectiv_local.frame import (
        DataFrame,
        Series,
        concat,
        display_sql_as_markdown,
        from_model,
        from_pandas,
        from_table,
        to_datetime,
    )
    from objectiv_local.hub import ModelHub
    from objectiv_local.hub.analyses.cohort_rules import among, did, did_in_order, did_not, was
    from objectiv_local.preferences import options

__version__ = "0.1.0"
__all__ = [
    "DataFrame",
    "Engine",
    "ModelHub",
    "ObjectivError",
    "Series",
    "among",
    "charts",
    "concat",
    "connect",
    "did",
    "did_in_order",
    "did_not",
    "display_sql_as_markdown",
    "from_model",
    "from_pandas",
    "from_table",
    "options",
    "snapshot",
    "to_datetime",
    "was",
]

# Loaded on first use, so that importing the package costs little.
_HOMES = {
    "DataFrame": "objectiv_local.frame",
    "Engine": "objectiv_local.engines",
    "ModelHub": "objectiv_local.hub",
    "ObjectivError": "objectiv_local.errors",
    "Series": "objectiv_local.frame",
    "among": "objectiv_local.hub.analyses.cohort_rules",
    "charts": "objectiv_local.charts",
    "concat": "objectiv_local.frame",
    "connect": "objectiv_local.engines",
    "did": "objectiv_local.hub.analyses.cohort_rules",
    "did_in_order": "objectiv_local.hub.analyses.cohort_rules",
    "did_not": "objectiv_local.hub.analyses.cohort_rules",
    "display_sql_as_markdown": "objectiv_local.frame",
    "from_model": "objectiv_local.frame",
    "from_pandas": "objectiv_local.frame",
    "from_table": "objectiv_local.frame",
    "options": "objectiv_local.preferences",
    "snapshot": "objectiv_local.snapshot",
    "to_datetime": "objectiv_local.frame",
    "was": "objectiv_local.hub.analyses.cohort_rules",
}
#: What to write in place of functions of pandas.
_PANDAS = {
    "read_csv read_json read_parquet read_feather read_table": (
        "write engine = ol.connect('clicks.csv') and df = ol.from_table(engine, engine.default_table)"
    ),
    "read_sql read_sql_table read_sql_query": (
        "use ol.from_table('postgresql://...', 'name') or ol.from_model(engine, 'SELECT ...')"
    ),
    "merge merge_asof merge_ordered pivot_table pivot get_dummies melt crosstab": (
        "frames have methods: df.merge(other), df.pivot_table(...), df.get_dummies(...)"
    ),
    "cut qcut isna isnull notna notnull unique value_counts": "series have methods: series.cut(...), series.isna()",
    "date_range NA NaT NaN Timestamp Timedelta Interval": "use pandas or datetime: their values are taken",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        from objectiv_local.errors import AttributeNotFound, near

        hint = None if name.startswith("_") else next((text for names, text in _PANDAS.items() if name in names.split()), None)
        raise AttributeNotFound(
            f"module 'objectiv_local' has no attribute {name!r}",
            hint=hint or (near(name, _HOMES) if not name.startswith("_") else None),
        )
    module = import_module(home)
    value: object = module if home == f"{__name__}.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
