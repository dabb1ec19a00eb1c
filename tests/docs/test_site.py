"""The site is built offline without a warning: every page is in the navigation, and every link and anchor has a target."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None, reason="the lowest versions are tested without the packages for the site"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the directory of the site, and what was said while it was built."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    # No address can be reached through this proxy, so a build that loads something fails.
    nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    environment = {**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target, done.stderr


def test_nothing_is_warned_of(site):
    assert "WARNING" not in site[1]


def test_pages_load_nothing_from_elsewhere(site):
    loaded = re.compile(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["'](?:https?:)?//[^"']+""")
    pages = list(site[0].rglob("*.html"))
    assert len(pages) > 30
    assert {found for page in pages for found in loaded.findall(page.read_text("utf-8"))} == set()


def test_the_reference_has_the_examples_of_specifications_and_docstrings(site):
    operations = (site[0] / "api" / "operations.html").read_text("utf-8")
    assert operations.count("<table") > 80
    frames = (site[0] / "api" / "dataframe.html").read_text("utf-8")
    for name in ("merge", "sort_values", "to_pandas"):
        assert f'id="objectiv_local.DataFrame.{name}"' in frames
    assert "&gt;&gt;&gt;" in frames


def test_search_finds_words_without_a_server(site):
    index = (site[0] / "search" / "search_index.js").read_text("utf-8")
    assert "var __index" in index
    assert "ten-minute tutorial" in index.lower()
