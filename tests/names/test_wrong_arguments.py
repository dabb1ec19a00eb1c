"""Every public call with wrong arguments of every kind: each raises an error of the package, or is listed here as right.

Calls are found by inspection, so a new one is tried without a line here. It needs arguments for which it works: those of
``public_calls.REQUIRED`` by the name of a parameter, or its own in ``public_calls.CALLS``.
"""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Iterator
from inspect import Parameter

import pandas as pd
import pytest
from names.ml_calls import ESTIMATORS, MlCall, MlScope, ml_calls
from names.public_calls import INSIDE, OBJECTS, RAISING, Scope, classes, public_calls
from sklearn.utils._param_validation import InvalidParameterError

from objectiv_local import DataFrame, Series, ml
from objectiv_local.errors import InvalidValue, ObjectivError
from objectiv_local.hub.analyses.base.analysis import Analysis

CALLS = [*public_calls(), *ml_calls()]
each_call = pytest.mark.parametrize("call", [pytest.param(call, id=call.name) for call in CALLS])

#: What is passed for each parameter in turn, by the name that the lists below use.
WRONG = {
    "None": lambda scope: None,
    "5": lambda scope: 5,
    "1.5": lambda scope: 1.5,
    "-1": lambda scope: -1,
    "large": lambda scope: 2**70,
    "nan": lambda scope: float("nan"),
    "True": lambda scope: True,
    "text": lambda scope: "nope",
    "empty": lambda scope: "",
    "surrogate": lambda scope: "\ud800",
    "bytes": lambda scope: b"x",
    "[]": lambda scope: [],
    "[[1]]": lambda scope: [[1]],
    "(1,2,3)": lambda scope: (1, 2, 3),
    "{}": lambda scope: {},
    "object": lambda scope: object(),
    "function": lambda scope: lambda *args, **options: None,
    "class": lambda scope: int,
    "series": lambda scope: scope["other"].v,
    "frame": lambda scope: scope["other"],
    "pandas": lambda scope: pd.Series([1, 2]),
}

