"""The program of docs/events.md runs, and its table names every schema."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

from hub.events import stream

from objectiv_local.hub.schemas import SCHEMAS, TABLE

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")


def test_the_program_of_the_guide_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    events = stream.stream()
    stream.as_csv(events, tmp_path / "clicks.csv")
    stream.lines(tmp_path / "posthog.jsonl.gz", stream.posthog(events))
    lines = [
        {
            "id": 1,
            "visitor": "a",
            "at": "2024-03-01T10:00:00Z",
            "name": "view",
            "url": "https://shop.example/cart?x",
            "data": {"geo": {"country": "NL"}},
        }
    ]
    (tmp_path / "shop.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines), "utf-8")
    visits = [
        {
            "idVisit": 7,
            "visitorId": "a",
            "actionDetails": [
                {"type": "action", "url": "https://shop.example/", "timestamp": 1709287200},
                {"type": "search", "url": "https://shop.example/s", "timestamp": 1709287260},
            ],
        }
    ]
    (tmp_path / "matomo.jsonl").write_text("".join(json.dumps(each) + "\n" for each in visits), "utf-8")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, names)
        if "matomo" in block:
            assert names["events"][["moment", "event_type", "session_id", "session_hit_number"]].sort_values(
                "moment"
            ).to_pandas().reset_index(drop=True).to_numpy().tolist() == [
                [datetime.datetime(2024, 3, 1, 10), "action", 7, 1],
                [datetime.datetime(2024, 3, 1, 10, 1), "search", 7, 2],
            ]
    shown = capsys.readouterr().out
    repr_of_events = re.search(r"```\n(<DataFrame.*?)```", PAGE, re.DOTALL)
    assert repr_of_events is not None
    assert shown.splitlines()[:13] == repr_of_events[1].splitlines()
    assert names["events"][["user_id", "location", "country", "session_hit_number"]].to_arrow().to_pylist() == [
        {"event_id": 1, "user_id": "a", "location": "/cart", "country": "NL", "session_hit_number": 1}
    ]


def test_the_table_names_every_schema():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [*dict.fromkeys(each.name for each in SCHEMAS), TABLE]
