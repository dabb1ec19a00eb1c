"""Metabase cards, tested with a server that checks requests as Metabase does."""

from __future__ import annotations

import http.server
import json
import logging
import sys
import threading
import traceback

import duckdb
import pytest

from objectiv_local import DataFrame, ModelHub
from objectiv_local.errors import ConnectionFailed, InvalidType, InvalidValue
from objectiv_local.hub.metabase import Metabase

PASSWORD = "s3cret/&?\"'"


class Server(http.server.ThreadingHTTPServer):
    """Metabase, as far as cards and dashboards are concerned. ``is_old`` selects the API of releases before 0.48.

    Errors while answering are kept in ``errors``, which the fixture checks once all threads are done.
    """

    daemon_threads = False

    def __init__(self, *, is_old=False):
        self.is_old, self.cards, self.dashboard, self.asked, self.answers = is_old, [], [], [], {}
        self.errors: list[BaseException | None] = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        self.errors.append(sys.exception())


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self):
        server, length = self.server, int(self.headers.get("Content-Length") or 0)
        data = json.loads(self.rfile.read(length)) if length else None
        server.asked.append((self.command, self.path))
        status, body = server.answers.get((self.command, self.path)) or self.found(server, data)
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if status in (301, 302):
            self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names of http.server

    def found(self, server, data):
        if (self.command, self.path) == ("POST", "/api/session"):
            right = data == {"username": "joan", "password": PASSWORD}
            return (200, {"id": "session-1"}) if right else (401, {"errors": {"password": "did not match stored password"}})
        if self.headers.get("X-Metabase-Session") != "session-1":
            return 401, "Unauthenticated"
        card = None if data is None else {**data, "id": 7 + len(server.cards)}
        match self.command, self.path.split("/")[2:]:
            case "GET", ["card"]:
                return 200, server.cards
            case "POST", ["card"]:
                server.cards.append(card)
                return 200, card
            case "PUT", ["card", number]:
                place = next(i for i, each in enumerate(server.cards) if each["id"] == int(number))
                server.cards[place] = {**data, "id": int(number)}
                return 202, server.cards[place]
            case "GET", ["dashboard", "3"]:
                shown = "ordered_cards" if server.is_old else "dashcards"
                return 200, {"name": "Our Product", shown: server.dashboard}
            case "POST", ["dashboard", "3", "cards"] if server.is_old:
                server.dashboard.append({"card": {"id": data["cardId"]}})
                return 200, {}
            case "PUT", ["dashboard", "3"] if not server.is_old:
                server.dashboard[:] = data["dashcards"]
                return 200, {}
        return 404, "Not found."


@pytest.fixture(params=["0.50", "0.47"])
def server(request, monkeypatch):
    with Server(is_old=request.param == "0.47") as server:
        for name, value in (
            ("URL", server.url + "/"),
            ("USERNAME", "joan"),
            ("PASSWORD", PASSWORD),
            ("DATABASE_ID", "2"),
            ("DASHBOARD_ID", "3"),
            ("COLLECTION_ID", "4"),
        ):
            monkeypatch.setenv(f"METABASE_{name}", value)
        monkeypatch.delenv("METABASE_WEB_URL", raising=False)
        yield server
        server.shutdown()
    # If the client hung up in the meantime, nobody reads the answer.
    assert [error for error in server.errors if not isinstance(error, ConnectionError)] == []


def frame():
    connection = duckdb.connect()
    connection.execute("CREATE TABLE hits AS SELECT * FROM (VALUES ('a', 1), ('b', 2)) AS rows (page, n)")
    return DataFrame.from_table(connection, "hits").groupby("page").n.sum()


def test_a_card_is_made_and_then_updated(server):
    hub = ModelHub()
    made = hub.to_metabase(frame(), model_type="unique_users")
    assert made == {"card": f"{server.url}/card/7", "dashboard": f"{server.url}/dashboard/3-our-product", "username": "joan"}
    [card] = server.cards
    assert card == {
        "id": 7,
        "name": "Unique users",
        "description": "Number of distinct users",
        "display": "line",
        "collection_id": 4,
        "result_metadata": [],
        "dataset_query": {"type": "native", "database": 2, "native": {"query": frame().view_sql()}},
        "visualization_settings": {"graph.dimensions": ["page"], "graph.metrics": ["n"]},
    }
    assert len(server.dashboard) == 1

    again = hub.to_metabase(frame().to_frame(), "unique_users", {"display": "table"})
    assert again == made
    assert [each["display"] for each in server.cards] == ["table"]
    assert len(server.dashboard) == 1
    # Settings of one card do not carry over to the next.
    other = hub.to_metabase(frame(), config={"name": "Hits", "metrics": ["n"]})
    assert other["card"].endswith("/card/8")
    assert [each["display"] for each in server.cards] == ["table", "bar"]
    assert len(server.dashboard) == 2


