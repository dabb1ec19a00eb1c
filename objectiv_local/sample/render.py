"""Renders planned events, which are rows of small numbers, as the five columns of the raw event table.

The JSON of an event is a sequence of pieces, most of them from tables of prepared text, so that Arrow joins them without a
Python step per event.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from objectiv_local.sample.draws import Bits, Draws
from objectiv_local.sample.site import APPLICATIONS, INPUT_VALUES, LOCALES, SOURCES, USER_AGENTS, Source
from objectiv_local.sample.taxonomy import context, lineage, text
from objectiv_local.sample.traffic import (
    CHANGE_POSITION,
    CHANGING,
    DAY,
    IDENTITY_CYCLE,
    NO_APPLICATION,
    NO_CONTEXTS,
    SHARED,
    SHARING,
    TWO_PATHS,
    TWO_SCOPES,
    Rows,
    Step,
    steps,
)

SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("moment", pa.timestamp("us"), nullable=False),
        pa.field("cookie_id", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
    ]
)

_MOBILE = len(APPLICATIONS) - 1
_ACCOUNTS = 15  # percent of the users who have an account, in addition to users with a special identity
_ODDITIES = 4
_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype=np.uint8).reshape(256, 2)
_DASHES = (8, 13, 18, 23)
_MARK = "<>"  # placeholder for a value in prepared text


def uuids(high: Bits, low: Bits) -> pa.StringArray:
    """Return version 4 UUIDs as text, from two 64-bit numbers each."""
    high = (high & np.uint64(0xFFFFFFFFFFFF0FFF)) | np.uint64(0x4000)
    low = (low & np.uint64(0x3FFFFFFFFFFFFFFF)) | np.uint64(0x8000000000000000)
    digits = _HEX[np.stack([high, low], axis=1).astype(">u8").view(np.uint8)].reshape(-1, 32)
    characters = np.full((len(digits), 36), ord("-"), dtype=np.uint8)
    characters[:, [place for place in range(36) if place not in _DASHES]] = digits
    offsets = np.arange(len(digits) + 1, dtype=np.int32) * 36
    return pa.StringArray.from_buffers(len(digits), pa.py_buffer(offsets), pa.py_buffer(characters))


class Renderer:
    """Turns the rows of one stream into record batches."""

    def __init__(self, seed: int) -> None:
        self._draws = Draws(seed)
        all_steps = steps()
        self._head = pa.array([_head(step) for step in all_steps])
        self._tail = pa.array([_tail(step, oddity) for step in all_steps for oddity in range(_ODDITIES)])
        inputs = [step.action.stack[-1].id if step.action.event == "InputChangeEvent" else None for step in all_steps]
        self._input = pa.array(
            [
                "" if id_ is None else "," + context("InputValueContext", id_, value=value)
                for id_ in inputs
                for value in INPUT_VALUES
            ]
        )
        self._mobile = np.array([step.application == _MOBILE for step in all_steps])
        self._http = pa.array(
            [
                context("HttpContext", "http_context", referrer=source.referrer, user_agent=agent)
                for source in SOURCES
                for agent in USER_AGENTS
            ]
        )
        self._locale = pa.array([context("LocaleContext", locale) for locale in LOCALES])
        self._marketing = pa.array([_marketing(source) for source in SOURCES])
        cookie, self._cookie_middle, self._cookie_end = _around(context("CookieIdContext", _MARK, cookie_id=_MARK))
        self._cookie_start = "," + cookie
        session, self._session_end = context("SessionContext", "session", hit_number=-1).split("-1")
        self._session_start = "," + session

    def batch(self, rows: Rows) -> pa.RecordBatch:
        """Return the events planned in ``rows``, in the same order."""
        draws, user, number = self._draws, rows["user"], rows["number"]
        event_id = uuids(draws.bits("event high", number), draws.bits("event low", number))
        cookie_id = uuids(draws.bits("cookie high", user), draws.bits("cookie low", user))
        step = rows["action"].astype(np.int64)
        source = rows["source"].astype(np.int64)
        agents = len(USER_AGENTS)
        agent = np.where(self._mobile[step], agents - 1, draws.below("user agent", user, agents - 1))
        contexts = _join(
            self._http.take(pa.array(source * agents + agent)),
            self._cookie_start,
            cookie_id,
            self._cookie_middle,
            cookie_id,
            self._cookie_end,
            self._session_start,
            pa.array(rows["position"] + 1).cast(pa.string()),
            self._session_end,
            ",",
            self._locale.take(pa.array(draws.below("locale", user, len(LOCALES)))),
            self._marketing.take(pa.array(source)),
            *self._identity(rows),
            self._input.take(pa.array(step * len(INPUT_VALUES) + draws.below("input value", number, len(INPUT_VALUES)))),
        )
        value = _join(
            self._head.take(pa.array(step)),
            event_id,
            '","time":',
            pa.array(rows["moment"] // 1000).cast(pa.string()),
            self._tail.take(pa.array(step * _ODDITIES + rows["oddity"])),
            pc.if_else(pa.array(rows["oddity"] == NO_CONTEXTS), "", contexts),
            "]}",
        )
        day = pa.array((rows["moment"] // DAY).astype(np.int32)).cast(pa.date32())
        moment = pa.array(rows["moment"]).cast(pa.timestamp("us"))
        return pa.record_batch([event_id, day, moment, cookie_id, value], schema=SCHEMA)

    def _identity(self, rows: Rows) -> list[pa.StringArray]:
        """Return the pieces of the identity contexts: none before the sign-in, which is part of a first session."""
        user = rows["user"].astype(np.int64)
        place = user % IDENTITY_CYCLE
        special = np.isin(place, (SHARED, SHARING, TWO_SCOPES, CHANGING))
        known = special | self._draws.chance("account", user, _ACCOUNTS)
        signed_in = known & (~rows["first"] | (rows["position"] >= 2))
        changed = (place == CHANGING) & (~rows["first"] | (rows["position"] >= CHANGE_POSITION))
        account = pa.array(np.where(place == SHARING, user - (SHARING - SHARED), user)).cast(pa.string())
        scopes = [
            ("", ""),
            _around("," + context("IdentityContext", "email", value=f"user{_MARK}@example.com")),
            _around("," + context("IdentityContext", "email", value=f"user{_MARK}@example.org")),
            _around("," + context("IdentityContext", "customer", value=f"C-{_MARK}")),
        ]
        email = np.where(signed_in, np.where(changed, 2, 1), 0)
        customer = np.where(signed_in & (place == TWO_SCOPES), 3, 0)
        starts, ends = (pa.array([scope[side] for scope in scopes]) for side in (0, 1))
        return [
            piece
            for scope in (email, customer)
            for piece in (
                starts.take(pa.array(scope)),
                pc.if_else(pa.array(scope > 0), account, ""),
                ends.take(pa.array(scope)),
            )
        ]


def _join(*pieces: pa.StringArray | str) -> pa.StringArray:
    return pc.binary_join_element_wise(*pieces, "")


def _around(template: str) -> Sequence[str]:
    """Return the parts of JSON text before, between and after the placeholders of a value."""
    return template.split(_MARK)


def _head(step: Step) -> str:
    """Return the JSON of an event up to its id."""
    action = step.action
    event: dict[str, object] = {"_type": action.event, "_types": lineage(action.event)}
    if action.message is not None:
        event["message"] = action.message
    return text(event)[:-1] + ',"id":"'


def _tail(step: Step, oddity: int) -> str:
    """Return the JSON of an event from its time to the contexts that depend on the user."""
    action, page = step.action, step.page
    stack = ""
    if action.event != "ApplicationLoadedEvent" and (action.event != "FailureEvent" or action.stack):
        elements = [context("RootLocationContext", page.root)]
        for location in action.stack:
            properties = {} if location.href is None else {"href": location.href}
            elements.append(context(location.kind, location.id, **properties))
        stack = ",".join(elements)
    application = context("ApplicationContext", APPLICATIONS[step.application].id) + ","
    path = context("PathContext", page.path) + ","
    contexts = {
        NO_APPLICATION: path,
        NO_CONTEXTS: "",
        TWO_PATHS: application + path + context("PathContext", page.path + "#top") + ",",
    }.get(oddity, application + path)
    return f',"location_stack":[{stack}],"global_contexts":[{contexts}'


def _marketing(source: Source) -> str:
    """Return the marketing context of a source after a comma; an empty string for a visit without a campaign."""
    if source.marketing is None:
        return ""
    name, medium, campaign, term = source.marketing
    return "," + context("MarketingContext", "utm", source=name, medium=medium, campaign=campaign, term=term)
