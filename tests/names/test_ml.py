"""The reference of the scikit-learn bridge: each public name has a docstring with an example that runs."""

from __future__ import annotations

import pytest

from objectiv_local import ml
from tools.docs.ml import NAMES, parts, value


def test_every_public_name_is_on_the_page():
    assert sorted(name for name in NAMES if "." not in name) == sorted(name for name in ml.__all__ if name != "metrics")


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_says_what_it_is_and_shows_it(name):
    text, example = parts(value(name))
    assert text.endswith((".", ":"))
    assert example or name == "XY", name
