"""The pages on security and guarantees: the tests that they name exist, and local work opens no connection."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys

def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"):
        raise SystemExit(f"{event} {args}")

sys.addaudithook(refuse)
import objectiv_local as ol

hub = ol.ModelHub()
events = hub.events()
assert len(hub.funnel(events, ["ApplicationLoadedEvent", "PressEvent"]).to_pandas()) == 2
assert len(events.snapshot("snapshot")) == 30_000
"""
#: The one module of the package that speaks HTTP: it sends cards to the Metabase that you name.
CLIENTS = {"objectiv_local/hub/metabase.py"}


@pytest.mark.parametrize("page", ["security.md", "guarantees.md"])
def test_every_test_that_a_page_names_exists(page):
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / page).read_text("utf-8"))
    assert named
    assert [name for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")] == []


def test_local_work_opens_no_connection(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_one_module_alone_speaks_http():
    speaking = re.compile(r"^\s*(?:import|from) (?:urllib\.request|http\.client|requests|httpx|aiohttp|socket)\b", re.MULTILINE)
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "objectiv_local").rglob("*.py")
        if speaking.search(path.read_text("utf-8"))
    }
    assert found == CLIENTS
