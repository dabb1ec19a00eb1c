"""One synthetic stream of events, and the exports that well-known products would write of it."""

from __future__ import annotations

import csv
import datetime
import gzip
import json
import random
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

START = datetime.datetime(2024, 3, 4)
PAGES = ("/home", "/pricing", "/docs", "/cart", "/checkout")
TYPES = ("view", "view", "view", "click", "click", "buy")
GAP = datetime.timedelta(minutes=30)


@dataclass(frozen=True)
class Event:
    number: int
    user: str
    moment: datetime.datetime
    type: str
    page: str
    device: str
    source: str | None
    session: datetime.datetime
    plan: str

    @property
    def id(self) -> str:
        return str(uuid.UUID(int=10_000 + self.number))

    @property
    def milliseconds(self) -> int:
        return int(self.moment.replace(tzinfo=datetime.UTC).timestamp()) * 1000


def stream(seed: int = 7, users: int = 25) -> list[Event]:
    """Return the events, ordered by moment: no user has two at the same moment."""
    draw = random.Random(seed)
    rows = []
    for who in range(users):
        user = str(uuid.UUID(int=who + 1))
        at = START + datetime.timedelta(seconds=draw.randrange(14 * 86_400))
        for _ in range(draw.randrange(1, 7)):
            device, source, session = draw.choice(("mobile", "desktop")), draw.choice(("ads", "mail", None)), at
            for _ in range(draw.randrange(1, 8)):
                rows.append(
                    (at, user, draw.choice(TYPES), draw.choice(PAGES), device, source, session, draw.choice(("free", "pro")))
                )
                at += datetime.timedelta(seconds=draw.randrange(1, int(GAP.total_seconds()) + 1))
            at += GAP + datetime.timedelta(seconds=draw.randrange(1, 9 * 86_400))
    rows.sort()
    return [Event(number, user, at, *rest) for number, (at, user, *rest) in enumerate(rows)]


def lines(path: Path, objects: list[dict[str, Any]]) -> str:
    """Write JSON lines, compressed."""
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(each) + "\n" for each in objects)
    return str(path)


def as_csv(events: list[Event], path: Path) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["uid", "ts", "action", "page", "device", "utm_source", "plan"])
        writer.writerows(
            [each.user, each.moment.isoformat() + "Z", each.type, each.page, each.device, each.source, each.plan]
            for each in events
        )
    return str(path)


def posthog(events: list[Event]) -> list[dict[str, Any]]:
    return [
        {
            "uuid": each.id,
            "event": each.type,
            "distinct_id": each.user,
            "timestamp": each.moment.isoformat() + "Z",
            "properties": {
                "$current_url": f"https://shop.example{each.page}?q=1#top",
                "$pathname": each.page,
                "$session_id": f"{each.user}/{each.session.isoformat()}",
                "$device_type": each.device,
                "utm_source": each.source,
                "plan": each.plan,
            },
        }
        for each in events
    ]


def amplitude(events: list[Event]) -> list[dict[str, Any]]:
    def milliseconds(at: datetime.datetime) -> int:
        return int(at.replace(tzinfo=datetime.UTC).timestamp()) * 1000

    return [
        {
            "uuid": each.id,
            "event_type": each.type,
            "event_time": each.moment.isoformat(sep=" ") + ".000000",
            "user_id": None,
            "device_id": each.user,
            "session_id": milliseconds(each.session),
            "device_family": each.device,
            "event_properties": {"[Amplitude] Page URL": f"https://shop.example{each.page}", "plan": each.plan},
            "user_properties": {"utm_source": each.source},
        }
        for each in events
    ]


def mixpanel(events: list[Event]) -> list[dict[str, Any]]:
    return [
        {
            "event": each.type,
            "properties": {
                "time": each.milliseconds // 1000,
                "distinct_id": each.user,
                "$insert_id": each.id,
                "utm_source": each.source,
                "$current_url": f"https://shop.example{each.page}?q=1",
                "$device": each.device,
                "plan": each.plan,
            },
        }
        for each in events
    ]


