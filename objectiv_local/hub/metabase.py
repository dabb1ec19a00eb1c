"""Metabase: the SQL of a frame as a card on a dashboard.

The server and the login come from the environment: METABASE_URL, METABASE_USERNAME, METABASE_PASSWORD,
METABASE_DATABASE_ID, METABASE_DASHBOARD_ID, METABASE_COLLECTION_ID and METABASE_WEB_URL. The password is sent to Metabase and
never displayed.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Never
from urllib.parse import urlsplit

from objectiv_local.errors import ConnectionFailed, InvalidValue

#: Seconds to wait for an answer.
TIMEOUT = 30.0


class Metabase:
    """A Metabase server with a login, a database, a dashboard and a collection. Defaults come from the environment."""

    def __init__(
        self,
        url: str | None = None,
        username: str | None = None,
        password: str | None = None,
        database_id: int | None = None,
        dashboard_id: int | None = None,
        collection_id: int | None = None,
        web_url: str | None = None,
    ) -> None:
        self.url = _checked_url(url or os.environ.get("METABASE_URL", ""), "METABASE_URL")
        self.web_url = _checked_url(web_url or os.environ.get("METABASE_WEB_URL", "") or self.url, "METABASE_WEB_URL")
        self.username = username or os.environ.get("METABASE_USERNAME", "objectiv")
        self._password = password if password is not None else os.environ.get("METABASE_PASSWORD", "")
        self.database_id = _number(database_id, "METABASE_DATABASE_ID", 1)
        self.dashboard_id = _number(dashboard_id, "METABASE_DASHBOARD_ID", 1)
        self.collection_id = _number(collection_id, "METABASE_COLLECTION_ID", 0)
        self._session: str | None = None

    def __repr__(self) -> str:
        return f"Metabase({self.url!r}, username={self.username!r})"

    def add_update_card(self, sql: str, settings: Mapping[str, Any]) -> dict[str, str]:
        """Create the card, or update the one with the same name and description, and put it on the dashboard.

        Returns the URLs of both, and the user name.
        """
        self._log_in()
        card = {
            "name": settings["name"],
            "description": settings["description"],
            "display": settings["display"],
            "collection_id": self.collection_id or None,
            "result_metadata": settings["result_metadata"],
            "dataset_query": {"type": "native", "database": self.database_id, "native": {"query": sql}},
            "visualization_settings": {"graph.dimensions": settings["dimensions"], "graph.metrics": settings["metrics"]},
        }
        same = [
            each["id"]
            for each in self._ask("GET", "/api/card", "the list of cards")
            if (each.get("name"), each.get("description")) == (card["name"], card["description"])
        ]
        path, method = (f"/api/card/{same[0]}", "PUT") if same else ("/api/card", "POST")
        made = self._ask(method, path, f"the card {card['name']!r}", card)
        number = made["id"]
        dashboard = self._on_dashboard(number)
        title = str(dashboard.get("name", "")).lower().replace(" ", "-")
        return {
            "card": f"{self.web_url}/card/{number}",
            "dashboard": f"{self.web_url}/dashboard/{self.dashboard_id}-{title}",
            "username": self.username,
        }

    def _on_dashboard(self, card: int) -> dict[str, Any]:
        path = f"/api/dashboard/{self.dashboard_id}"
        what = f"dashboard {self.dashboard_id}"
        found: dict[str, Any] = self._ask("GET", path, what)
        # Before release 0.48, cards were added through an endpoint of their own; later releases take the whole dashboard.
        is_old = "dashcards" not in found
        shown = found.get("ordered_cards", []) if is_old else found["dashcards"]
        if card in [(each.get("card") or {}).get("id", each.get("card_id")) for each in shown]:
            return found
        if is_old:
            self._ask("POST", f"{path}/cards", what, {"cardId": card})
        else:
            below = max((each.get("row", 0) + each.get("size_y", 0) for each in shown), default=0)
            place = {"id": -1, "card_id": card, "row": below, "col": 0, "size_x": 12, "size_y": 6}
            self._ask("PUT", path, what, {"dashcards": [*shown, place]})
        return found

    def _log_in(self) -> None:
        if self._session is None:
            login = {"username": self.username, "password": self._password}
            answer = self._ask("POST", "/api/session", "a session", login)
            if not isinstance(answer, dict) or "id" not in answer:
                raise ConnectionFailed(
                    f"the server at {self.url} is not Metabase: it returned no session", hint="check METABASE_URL"
                )
            self._session = str(answer["id"])

    def _ask(self, method: str, path: str, what: str, data: object = None) -> Any:
        headers = {"Content-Type": "application/json"} | ({"X-Metabase-Session": self._session} if self._session else {})
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310 - the scheme is checked
        try:
            with _OPENER.open(request, timeout=TIMEOUT) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            error.close()
            self._refused(error.code, what)
        except (TimeoutError, urllib.error.URLError) as error:
            reason = getattr(error, "reason", error)
            raise ConnectionFailed(
                f"Metabase at {self.url} does not answer: {reason}", hint="check METABASE_URL, and that the server is up"
            ) from None
        except (ValueError, OSError):
            raise ConnectionFailed(
                f"the server at {self.url} is not Metabase: its answer to {what} is not JSON", hint="check METABASE_URL"
            ) from None

    def _refused(self, code: int, what: str) -> Never:
        if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST) and self._session is None:
            raise ConnectionFailed(
                f"Metabase at {self.url} refused the login of {self.username!r}",
                hint="check METABASE_USERNAME and METABASE_PASSWORD",
            ) from None
        hints = {
            HTTPStatus.FORBIDDEN: f"grant {self.username!r} access to it",
            HTTPStatus.NOT_FOUND: "check METABASE_DASHBOARD_ID, METABASE_COLLECTION_ID and METABASE_URL",
        }
        raise ConnectionFailed(
            f"Metabase at {self.url} refused {what} with status {code}",
            hint=hints.get(HTTPStatus(code)) if code in list(HTTPStatus) else None,
        ) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Treats a redirect as an error, so that the session is not sent to another server."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _checked_url(url: str, name: str) -> str:
    # Checked in the whole string, because a password with a slash would be parsed as a path.
    if "@" in url:
        raise InvalidValue(f"{name} contains a user or password", hint="set METABASE_USERNAME and METABASE_PASSWORD instead")
    parts = urlsplit(url)
    try:
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        port_is_number = False
    if not port_is_number:
        raise InvalidValue(f"the port in {name} is not a number", hint=f"for instance {name}=https://metabase.example.com:3000")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidValue(
            f"{name} is not set" if not url else f"{name} is not a URL with http:// or https://",
            hint=f"for instance {name}=https://metabase.example.com",
        )
    return url.rstrip("/")


def _number(given: int | None, name: str, default: int) -> int:
    value = given if given is not None else os.environ.get(name, default)
    try:
        return int(value)
    except ValueError:
        raise InvalidValue(f"{name} is not a number: {value!r}") from None
