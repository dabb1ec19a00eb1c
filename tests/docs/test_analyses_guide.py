"""The page docs/analyses.md names every analysis; tests/names/test_pages.py runs its program."""

from __future__ import annotations

from objectiv_local.hub.analyses.base.specs import ANALYSES
from tools.docs.analyses import PATH


def test_the_page_names_every_analysis():
    page = PATH.read_text("utf-8")
    assert [name for name in ANALYSES if f"hub.{name}(" not in page] == []