VALUE = pa.struct(
    [("string_value", pa.string()), ("int_value", pa.int64()), ("float_value", pa.float64()), ("double_value", pa.float64())]
)
GA4 = pa.schema(
    [
        ("event_date", pa.string()),
        ("event_timestamp", pa.int64()),
        ("event_name", pa.string()),
        ("user_id", pa.string()),
        ("user_pseudo_id", pa.string()),
        ("event_params", pa.list_(pa.struct([("key", pa.string()), ("value", VALUE)]))),
        ("device", pa.struct([("category", pa.string()), ("operating_system", pa.string())])),
        ("geo", pa.struct([("country", pa.string())])),
        ("platform", pa.string()),
        (
            "collected_traffic_source",
            pa.struct([("manual_source", pa.string()), ("manual_medium", pa.string()), ("manual_campaign_name", pa.string())]),
        ),
    ]
)


def parameter(key: str, value: str | float) -> dict[str, Any]:
    field = {str: "string_value", int: "int_value", float: "double_value"}[type(value)]
    return {"key": key, "value": {field: value}}


def ga4(events: list[Event], path: Path) -> str:
    rows = [
        {
            "event_date": each.moment.strftime("%Y%m%d"),
            "event_timestamp": each.milliseconds * 1000,
            "event_name": each.type,
            "user_pseudo_id": each.user,
            "event_params": [
                parameter("ga_session_id", int(each.session.timestamp())),
                parameter("page_location", f"https://shop.example{each.page}?q=1"),
                parameter("plan", each.plan),
            ],
            "device": {"category": each.device},
            "collected_traffic_source": {"manual_source": each.source},
        }
        for each in events
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=GA4), path)
    return str(path)


def segment(events: list[Event]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "id": each.id,
                "anonymous_id": each.user,
                "user_id": None,
                "event": each.type,
                "timestamp": each.moment,
                "received_at": each.moment + datetime.timedelta(seconds=5),
                "context_page_url": f"https://shop.example{each.page}",
                "context_page_path": each.page,
                "context_device_type": each.device,
                "context_campaign_source": each.source,
                "plan": each.plan,
            }
            for each in events
        ],
        schema=pa.schema(
            [
                *((name, pa.string()) for name in ("id", "anonymous_id", "user_id", "event")),
                ("timestamp", pa.timestamp("us")),
                ("received_at", pa.timestamp("us")),
                *(
                    (name, pa.string())
                    for name in (
                        "context_page_url",
                        "context_page_path",
                        "context_device_type",
                        "context_campaign_source",
                        "plan",
                    )
                ),
            ]
        ),
    )


def snowplow(events: list[Event]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "event_id": each.id,
                "collector_tstamp": each.moment + datetime.timedelta(seconds=9),
                "derived_tstamp": each.moment,
                "event_name": each.type,
                "user_id": None,
                "domain_userid": each.user,
                "domain_sessionid": f"{each.user}/{each.session.isoformat()}",
                "page_url": f"https://shop.example{each.page}",
                "page_urlpath": each.page,
                "mkt_source": each.source,
                "dvce_type": each.device,
                "plan": each.plan,
            }
            for each in events
        ],
        schema=pa.schema(
            [
                ("event_id", pa.string()),
                ("collector_tstamp", pa.timestamp("us")),
                ("derived_tstamp", pa.timestamp("us")),
                *(
                    (name, pa.string())
                    for name in (
                        "event_name",
                        "user_id",
                        "domain_userid",
                        "domain_sessionid",
                        "page_url",
                        "page_urlpath",
                        "mkt_source",
                        "dvce_type",
                        "plan",
                    )
                ),
            ]
        ),
    )


def objectiv(events: list[Event]) -> list[dict[str, Any]]:
    return [
        {
            "event_id": each.id,
            "day": each.moment.date(),
            "moment": each.moment,
            "cookie_id": each.user,
            "value": json.dumps(
                {
                    "_type": each.type,
                    "_types": ["AbstractEvent", each.type],
                    "location_stack": [{"_type": "RootLocationContext", "id": each.page}],
                    "global_contexts": [
                        {"_type": "HttpContext", "id": "http", "device": each.device},
                        {"_type": "MarketingContext", "id": "utm", "source": each.source},
                        {"_type": "PlanContext", "id": each.plan},
                    ],
                }
            ),
        }
        for each in events
    ]
