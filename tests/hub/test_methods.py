"""Models as methods: with the names, signatures and docstrings of the functions, and the settings of their object."""

from __future__ import annotations

import inspect

import pytest
from hub.tables import arrow, event

from objectiv_local import ModelHub, connect
from objectiv_local.errors import AttributeNotFound, InvalidType
from objectiv_local.hub.aggregate import Aggregate
from objectiv_local.hub.funnel import FunnelDiscovery
from objectiv_local.hub.map import Map
from objectiv_local.hub.models import conversions, frequency, unique
from objectiv_local.hub.settings import Settings

METHODS = {
    f"{cls.__name__}.{name}": member
    for cls in (Aggregate, Map, FunnelDiscovery, ModelHub)
    for name, member in vars(cls).items()
    if inspect.isfunction(member) and not name.startswith("_")
}
MODELS = {
    name: inspect.unwrap(member)
    for name, member in METHODS.items()
    if inspect.unwrap(member).__qualname__ == inspect.unwrap(member).__name__
}


@pytest.fixture(scope="module")
def df():
    return ModelHub().get_objectiv_dataframe(
        db_url=connect(
            arrow([event(1, 1, "2022-02-01 10:00:00"), event(2, 1, "2022-03-01 10:05:00"), event(3, 2, "2022-03-01 10:00:00")])
        )
    )


def test_models_are_found():
    assert len(MODELS) >= 20
    assert MODELS["Aggregate.frequency"] is frequency.frequency


@pytest.mark.parametrize("name", MODELS)
def test_a_method_has_the_name_docstring_and_signature_of_its_function(name):
    method, function = METHODS[name], MODELS[name]
    assert method.__name__ == function.__name__ == name.rpartition(".")[2]
    assert method.__doc__ == function.__doc__
    own = [each for each in inspect.signature(function).parameters.values() if each.name not in ("settings", "self")]
    assert list(inspect.signature(method).parameters.values())[1:] == own
    assert inspect.signature(method).return_annotation == inspect.signature(function).return_annotation


def test_a_method_passes_the_settings_of_its_object(df):
    by_month, by_year = ModelHub(time_aggregation="%Y-%m"), ModelHub(time_aggregation="%Y")
    assert by_month.agg.unique_users(df).to_pandas().to_dict() == {"2022-02": 1, "2022-03": 2}
    assert by_year.agg.unique_users(df).to_pandas().to_dict() == {"2022": 2}
    # Without a hub, settings is an ordinary argument.
    assert unique.unique_users(Settings("%Y"), df).view_sql() == by_year.agg.unique_users(df).view_sql()
    assert frequency.frequency(df).view_sql() == by_year.agg.frequency(df).view_sql()


def test_conversions_belong_to_one_hub(df):
    one, other = ModelHub(), ModelHub()
    one.add_conversion_event(event_type="PressEvent", name="press")
    assert one.map.is_conversion_event(df, "press").to_pandas().all()
    with pytest.raises(KeyError, match="unknown conversion event 'press'"):
        other.map.is_conversion_event(df, "press")
    found = conversions.is_conversion_event(Settings(conversions={"press": (None, "PressEvent")}), df, "press")
    assert found.view_sql() == one.map.is_conversion_event(df, "press").view_sql()


def test_arguments_are_checked_by_the_annotations_of_the_function(df):
    with pytest.raises(
        InvalidType, match=r"fill_value of Aggregate.retention_matrix has to be a whole number or None, not 'x'"
    ):
        ModelHub().agg.retention_matrix(df, fill_value="x")
    with pytest.raises(TypeError, match="settings"):
        ModelHub().agg.unique_users(df, settings=Settings())


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda hub: hub.agg.uniqe_users, "did you mean 'unique_users'"),
        (lambda hub: hub.get_objectiv_datframe, "'get_objectiv_dataframe'"),
        (lambda hub: hub.map.is_first_sesion, "did you mean 'is_first_session'"),
        (lambda hub: hub.unique_users, "it is hub.agg.unique_users"),
        (lambda hub: hub.agg.is_first_session, "it is hub.map.is_first_session"),
        (lambda hub: hub.retention_matrx, "it is hub.agg.retention_matrix"),
        (lambda hub: hub.get_funnel_discovery().plot_sankey, "'plot_sankey_diagram'"),
        (lambda hub: hub.agg.qqqq, "known names are"),
    ],
)
def test_an_unknown_name_suggests_a_similar_one(call, hint):
    with pytest.raises(AttributeNotFound) as caught:
        call(ModelHub())
    assert hint in caught.value.hint
    assert not hasattr(ModelHub(), "_repr_mimebundle_")
