"""Users who identify themselves, and global contexts in one column."""

from __future__ import annotations

import pytest
from frame.frames import plain
from hub.tables import PLACES, event, event_id, stored, user

from objectiv_local import ModelHub
from objectiv_local.errors import InvalidType, InvalidValue

A, B, C = 1, 2, 3
COOKIES = {"_type": "CookieIdContext", "id": "cookie", "cookie_id": "c-1"}
HTTP = {"_type": "HttpContext", "id": "http", "user_agent": 'Firefox "99"', "referrer": ""}


def is_(value, id_="email"):
    return {"_type": "IdentityContext", "id": id_, "value": value}


APP = {"_type": "ApplicationContext", "id": "shop"}
EVENTS = [
    event(1, A, "2022-02-01 10:00:00", contexts=[APP]),
    event(2, A, "2022-02-01 10:01:00", contexts=[APP, is_("7", "crm"), is_("old@x"), is_("second@x")]),
    event(4, A, "2022-02-01 10:02:00", contexts=[is_("late@x")]),
    # At the same moment, the larger event id is the later one.
    event(5, A, "2022-02-01 10:02:00", contexts=[is_("joan@x")]),
    event(3, A, "2022-02-01 10:10:00", contexts=[{"_type": "IdentityContext", "id": "email"}]),  # no value
    event(6, B, "2022-02-01 10:15:00", contexts=[is_("joan@x"), HTTP, COOKIES]),
    event(7, C, "2022-02-01 10:16:00", contexts=[is_("9", "crm")]),
    event(8, C, "2022-02-01 10:17:00", contexts=[]),
]
NUMBERS = range(1, 9)
JOAN = "joan@x|email"


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    return stored(request.param, EVENTS, tmp_path)


def frame(place, *, contexts=(), **arguments):
    target, table = place
    return ModelHub(global_contexts=contexts).get_objectiv_dataframe(db_url=target, table_name=table, **arguments)


def rows(df, *columns):
    table = df.to_pandas()
    return [tuple(plain(table.loc[event_id(number), list(columns)])) for number in NUMBERS]


def test_users_have_their_last_identity(place):
    df = frame(place, identity_resolution="email")
    assert df.dtypes["user_id"] == "string"
    # A and B are one user, with one session; C was identified by the cookie, and is anonymous.
    assert rows(df, "user_id", "session_id", "session_hit_number") == [
        (JOAN, 1, 1),
        (JOAN, 1, 2),
        (JOAN, 1, 5),
        (JOAN, 1, 3),
        (JOAN, 1, 4),
        (JOAN, 1, 6),
        (None, 2, 1),
        (None, 2, 2),
    ]
    assert list(df.columns) == [
        "day",
        "moment",
        "user_id",
        "location_stack",
        "event_type",
        "stack_event_types",
        "session_id",
        "session_hit_number",
    ]


def test_users_without_identity_may_keep_their_cookie(place):
    df = frame(place, identity_resolution="email", anonymize_unidentified_users=False)
    assert rows(df, "user_id")[5:] == [(JOAN,), (str(user(C)),), (str(user(C)),)]
    hub = ModelHub()
    assert hub.agg.unique_users(df, groupby=None).value == 2
    assert hub.agg.unique_users(frame(place, identity_resolution="email"), groupby=None).value == 1


def test_another_identity(place):
    df = frame(place, identity_resolution="crm", with_sessionized_data=False)
    assert rows(df, "user_id") == [("7|crm",)] * 5 + [(None,), ("9|crm",), ("9|crm",)]
    assert rows(frame(place, identity_resolution="'; --"), "user_id") == [(None,)] * 8


def test_labels_of_identified_users(place):
    df = frame(place, identity_resolution="email", contexts=["identity", "application"])
    hub = ModelHub(time_aggregation="%Y")
    df["first"] = hub.map.is_first_session(df)
    df["new"] = hub.map.is_new_user(df)
    assert rows(df, "first", "new") == [(True, True)] * 8
    assert plain(df.identity.context.value.to_pandas().loc[[event_id(2), event_id(8)]]) == ["7", None]
    assert plain(df.application.context.id.to_pandas().loc[[event_id(1), event_id(8)]]) == ["shop", None]


def test_only_identities_within_the_dates_are_known(place):
    df = frame(place, identity_resolution="email", start_date="2022-02-02")
    assert len(df) == 0


def test_users_are_only_looked_up_if_needed(place):
    df = frame(place, identity_resolution="email", with_sessionized_data=False)
    assert " JOIN " in df[["user_id"]].view_sql()
    assert " JOIN " not in df[["event_type"]].view_sql()
    assert rows(df[["event_type"]], "event_type") == [("PressEvent",)] * 8


def test_bad_identities(place):
    for wrong, words in (
        ("", "has to be the id of an identity context"),
        (5, "has to be a string or None"),
        (["email"], r"has to be a string or None, not \['email'\]"),
    ):
        with pytest.raises(InvalidType, match=f"identity_resolution .*{words}"):
            frame(place, identity_resolution=wrong)


def test_all_contexts_in_one_column(place):
    df = frame(place, contexts=["global_contexts", "application"])
    assert df.dtypes["global_contexts"] == "objectiv_global_contexts"
    contexts = df.global_contexts.gc
    last = df.assign(
        application_id=contexts.application,
        agent=contexts.user_agent,
        cookie=contexts.cookie_id,
        email=contexts.get_from_context_with_type_series("IdentityContext", "value"),
    )
    assert rows(last, "application_id", "agent", "cookie", "email") == [
        ("shop", None, None, None),
        ("shop", None, None, "7"),
        (None, None, None, None),
        (None, None, None, "late@x"),
        (None, None, None, "joan@x"),
        (None, 'Firefox "99"', "c-1", "joan@x"),
        (None, None, None, "9"),
        (None,) * 4,
    ]
    assert df.global_contexts.global_contexts.application.name == "application"
    with pytest.warns(DeprecationWarning, match=r"use SeriesGlobalContexts\.gc"):
        assert df.global_contexts.obj.application.name == "application"
    with pytest.raises(InvalidValue, match="'string' or 'json'"):
        contexts.get_from_context_with_type_series("IdentityContext", "value", dtype="int64")
    as_json = contexts.get_from_context_with_type_series("IdentityContext", "value", dtype="json")
    assert plain(as_json.to_pandas().loc[[event_id(6)]]) == ["joan@x"]
