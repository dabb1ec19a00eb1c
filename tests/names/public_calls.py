"""Every public call of the package, found by inspection, with arguments for which it works."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl  # noqa: F401 - for the arguments
import pyarrow as pa  # noqa: F401 - for the arguments
from names import test_hub, test_names

import objectiv_local
import objectiv_local.sample
from objectiv_local import DataFrame, ModelHub, Series, connect
from objectiv_local.plan.ops import OPS

#: Packages whose classes and functions users call. What is below plans, dialects and statements is inside.
PACKAGES = ("frame", "hub")
#: Public classes of these packages that hold no call for users: values, and what is on its way to one.
INSIDE = {
    "State",
    "Groups",
    "Running",
    "Stored",
    "AggregateArguments",
    "ChartRequest",
    "FunnelRequest",
    "Made",
    "Reduction",
    "Named",
    "Savepoint",
    "GeneratedSqlStatement",
    "CreatedObject",
    "DefinedVariable",
    "SeriesAggregates",
    "Metabase",
    "Quantified",
    "SeriesDtypes",
    "SeriesReductions",
    "SeriesWindows",
    "Reductions",
    "Export",
    "SeriesMoment",
    "GlobalContext",
    "Settings",
    "Schema",
    "Table",
    "WithSettings",
    "Rows",
    "Span",
    "RowWise",
    "OneValue",
    "Offers",
    "Accessor",
    "Person",
    "Scope",
    "Definition",
    "Condition",
    "Steps",
    "Exclusion",
    "Overlaps",
    "Rules",
    "Sequences",
    "Adjusted",
    "Adoption",
    "Changes",
    "Journeys",
    "Exposures",
    "Moments",
    "Group",
    "Comparison",
    "Total",
    "Metric",
    "Observed",
    "Cells",
    "UserValues",
    "Orders",
    "Rule",
    "Did",
    "InOrder",
    "Was",
    "Among",
    "All",
    "Either",
    "Not",
    "SQL",
}
#: Methods that Python calls, with values that a test cannot choose; operators and indexing are calls of users.
BY_PYTHON = {
    "__init__",
    "__init_subclass__",
    "__class_getitem__",
    "__getattr__",
    "__setattr__",
    "__array__",
    "__subclasshook__",
    "__eq__ of DataFrame",
    "__contains__",
    "__array_ufunc__",
}


class Scope(dict[str, Any]):
    """The objects that calls are tried on, made when first asked for."""

    def __missing__(self, name: str) -> Any:
        hub = test_hub.scope("duckdb")
        if name in ("hub", "events", "paths", "features", "labels", "target", "table"):
            found = hub["df" if name == "events" else name]
        else:
            found = eval(MADE[name], globals(), self)
        self[name] = found
        return found


MADE = {
    "engine": "test_names.engine('duckdb')",
    "df": "test_names.frame('duckdb')",
    "small": "df[['v', 'x']]",
    "other": "DataFrame.from_pandas(engine, pd.DataFrame({'v': [1, 2], 'w': [0.5, 1.5]}))",
    "two": "df.set_index('g', append=True)[['v']]",
    "groups": "df[['g', 'v', 'x']].groupby('g')",
    "window": "small.window()",
    "span": "(df.t - df.t.min()).rename('span')",
    "intervals": "df.v.cut(2)",
    "lists": "df.s.str.split('-')",
    "structs": "Series.from_value(df, {'a': 1}, dtype='dict[\"a\": int64]')",
    "flag": "small.assign(flag=small.v > 1).flag",
    "points": "test_names.saved(df)",
    "side": "sides()",
    "given": "{}",
}


def sides() -> Any:
    kept = []
    df = test_names.frame("duckdb")[["v"]]
    df.merge(df, on=lambda left, right: kept.append(left) or left.v == right.v)
    return kept[0]


def writable() -> DataFrame:
    return DataFrame.from_pandas(connect(duckdb.connect(), read_only=False), pd.DataFrame({"v": [1, 2]}))


#: An object of each class of users, as an expression over a scope.
OBJECTS = {
    "DataFrame": "small.copy()",
    "LocIndexer": "small.copy().loc",
    "Window": "window",
    "SeriesWindow": "window['v']",
    "Plot": "df[['v', 'x']].plot",
    "Savepoints": "test_names.saved(df)",
    "Side": "side",
    "Series": "df.v",
    "SeriesNumeric": "df.v",
    "SeriesInt64": "df.v",
    "SeriesFloat64": "df.x",
    "SeriesDecimal": "df.v.astype('decimal(38, 2)')",
    "SeriesBoolean": "flag",
    "SeriesNumericInterval": "intervals",
    "SeriesString": "df.s",
    "StringOperation": "df.s.str",
    "SeriesDate": "df.d",
    "SeriesTime": "df.t.dt.time",
    "SeriesTimestamp": "df.t",
    "DateTimeOperation": "df.t.dt",
    "SeriesTimedelta": "span",
    "TimedeltaOperation": "span.dt",
    "SeriesJson": "df.j",
    "JsonAccessor": "df.j.json",
    "SeriesList": "lists",
    "ListAccessor": "lists.elements",
    "SeriesDict": "structs",
    "DictAccessor": "structs.elements",
    "SeriesUuid": "df.u",
    "ModelHub": "hub",
    "Map": "hub.map",
    "Aggregate": "hub.agg",
    "FunnelDiscovery": "hub.get_funnel_discovery()",
    "SeriesLocationStack": "events.location_stack",
    "LocationStack": "events.location_stack.ls",
    "SeriesGlobalContext": "events.application",
    "SeriesGlobalContexts": "everything().global_contexts",
    "GlobalContexts": "everything().global_contexts.gc",
    "Analysis": "hub.trend(events, breakdown='event_type')",
    "Quality": "hub.quality(events)",
    "Metrics": "metrics()",
    "Paths": "hub.paths(events)",
    "Cohort": "hub.cohort(events, 'PressEvent')",
    "Sessions": "hub.sessions(events)",
    "Retention": "hub.retention(events)",
    "Rfm": "hub.rfm(events, 'session_hit_number')",
    "Experiment": "experiment()",
    "Fetched": "hub.impact(events, 'PressEvent')",
    "BinaryLogisticRegression": "hub.get_logistic_regression().fit(features, labels)",
}


def metrics_file() -> Any:
    path = Path(tempfile.mkdtemp()) / "metrics.yml"
    path.write_text("users: {analysis: trend}", "utf-8")
    return path


def cohort_file() -> Any:
    path = Path(tempfile.mkdtemp()) / "cohort.json"
    scope = test_hub.scope("duckdb")
    scope["hub"].cohort(scope["df"], "PressEvent").save(path)
    return path


def metrics() -> Any:
    return ModelHub().metrics(metrics_file())


def halves(data: DataFrame) -> Series:
    """Return whether the user of each event is the first of all, as variants of an experiment."""
    first = data.groupby("user_id").moment.transform("min")
    return (first == data.moment.min()).astype("string").rename("half")


def experiment() -> Any:
    scope = test_hub.scope("duckdb")
    return scope["hub"].experiment(scope["df"], "PressEvent", halves, "SuccessEvent", control="true")


@cache
def _written() -> str:
    path = tempfile.mkdtemp()
    DataFrame.from_parquet(objectiv_local.sample.path(), index="event_id", columns=["moment"]).snapshot(path)
    return path


def published() -> str:
    """Return the directory of a snapshot, which the call may change."""
    return shutil.copytree(_written(), Path(tempfile.mkdtemp(dir=".")) / "snapshot").as_posix()


def sound() -> DataFrame:
    """Return events that nothing is wrong with."""
    return test_hub.scope("duckdb")["df"][["moment", "user_id", "event_type"]]


def everything() -> Any:
    return test_hub.scope("duckdb")["everything"]


#: A value for each required parameter, by its name, or by its call and name.
REQUIRED = {
    "by": "'g'",
    "key": "'v'",
    "name": "'some'",
    "value": "1",
    "expr": "'v > 1'",
    "keys": "'g'",
    "columns": "'v'",
    "n": "2",
    "window": "2",
    "dtype": "'string'",
    "other": "1",
    "right": "df[['v']]",
    "func": "'sum'",
    "mapping": "{1: 2}",
    "condition": "df.v > 1",
    "values": "[1, 2]",
    "left": "1",
    "to_replace": "1",
    "bins": "2",
    "q": "2",
    "pat": "'x'",
    "sub": "'x'",
    "others": "'x'",
    "repeats": "2",
    "width": "4",
    "i": "0",
    "format_str": "'%Y'",
    "date_part": "'day'",
    "tz": "'Asia/Tokyo'",
    "base": "df",
    "total_seconds": "df.v",
    "dialect": "'duckdb'",
    "item": "'x'",
    "engine": "engine",
    "table_name": "'bach_names'",
    "table": "pa.table({'a': [1]})",
    "df": "df",
    "schema": "{'a': 'int64'}",
    "model": "'SELECT 1 AS a'",
    "path": "target",
    "savepoint_name": "'some'",
    "materialization": "'table'",
    "data": "events",
    "steps": "2",
    "steps_df": "paths",
    "events": "events",
    "X": "features",
    "y": "labels",
    "objs": "[df, df]",
    "obj": "df",
    "target": "target",
    "context_type": "'LinkContext'",
    "key_": "'id'",
}
#: The same for every other required parameter, by its annotation.
BY_ANNOTATION = {"str": "'x'", "int": "2", "float": "0.5", "bool": "True"}
#: The same for calls of their own: the arguments that differ, and as ``self`` the object.
CALLS: dict[str, dict[str, str]] = {
    "DataFrame.agg": {"func": "'sum'"},
    "DataFrame.aggregate": {"func": "'sum'"},
    "DataFrame.all": {"self": "flag.to_frame()"},
    "DataFrame.any": {"self": "flag.to_frame()"},
    "DataFrame.append": {"other": "small"},
    "DataFrame.bfill": {"self": "small"},
    "DataFrame.database_create_table": {"self": "writable()", "table_name": "'written'", "if_exists": "'replace'"},
    "DataFrame.create_view": {"self": "writable()", "name": "'seen'"},
    "Analysis.create_view": {
        "self": "hub.trend(writable().assign(moment=pd.Timestamp('2024-01-01'), user_id='a'))",
        "name": "'seen'",
    },
    "DataFrame.to_dbt": {"self": "small", "path": "tempfile.mkdtemp()"},
    "Analysis.to_dbt": {"path": "tempfile.mkdtemp()"},
    "DataFrame.drop": {"columns": "'v'"},
    "DataFrame.fillna": {"value": "1"},
    "DataFrame.from_pandas": {"df": "pd.DataFrame({'a': [1]})"},
    "DataFrame.from_polars": {"df": "pl.DataFrame({'a': [1]})"},
    "DataFrame.from_model": {"engine": "engine"},
    "DataFrame.get_dummies": {"self": "df[['g', 'v']]"},
    "DataFrame.get_sample": {"self": "writable()", "sample_percentage": "50"},
    "DataFrame.get_unsampled": {"self": "small.get_sample(sample_percentage=50)"},
    "DataFrame.set_variable": {"self": "small.create_variable('some', 2)[0]"},
    "DataFrame.unstack": {"self": "two"},
    "DataFrame.rename": {"columns": "{'v': 'w'}"},
    "DataFrame.set_index": {"keys": "'v'"},
    "DataFrame.value_counts": {"subset": "'v'"},
    "DataFrame.__setitem__": {"key": "'v'"},
    "DataFrame.sort_values": {"self": "df"},
    "DataFrame.groupby": {"self": "df", "by": "'g'"},
    "DataFrame.cube": {"self": "df"},
    "DataFrame.rollup": {"self": "df"},
    "DataFrame.query": {"self": "small"},
    "DataFrame.plot": {"self": "small"},
    "Plot.scatter": {"self": "df[['v']].plot"},
    "LocIndexer.__getitem__": {"key": "1"},
    "LocIndexer.__setitem__": {"key": "(1, 'v')"},
    "Side.__getitem__": {"name": "'v'"},
    "Savepoints.add_savepoint": {"name": "'another'", "df": "small"},
    "Savepoints.get_materialized_df": {"self": "test_names.written(df)"},
    "Savepoints.write_to_db": {"overwrite": "True"},
    **{
        f"Series.{name}": {"self": "flag", "other": "True"}
        for name in ("__and__", "__or__", "__xor__", "__rand__", "__ror__", "__rxor__")
    },
    "Series.__invert__": {"self": "flag"},
    "Series.all": {"self": "flag"},
    "Series.any": {"self": "flag"},
    **{f"Series.{name}": {"self": "df.v.sum()"} for name in ("__int__", "__float__", "__bool__", "item")},
    "Series.__format__": {"self": "df.v.sum()", "spec": "'.2f'"},
    "SeriesInt64.__index__": {"self": "df.v.sum()"},
    "Series.corr": {"other": "df.x"},
    "SeriesList.explode": {"self": "lists"},
    "DataFrame.explode": {"self": "df.assign(parts=lists)", "column": "'parts'"},
    "DataFrame.corr": {"self": "small"},
    "DataFrame.pivot_table": {"self": "df", "values": "'v'", "index": "'d'", "columns": "'g'"},
    "DataFrame.rank": {"self": "small"},
    **{f"DataFrame.{name}": {"self": "small"} for name in ("shift", "diff", "pct_change", "cumsum", "cummax", "cummin")},
    "DataFrame.transform": {"self": "groups", "func": "'sum'"},
    "Series.__getitem__": {"key": "1"},
    "Series.append": {"other": "df.v"},
    "Series.between": {"right": "2"},
    "Series.sort_by_series": {"by": "df.x"},
    "Series.unstack": {"self": "two.v"},
    "Series.agg": {"func": "'sum'"},
    "Series.transform": {"self": "groups.v", "func": "'sum'"},
    **{
        f"Series.window_{name}": {"window": "window"}
        for name in (
            "cume_dist",
            "dense_rank",
            "first_value",
            "lag",
            "last_value",
            "lead",
            "nth_value",
            "ntile",
            "percent_rank",
            "rank",
            "row_number",
        )
    },
    "ListAccessor.__getitem__": {"key": "0"},
    "DictAccessor.__getitem__": {"key": "'a'"},
    "SeriesDict.__getitem__": {"key": "'a'"},
    "SeriesNumericInterval.from_value": {"value": "{'lower': 0, 'upper': 1, 'bounds': '(]'}"},
    "SeriesString.__add__": {"other": "'x'"},
    "SeriesString.__radd__": {"other": "'x'"},
    "StringOperation.__getitem__": {"key": "0"},
    "StringOperation.extract": {"pat": "'(x)'"},
    "StringOperation.replace": {"repl": "'y'"},
    "StringOperation.cat": {"others": "'x'"},
    "JsonAccessor.get_value": {"key": "'a'"},
    "JsonAccessor.__getitem__": {"key": "0"},
    "Window.agg": {"func": "'sum'"},
    "Window.aggregate": {"func": "'sum'"},
    "Window.all": {"self": "flag.to_frame().window()"},
    "Window.any": {"self": "flag.to_frame().window()"},
    "SeriesWindow.agg": {"func": "'sum'"},
    "SeriesWindow.aggregate": {"func": "'sum'"},
    "SeriesWindow.all": {"self": "flag.to_frame().window()['flag']"},
    "SeriesWindow.any": {"self": "flag.to_frame().window()['flag']"},
    **{
        f"{name}.get_from_context_with_type_series": {"type": "'LinkContext'", "key": "'id'"}
        for name in ("LocationStack", "GlobalContexts")
    },
    "Aggregate.top_product_features_before_conversion": {"name": "'bought'"},
    **{
        f"Map.{name}": {"name": "'bought'"}
        for name in ("conversions_counter", "conversions_in_time", "is_conversion_event", "pre_conversion_hit_number")
    },
    "ModelHub.add_conversion_event": {"self": "ModelHub()", "event_type": "'PressEvent'"},
    "ModelHub.events": {"source": "target", "table_name": "table"},
    **{
        f"ModelHub.{name}": {"data": "events.assign(browser='b')", "device": "'browser'"}
        for name in ("resolve_identity", "identity_map")
    },
    "ModelHub.sessionize": {"data": "events.drop(columns=['session_id', 'session_hit_number'])"},
    "ModelHub.get_objectiv_dataframe": {"db_url": "target", "table_name": "table"},
    "ModelHub.visualize_location_stack": {"show": "False", "return_df": "True"},
    "FunnelDiscovery.plot_sankey_diagram": {"show": "False"},
    "ModelHub.from_spec": {"spec": "{'analysis': 'trend'}"},
    "ModelHub.metrics": {"path": "metrics_file()"},
    **{f"Metrics.{name}": {"key": "'users'", "name": "'users'"} for name in ("__getitem__", "spec")},
    "Analysis.__getitem__": {"key": "'value'"},
    "ModelHub.funnel": {"steps": "['PressEvent']"},
    "ModelHub.attribution": {"conversion": "'PressEvent'", "touch": "'event_type'"},
    "ModelHub.experiment": {"exposure": "'PressEvent'", "variant": "halves", "metric": "'PressEvent'", "control": "'true'"},
    "ModelHub.impact": {"conversion": "'PressEvent'"},
    "ModelHub.rfm": {"value": "'session_hit_number'"},
    "ModelHub.cohort": {"rules": "['PressEvent']"},
    "ModelHub.read_cohort": {"path": "cohort_file()"},
    "Cohort.save": {"path": "'written'"},
    "was": {"column": "'country'", "values": "'NL'"},
    "among": {"users": "df"},
    "did": {"event": "'buy'"},
    "did_not": {"event": "'buy'"},
    "did_in_order": {"events": "'view'"},
    "ModelHub.drivers": {"from_step": "'PressEvent'", "to_step": "'SuccessEvent'"},
    "Analysis.plot": {"self": "hub.trend(events)"},
    "Quality.raise_on": {"self": "hub.quality(sound())"},
    "connect": {"target": "target"},
    **{f"DataFrame.{name}": {"path": "'written'", "self": "df[['v', 's']]"} for name in ("to_parquet", "to_csv", "to_json")},
    **{f"snapshot.{name}": {"path": "published()"} for name in ("open", "refresh", "info", "verify", "is_snapshot")},
    "snapshot.write": {"frame": "df[['v', 's']]", "path": "'local'"},
    "DataFrame.snapshot": {"path": "'local'", "self": "df[['v', 's']]"},
    "to_datetime": {"arg": "df.v", "unit": "'s'"},
    "charts.svg": {"chart": "small.plot()"},
    "charts.side_by_side": {"charts": "small.plot()"},
}
#: Calls that raise whatever they are given, as their docstrings say.
RAISING = {
    "DataFrame.__bool__",
    "Series.__iter__",
    "Series.random",
    "Map.conversion_count",
    "ModelHub.to_metabase",
    *(
        f"{owner}.{name}"
        for owner in ("Window", "SeriesWindow")
        for name in ("median", *OPS)
        if name == "median" or not OPS[name].windowed
    ),
}


@dataclass(frozen=True)
class PublicCall:
    """A public function, or a method of a class, with an object to call it on."""

    name: str
    owner: str
    function: Callable[..., Any]

    @property
    def parameters(self) -> list[inspect.Parameter]:
        every = list(inspect.signature(self.function).parameters.values())
        return every[1:] if self.owner else every

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Return arguments for which the call works."""
        own = CALLS.get(self.name, {})
        found: dict[str, Any] = {}
        for each in self.parameters:
            if each.name in own:
                found[each.name] = eval(own[each.name], globals(), scope)
            elif each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
                found[each.name] = eval(REQUIRED.get(each.name) or BY_ANNOTATION[each.annotation], globals(), scope)
        return found

    def call(self, scope: Scope, arguments: dict[str, Any]) -> Any:
        """Return what the call returns."""
        target = self.function
        if self.owner:
            thing = CALLS.get(self.name, {}).get("self", OBJECTS[self.owner])
            target = getattr(eval(thing, globals(), scope), self.name.rpartition(".")[2])
        positional: list[Any] = []
        named: dict[str, Any] = {}
        variadic = any(each.kind is each.VAR_POSITIONAL and each.name in arguments for each in self.parameters)
        for each in self.parameters:
            if each.name not in arguments:
                continue
            value = arguments[each.name]
            if each.kind is each.VAR_POSITIONAL or (variadic and each.kind is each.POSITIONAL_OR_KEYWORD):
                positional.append(value)
            elif each.kind is each.VAR_KEYWORD:
                named |= value if isinstance(value, dict) else {"nope": value}
            else:
                named[each.name] = value
        return target(*positional, **named)


