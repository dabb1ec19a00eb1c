"""Location stacks and global contexts."""

from __future__ import annotations

import pytest
from hub.presses import BOUGHT, LOGO, NAME, TOP, frame, of_events
from hub.tables import HOME, PLACES, event_id
from hub.visits import frame as frame_of_visits

from objectiv_local.errors import InvalidValue


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture(params=PLACES)
def visits(request, tmp_path):
    return frame_of_visits(request.param, tmp_path)


def test_location_stacks(df):
    stack = df.location_stack.ls
    assert of_events(stack.nice_name) == [NAME, NAME, BOUGHT, NAME, None, NAME, "Root Location: home", BOUGHT, NAME]
    assert of_events(stack.feature_stack)[0] == [HOME, TOP, {"_type": "LinkContext", "id": "logo"}]
    assert of_events(stack.navigation_features)[:3] == [[TOP, LOGO], [TOP, LOGO], []]
    assert stack.feature_stack.dtype == stack.navigation_features.dtype == "objectiv_location_stack"
    assert of_events(stack.navigation_features.ls.nice_name)[0] == "Link: logo located at Navigation: top"
    assert of_events(stack.get_from_context_with_type_series("LinkContext", "href"))[:3] == ["/", "/", None]
    assert of_events(df.location_stack.location_stack.nice_name)[2] == BOUGHT
    with pytest.warns(DeprecationWarning, match=r"use SeriesLocationStack\.ls"):
        assert of_events(df.location_stack.obj.nice_name)[2] == BOUGHT
    with pytest.raises(InvalidValue, match="'string' or 'json'"):
        stack.get_from_context_with_type_series("LinkContext", "href", dtype="int64")


def test_contexts(visits):
    ids = visits.application.context.id.to_pandas()
    assert [ids.loc[event_id(number)] for number in (1, 10)] == ["website", "app"]  # of the first context
    assert ids.isna().sum() == 7
    assert visits.application.c.nothing.to_pandas().isna().all()
