"""The generated pages of docs are what their generators write: `make tables` writes them again, for review."""

from __future__ import annotations

import re

import pytest
from ml.against import RELEASE

from tools.docs import PAGES
from tools.docs.paths import DOCS


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name):
    if name == "ml-reference.md" and RELEASE < (1, 9):
        pytest.skip("the page shows the parameters that scikit-learn has in its release 1.9")
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "`make tables` writes it again"


@pytest.mark.parametrize("name", ["bach.md", "hub.md"])
def test_no_cell_of_a_table_is_empty(name):
    assert not re.search(r"\| +\|", (DOCS / name).read_text("utf-8"))