def classes() -> dict[str, type]:
    """Return the public classes of the packages of users, by name."""
    found = {}
    for package in PACKAGES:
        root = importlib.import_module(f"objectiv_local.{package}")
        for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
            members = vars(importlib.import_module(module.name)).items()
            found |= {
                name: value
                for name, value in members
                if inspect.isclass(value) and value.__module__ == module.name and not name.startswith("_")
            }
    return found


def public_calls() -> list[PublicCall]:
    """Return every public call, each method once: for the class that defines it, or the first one that has it."""
    found = []
    for name, class_ in classes().items():
        if name in INSIDE:
            continue
        bases = [base for base in class_.__mro__[1:] if base.__name__ in OBJECTS]
        for method in dir(class_):
            member = inspect.getattr_static(class_, method)
            inherited = any(inspect.getattr_static(base, method, None) is member for base in bases)
            function = member.__func__ if isinstance(member, classmethod) else member
            if (
                inherited
                or not inspect.isfunction(function)
                or method in BY_PYTHON
                or f"{method} of {name}" in BY_PYTHON
                or (method.startswith("_") and not method.startswith("__"))
            ):
                continue
            found.append(PublicCall(f"{name}.{method}", name, function))
    for name in objectiv_local.__all__:
        value = getattr(objectiv_local, name)
        if inspect.isfunction(value):
            found.append(PublicCall(name, "", value))
        elif inspect.ismodule(value):
            found += [
                PublicCall(f"{name}.{each}", "", getattr(value, each))
                for each in value.__all__
                if inspect.isfunction(getattr(value, each))
            ]
    return found