NUMBERS = "5 1.5 -1 nan"
#: What parameters take beside what their annotations say exactly, by name.
TAKEN = {
    # any string, any whole number, any number from 0 or 1, and no names at all
    **dict.fromkeys(
        "prefix suffix prefix_sep node_name format_str repl sep root_location others sub event_type".split(), "text empty"
    ),
    **dict.fromkeys("name to_strip identity_resolution time_aggregation".split(), "text"),
    **dict.fromkeys("decimals periods i start stop width".split(), "5 -1"),
    **dict.fromkeys(
        ("batch_rows bins limit min_count min_periods min_values n n_examples num_buckets offset q steps window").split(), "5"
    ),
    **dict.fromkeys("index keys func by columns subset sort_by groupby percentiles exclude".split(), "[]"),
    # values beside a number, and series of any frame
    **dict.fromkeys("other left right lower upper value".split(), f"{NUMBERS} series"),
    **dict.fromkeys("default".split(), "5 -1"),
    "dtype": "class",
    "dtypes": "{}",
    # classes of a target
    "pos_label": "5 1.5 -1 nan True text empty",
    "labels": "[] (1,2,3) pandas",
    "n_bins": "5",
    "zero_division": "nan True",
    "n_splits": "5",
    "seed": "5 -1",
    "max_features": "5",
    "max_sql": "5 large",
    "output": "text",
    **dict.fromkeys("options named kwargs params name_to_column_mapping".split(), "{}"),
}
#: The same for parameters of one call, in place of the above.
TAKEN_BY = {
    "SeriesNumeric.cut bins": "5 (1,2,3) pandas",
    "to_datetime arg": "series",
    "DateTimeOperation.tz_localize ambiguous": "True",
    **{f"DataFrame.{name} path": "text" for name in ("to_parquet", "to_csv", "to_json", "snapshot")},
    "snapshot.write path": "text",
    "snapshot.is_snapshot path": "text empty",
    "snapshot.write frame": "frame",
    **{f"Series.__{name}__ other": "True" for name in ("and", "or", "xor", "rand", "ror", "rxor")},
    **{f"Series.__{name}__ other": "5 series" for name in ("lshift", "rshift")},
    **{f"SeriesTimedelta.__{name}__ other": "5 1.5 -1 series" for name in ("mul", "rmul", "truediv")},
    **{f"SeriesString.__{name}__ other": "text empty" for name in ("add", "radd")},
    **{f"{owner}.append other": "[]" for owner in ("DataFrame", "Series")},
    **{f"{owner}.from_value base": "series frame" for owner in ("Series", "SeriesNumericInterval")},
    **{f"{owner}.from_total_seconds total_seconds": "series" for owner in ("SeriesTimestamp", "SeriesTimedelta")},
    **{
        f"{owner}.get_from_context_with_type_series {name}": "text empty"
        for owner in ("LocationStack", "GlobalContexts")
        for name in ("type", "key")
    },
    **{f"{owner}.{name} level": "-1 []" for owner in ("DataFrame", "Series") for name in ("reset_index", "sort_index")},
    **{f"{owner}.unstack level": "-1" for owner in ("DataFrame", "Series")},
    **{f"{owner}.unstack fill_value": NUMBERS for owner in ("DataFrame", "Series")},
    **{f"StringOperation.{name} pat": "text empty" for name in "contains startswith endswith match fullmatch".split()},
    **{f"StringOperation.{name} pat": "text" for name in "count split".split()},
    "Series.__getitem__ key": "5 1.5 -1 nan",
    "SeriesJson.__getitem__ key": "5 1.5 -1 nan text empty",
    "SeriesDict.__getitem__ key": "5 1.5 -1 nan",
    **{f"ModelHub.{name} max_ids": "5 large" for name in ("resolve_identity", "identity_map")},
    "ModelHub.events properties": "[] {}",
    # event types, which the data need not have
    **{
        f"ModelHub.{name} where": "text empty"
        for name in "trend active_users stickiness lifecycle event_types properties".split()
    },
    **{f"ModelHub.{name} top": "5" for name in ("trend",)},
    **{f"ModelHub.paths {name}": "text empty" for name in ("start", "end", "where")},
    "ModelHub.paths top": "5",
    "Paths.transitions length": "5",
    **{f"ModelHub.drivers {name}": "text empty" for name in ("from_step", "to_step")},
    "ModelHub.drivers least": "5 large",
    "ModelHub.funnel hold": "[]",
    "ModelHub.funnel top": "5",
    **{
        f"ModelHub.{name}": "text empty"
        for name in (
            "attribution conversion",
            "experiment exposure",
            "experiment metric",
            "experiment covariate",
            "impact conversion",
            "rfm where",
        )
    },
    "ModelHub.attribution half_life": "5 1.5",
    "ModelHub.attribution weights": "(1,2,3)",
    "ModelHub.attribution direct": "text empty []",
    "ModelHub.experiment planned_users": "5 large",
    "ModelHub.impact least": "5 large",
    "ModelHub.impact days": "5",
    "ModelHub.impact top": "5",
    "ModelHub.rfm scores": "5",
    "Rfm.ltv days": "(1,2,3) pandas",
    "Experiment.power lift": "5 1.5 -1 large",
    "ModelHub.quality busy": "5",
    "ModelHub.properties columns": "[]",
    "Analysis.__getitem__ key": "[]",
    "Analysis.users cell": "{}",
    "charts.side_by_side columns": "5 large",
    "Analysis.plot width": "5",
    "Analysis.plot height": "5",
    "Analysis.plot title": "text empty",
    **{
        f"ModelHub.{name}": "text empty"
        for name in (
            "cohort rules",
            "retention start",
            "retention returning",
            "retention where",
            "funnel where",
            "sessions where",
            "sessions views",
            "sessions key_events",
        )
    },
    "ModelHub.retention top": "5",
    # conditions are checked with the events
    **{f"{name} event": "text empty function class series frame" for name in ("did", "did_not")},
    **{f"{name} count": "5" for name in ("did", "did_not")},
    **{f"{name} where": "{}" for name in ("did", "did_not")},
    "Cohort.save path": "text",
    "did_in_order events": "None text empty function class series frame",
    "among users": "(1,2,3) frame",
    "was column": "text empty",
    "was values": "5 1.5 -1 large nan True text empty",
    **{f"{name} key": "5 -1" for name in ("ListAccessor.__getitem__", "StringOperation.__getitem__")},
    **{f"DataFrame.{name} by": "None [] series" for name in ("groupby", "rollup", "cube")},
    **{f"Aggregate.{name} groupby": "None []" for name in ("unique_users", "unique_sessions", "session_duration")},
    **{
        f"{name} n_top_examples": "5 large"
        for name in ("FunnelDiscovery.plot_sankey_diagram", "ModelHub.visualize_location_stack")
    },
    "DataFrame.__getitem__ key": "[]",
    "DataFrame.__setitem__ key": "text []",
    "DataFrame.__setitem__ value": f"{NUMBERS} None True text empty {{}} series pandas",
    "DataFrame.assign columns": f"{NUMBERS} None True text empty {{}} series pandas function class",
    "DataFrame.astype dtype": "class {}",
    "DataFrame.create_variable value": f"{NUMBERS} True text empty [] [[1]] {{}}",
    "DataFrame.drop columns": "[]",
    "DataFrame.get_dummies prefix": "text empty [] {}",
    "DataFrame.merge right": "series frame",
    "DataFrame.merge on": "function class",
    "DataFrame.get_sample sample_percentage": "5 1.5",
    "DataFrame.get_sample table_name": "text",
    "DataFrame.get_sample seed": "5 -1 large",
    "DataFrame.sample random_state": "5 -1 large",
    "DataFrame.shift fill_value": "5 -1",
    "Series.__format__ spec": "empty",
    "DataFrame.pivot_table fill_value": NUMBERS,
    "DataFrame.nlargest columns": "",
    "DataFrame.nsmallest columns": "",
    "DataFrame.dropna thresh": "5 -1",
    "DataFrame.drop_duplicates subset": "",
    "DataFrame.value_counts subset": "",
    "DataFrame.rename columns": "{}",
    "DataFrame.rename index": "{}",
    "DataFrame.set_index keys": "[] series",
    "DataFrame.set_variable value": "5 -1",
    "DataFrame.fillna value": f"{NUMBERS} {{}} series",
    "DataFrame.fillna sort_by": "",
    "DataFrame.database_create_table table_name": "text",
    "DataFrame.from_schema table_name": "text",
    "ModelHub.report title": "text",
    "ModelHub.report conversion": "text empty",
    **{f"{owner}.create_view name": "text" for owner in ("DataFrame", "Analysis")},
    **{
        f"{owner}.to_dbt {name}": "[]" if name == "refs" else "text empty"
        for owner in ("DataFrame", "Analysis")
        for name in ("refs", "description")
    },
    "DataFrame.from_table key": "[]",
    "DataFrame.from_model key": "[]",
    "DataFrame.from_parquet key": "[]",
    **{f"DataFrame.{name} name": "text empty" for name in ("from_arrow", "from_pandas", "from_polars")},
    "LocIndexer.__getitem__ key": f"{NUMBERS} None []",
    "LocIndexer.__setitem__ key": f"{NUMBERS} None []",
    "LocIndexer.__setitem__ value": f"{NUMBERS} None True text empty series frame",
    "Savepoints.add_savepoint df": "frame",
    "JsonAccessor.__getitem__ key": "5 -1 text empty",
    "JsonAccessor.get_value key": "text empty",
    **{f"{name} item": "None True 5 1.5 -1 text empty" for name in ("JsonAccessor.array_contains", "ListAccessor.contains")},
    "Series.astype dtype": "class",
    "Series.from_value value": "None 5 -1",
    "SeriesNumericInterval.from_value value": "None",
    "Series.from_const base": "series frame",
    "Series.from_const value": "None 5 -1",
    "Series.isin values": "[] series pandas (1,2,3)",
    "Series.replace to_replace": f"{NUMBERS} None [] {{}} (1,2,3)",
    "Series.replace value": NUMBERS,
    "Series.shift fill_value": "5 -1",
    "Series.sort_by_series by": "[] series",
    "Series.apply_func args": "None",
    "StringOperation.repeat repeats": "5 -1 series",
    "StringOperation.replace n": "-1",
    "StringOperation.replace pat": "text {}",
    "Aggregate.retention_matrix fill_value": "5 -1",
    "ModelHub.get_objectiv_dataframe session_gap_seconds": "5 1.5",
    # scikit-learn checks the parameters of a model when it is fitted
    "ModelHub.get_logistic_regression args": " ".join(WRONG),
    "ml.xy frame": "frame",
    "ml.xy dtype": "None",
    "ml.xy order_by": "[]",
    "ml.xy max_bytes": "5 1.5 large",
    "ml.fingerprint frame": "frame",
    "ml.Features key": "[]",
    "Features.add where": "function class",
    "connect statement_timeout": "5 1.5",
    "display_sql_as_markdown obj": "series frame",
}


