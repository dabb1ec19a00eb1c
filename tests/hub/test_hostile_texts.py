"""Values and names that could end a string, a name, a pattern or a template: answers differ from those of plain ones in them alone."""

from __future__ import annotations

import pytest
from frame.frames import ENGINES, opened
from hub.analyses.every import HOUR
from hub.analyses.fixture import EVENTS, rows_of, table
from hub.analyses.fixture import rows as rows_of_answer

from objectiv_local import DataFrame, ModelHub, did

#: A hostile text for each text of the events, and for the names of two columns.
HOSTILE = {
    "view": "'; DROP TABLE events; --",
    "cart": '"; SELECT 1 /*',
    "buy": "\\'||(SELECT 1)||E'\\\\",
    "error": "{{ 7 * 7 }} {x} %s $1 ?",
    "a": "' OR '1'='1",
    "b": "%_[a-z]+(",
    "c": "\n\r\t",
    "d": "$$ $tag$ :name",
    "e": "NULL",
    "f": "é😀\u202e",
    "NL": "(other)'",
    "BE": "<b>&amp;</b>",
    "DE": "\\u0041\\n",
    "country": "a\"b'c`d",
    "amount": "x; -- {y} %s",
}
PLAIN = {name: name for name in HOSTILE}


def answers(engine, text):
    """Return the rows of analyses, over events in which each text is replaced, and the columns that count are renamed."""
    hub = ModelHub()
    stored = table([{name: text.get(value, value) for name, value in row.items()} for row in rows_of(EVENTS)])
    events = DataFrame.from_arrow(opened(engine), stored, "event_id")
    country, amount = text["country"], text["amount"]
    events = events.rename(columns={"country": country, "amount": amount})
    view, cart, buy, error = (text[name] for name in ("view", "cart", "buy", "error"))
    sessions = hub.sessionize(events)
    analyses = {
        "trend": hub.trend(events, where=view, breakdown=country, by="week", top=2),
        "sum": hub.trend(events, ("sum", amount)),
        "retention": hub.retention(events, view, buy, mode="recurring", breakdown=country),
        "funnel": hub.funnel(events, {buy: view, error: [cart], view: buy}, HOUR, exclude=error, breakdown=country),
        "funnel over pairs": hub.funnel(events, [view, buy], HOUR, hold=country),
        "drivers": hub.drivers(events, view, buy, window=HOUR, least=1),
        "paths": hub.paths(sessions, start=view),
        "attribution": hub.attribution(events, buy, country, value=amount),
        "cohort": hub.cohort(events, did(view, count=2) & ~did(error)),
        "rfm": hub.rfm(events, amount, where=buy),
        "impact": hub.impact(events, buy, feature="event_type", least=1),
        "event types": hub.event_types(events),
    }
    again = {f"{name}, from its spec": hub.from_spec(each.spec(), events) for name, each in analyses.items() if name != "paths"}
    return {
        name: ([*each.index_columns, *each.data_columns], rows_of_answer(each)) for name, each in (analyses | again).items()
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_texts_are_only_ever_values_and_names(engine):
    plain_of = {hostile: plain for plain, hostile in HOSTILE.items()}

    def plain(row):
        return repr([plain_of.get(value, value) if isinstance(value, str) else value for value in row])

    found = answers(engine, HOSTILE)
    for name, (columns, rows) in answers(engine, PLAIN).items():
        assert plain(found[name][0]) == repr(columns), name
        # Texts have another order, and with it the rows.
        assert sorted(map(plain, found[name][1])) == sorted(map(repr, map(list, rows))), name
        assert rows, name