def test_every_analysis_has_a_card(server):
    hub = ModelHub()
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE clicks AS SELECT * FROM (VALUES (1, 'a', TIMESTAMP '2024-03-01 10:00', 'view'), "
        "(2, 'a', TIMESTAMP '2024-03-02 11:00', 'buy')) AS rows (event_id, user_id, moment, event_type)"
    )
    events = hub.events(connection, table_name="clicks")
    trend = hub.trend(events, by="week")
    hub.to_metabase(trend)
    hub.to_metabase(hub.trend(events, "events", by="week"))
    hub.to_metabase(hub.lifecycle(events))
    hub.to_metabase(hub.retention(events))
    hub.to_metabase(hub.impact(events, "buy", feature="event_type", least=1), config={"name": "What sells"})
    hub.to_metabase(trend, config={"display": "area"})
    cards = [(each["name"], each["display"], each["visualization_settings"]["graph.metrics"]) for each in server.cards]
    assert cards == [
        ("Trend", "area", ["value"]),
        ("Trend", "line", ["value"]),
        ("Lifecycle", "bar", ["new", "returning", "resurrecting", "dormant"]),
        ("Retention", "table", ["cohort_users", "users", "rate", "complete"]),
        ("What sells", "bar", ["score"]),
    ]
    assert server.cards[0]["description"] == trend.rule_text
    assert server.cards[0]["dataset_query"]["native"]["query"] == trend.view_sql()
    assert server.cards[-1]["description"].endswith("The numbers were computed when the card was created and do not change.")


def shown(caught):
    return "".join(traceback.format_exception(caught.value))


def test_the_password_is_shown_nowhere(server, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    metabase = Metabase()
    assert repr(metabase) == f"Metabase({server.url!r}, username='joan')"
    made = ModelHub().to_metabase(frame())
    monkeypatch.setenv("METABASE_PASSWORD", PASSWORD + "wrong")
    with pytest.raises(ConnectionFailed, match=r"refused the login of 'joan'") as caught:
        ModelHub().to_metabase(frame())
    for text in (shown(caught), caplog.text, str(made), str(server.cards)):
        assert "s3cret" not in text


@pytest.mark.parametrize(
    ("asked", "answer", "message"),
    [
        (("POST", "/api/session"), (500, {}), "refused a session with status 500"),
        (("POST", "/api/session"), (200, []), "is not Metabase: it returned no session"),
        (("POST", "/api/session"), (200, b"<html>"), "is not Metabase: its answer to a session is not JSON"),
        (("POST", "/api/session"), (302, {}), "refused a session with status 302"),
        (("GET", "/api/card"), (403, {}), "refused the list of cards with status 403.*\n.*access to it"),
        (("POST", "/api/card"), (400, {}), "refused the card 'Table' with status 400"),
        (("GET", "/api/dashboard/3"), (404, {}), "refused dashboard 3 with status 404.*\n.*METABASE_DASHBOARD_ID"),
    ],
)
def test_refusals(server, asked, answer, message):
    server.answers[asked] = answer
    with pytest.raises(ConnectionFailed, match=message) as caught:
        ModelHub().to_metabase(frame())
    assert "s3cret" not in shown(caught)


def test_no_server(monkeypatch):
    monkeypatch.setenv("METABASE_URL", "http://127.0.0.1:1")
    with pytest.raises(ConnectionFailed, match="does not answer"):
        ModelHub().to_metabase(frame())


def test_a_server_that_hangs(server, monkeypatch):
    monkeypatch.setattr("objectiv_local.hub.metabase.TIMEOUT", 0.2)
    hanging = threading.Event()

    def found(*args):
        assert hanging.wait(5)
        return 200, {"id": "session-1"}

    monkeypatch.setattr(Handler, "found", found)
    with pytest.raises(ConnectionFailed, match="does not answer: timed out"):
        ModelHub().to_metabase(frame())
    hanging.set()


def test_bad_settings(server, monkeypatch):
    hub = ModelHub()
    with pytest.raises(InvalidValue, match="unknown preset 'unique_user'"):
        hub.to_metabase(frame(), "unique_user")
    with pytest.raises(InvalidValue, match="no setting 'titel'"):
        hub.to_metabase(frame(), config={"titel": "x"})
    with pytest.raises(InvalidType, match=r"config of ModelHub.to_metabase has to be a mapping of strings to values or None"):
        hub.to_metabase(frame(), config=["name"])
    with pytest.raises(
        InvalidType, match=r"data of ModelHub.to_metabase has to be a DataFrame, a Series or an Analysis, not 'SELECT 1'"
    ):
        hub.to_metabase("SELECT 1")
    assert server.asked == []
    for name, value, message in (
        ("URL", "", "is not set"),
        ("URL", "2", "not a URL with http"),
        ("URL", f"http://joan:{PASSWORD}@host", "contains a user or password"),
        ("URL", "http://joan:s3cret", "port in METABASE_URL is not a number"),
        ("URL", "file:///etc/passwd", "not a URL with http"),
        ("DASHBOARD_ID", "x", "METABASE_DASHBOARD_ID is not a number: 'x'"),
    ):
        with monkeypatch.context() as patched:
            patched.setenv(f"METABASE_{name}", value)
            with pytest.raises(InvalidValue, match=message) as caught:
                hub.to_metabase(frame())
            assert "s3cret" not in shown(caught)