def taken(call: str, parameter: Parameter) -> set[str]:
    """Return which of the wrong values are right for a parameter."""
    annotation = str(parameter.annotation)
    found = set(TAKEN_BY.get(f"{call} {parameter.name}", TAKEN.get(parameter.name, "")).split())
    if "bool" in annotation:
        found.add("True")
    if "None" in annotation or "Partition" in annotation or parameter.default is None:
        found.add("None")
    # A function is called with what it is for; what it then raises is its own error.
    return found | ({"function", "class"} if "Callable" in annotation else set())


def fetched(found: object) -> None:
    """Fetch the rows of what a call returned."""
    if isinstance(found, list | tuple | Iterator):
        for each in found:
            fetched(each)
    elif isinstance(found, Analysis):
        fetched(found.frame)
    elif isinstance(found, DataFrame | Series):
        if found.group_by is not None:
            found.size().to_arrow()
        elif isinstance(found, DataFrame) and found.engine is None:
            found.view_sql()
        else:
            found.to_arrow()


@pytest.fixture(scope="module")
def scope() -> Scope:
    return Scope()


@pytest.fixture(scope="module")
def ml_scope() -> MlScope:
    return MlScope()


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.delenv("DSN", raising=False)
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def test_every_class_of_users_has_an_object_to_call_on():
    assert {name for name in classes() if name not in INSIDE} == set(OBJECTS)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Run where a name of a file may be any text."""
    monkeypatch.chdir(tmp_path)


@each_call
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_call_works_with_right_arguments(call, scope, ml_scope):
    scope = ml_scope if isinstance(call, MlCall) else scope
    if call.name in RAISING:
        with pytest.raises(ObjectivError):
            call.call(scope, call.arguments(scope))
    else:
        fetched(call.call(scope, call.arguments(scope)))


@each_call
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_wrong_arguments_raise_errors_of_the_package(call, scope, ml_scope):
    scope = ml_scope if isinstance(call, MlCall) else scope
    raw, accepted = [], []
    for parameter in call.parameters:
        right = taken(call.name, parameter)
        for name, make in WRONG.items():
            if name in ("function", "class") and name in right:
                continue
            # The default, with which the call works: see the test above.
            if name in ("None", "True") and parameter.default is make(scope) and parameter.name not in call.arguments(scope):
                continue
            where = f"{call.name} {parameter.name}: {name}"
            try:
                fetched(call.call(scope, call.arguments(scope) | {parameter.name: make(scope)}))
            except ObjectivError:
                continue
            except TypeError as error:
                if parameter.kind is not Parameter.VAR_KEYWORD or "unexpected keyword argument 'nope'" not in str(error):
                    raw.append(f"{where} raises {error!r}")
            except Exception as error:
                raw.append(f"{where} raises {error!r}")
            else:
                if name not in right:
                    accepted.append(where)
    assert not raw
    assert not accepted, "wrong arguments that are accepted in silence; list those that are right in TAKEN"


@each_call
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_missing_arguments_are_named(call, scope, ml_scope):
    scope = ml_scope if isinstance(call, MlCall) else scope
    # Python calls operators, and what stands first among arguments that may be many takes the place of a missing one.
    skipped = call.name.endswith("__") or any(each.kind is Parameter.VAR_POSITIONAL for each in call.parameters)
    required = [
        each.name
        for each in call.parameters
        if not skipped and each.default is Parameter.empty and each.kind is not Parameter.VAR_KEYWORD
    ]
    given = call.arguments(scope)
    for name in required:
        with pytest.raises(ObjectivError, match=rf"^{name} of .* is missing\nhint: for instance "):
            call.call(scope, {key: value for key, value in given.items() if key != name})


@pytest.mark.parametrize(
    ("estimator", "parameter", "value"),
    [
        (ml.StandardScaler, "with_mean", "nope"),
        (ml.MinMaxScaler, "feature_range", 5),
        (ml.KBinsDiscretizer, "n_bins", [2, 3, 4]),
        (ml.KBinsDiscretizer, "n_bins", {}),
        (ml.KBinsDiscretizer, "strategy", "nope"),
        (ml.KMeans, "n_clusters", "nope"),
        (ml.KMeans, "init", [[1]]),
        (ml.KMeans, "init", pd.Series([1])),
        (ml.Ridge, "alpha", "nope"),
        (ml.SimpleImputer, "strategy", 5),
    ],
)
def test_parameters_of_estimators(estimator, parameter, value, ml_scope):
    data = (ml_scope["numbers"], ml_scope["df"].n) if estimator is ml.Ridge else (ml_scope["numbers"],)
    with pytest.raises(InvalidValue) as caught:
        estimator(**{parameter: value}).fit(*data)
    assert isinstance(caught.value, InvalidParameterError)  # scikit-learn's own class, too


#: What the parameters of estimators take, by name: scikit-learn's own rules for them are wide.
ESTIMATORS_TAKE = {
    **dict.fromkeys("tol C intercept_scaling alpha".split(), "5 1.5 large"),
    "n_jobs": "5 -1 large",
    **dict.fromkeys("max_iter n_init".split(), "5"),
    "random_state": "5",
    "verbose": "5 large",
    **dict.fromkeys("min_frequency max_categories".split(), "5 large"),
    "dtype": "class",
    "n_bins": "5",
    "cv": "5",
    "n_clusters": "5",
    "sample_rows": "5",
    "subsample": "5 large",
    "smooth": "5 1.5 large",
    "class_weight": "{}",
    "transformers": "[]",
    "transformer_weights": "{}",
    "verbose_feature_names_out": "text empty",
    # values of a column, which a fill value stands for where the strategy is constant
    **dict.fromkeys("encoded_missing_value fill_value".split(), f"{NUMBERS} large"),
    "missing_values": f"{NUMBERS} large text empty",
}
#: scikit-learn takes these as numbers of times, and is at it for ever.
ENDLESS = {("max_iter", "large"), ("n_init", "large")}


def right_for(parameter: str) -> set[str]:
    return {*ESTIMATORS_TAKE.get(parameter, "").split(), "None", "True"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", sorted(ESTIMATORS - {"HashKFold"}))
def test_every_parameter_of_an_estimator(name, ml_scope):
    estimator, data = getattr(ml, name), ml_scope.data(name)
    needed = ml_scope.needed(name) | ({"strategy": "constant", "fill_value": 0.5} if name == "SimpleImputer" else {})
    raw, accepted = [], []
    for parameter in inspect.signature(estimator).parameters:
        for wrong, make in WRONG.items():
            # A function is called with what it is for; what it then raises is its own error.
            if (parameter, wrong) in ENDLESS or wrong in ("function", "class"):
                continue
            where = f"{name}({parameter}={wrong})"
            try:
                fitted = estimator(**needed | {parameter: make(ml_scope)}).fit(*data)
                for method in {"transform", "predict"} & set(dir(fitted)):
                    fetched(getattr(fitted, method)(data[0]))
                if name == "TargetEncoder":
                    fetched(fitted.fit_transform(*data))
            except ObjectivError:
                continue
            except Exception as error:
                raw.append(f"{where} raises {error!r}")
            else:
                if wrong not in right_for(parameter):
                    accepted.append(where)
    assert not raw
    assert not accepted, "wrong arguments that are accepted in silence; list those that are right in ESTIMATORS_TAKE"


@pytest.mark.parametrize("name", sorted(ESTIMATORS - {"HashKFold", "KMeans"}))
def test_every_target_of_an_estimator(name, ml_scope):
    data = ml_scope.data(name)
    raw, accepted = [], []
    for wrong, make in WRONG.items():
        for method in {"fit", "fit_transform", "score"} & set(dir(getattr(ml, name))):
            estimator = getattr(ml, name)(**ml_scope.needed(name))
            if method == "score":
                estimator.fit(*data)
            where = f"{name}.{method}(y={wrong})"
            try:
                getattr(estimator, method)(data[0], make(ml_scope))
            except ObjectivError:
                continue
            except Exception as error:
                raw.append(f"{where} raises {error!r}")
            else:
                # Transformers that learn nothing of a target pass it by, as scikit-learn's do.
                if len(data) > 1 and (name, wrong) != ("Compose", "None"):
                    accepted.append(where)
    assert not raw
    assert not accepted
