"""The packages that draw charts, imported when a chart is drawn."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from objectiv_local.arguments import in_words
from objectiv_local.errors import InvalidType, NotSupported


def altair() -> Any:
    """Return the package altair. Raises NotSupported if it is not installed."""
    return _installed("altair", "altair")


def plotly() -> Any:
    """Return the graph objects of plotly. Raises NotSupported if it is not installed."""
    return _installed("plotly.graph_objects", "plotly")


def vl_convert() -> Any:
    """Return the package vl_convert, which renders Vega-Lite without a browser. Raises NotSupported if it is not installed."""
    return _installed("vl_convert", "vl-convert-python")


def check_chart(chart: object, what: str) -> None:
    """Raise InvalidType for anything but an altair chart."""
    if not isinstance(chart, altair().TopLevelMixin):
        raise InvalidType(
            f"{what} takes altair charts, not {in_words(chart)}",
            hint="pass the result of plot(); plotly figures have methods of their own, such as write_html",
        )


def _installed(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise NotSupported(
            f"{package} is not installed, and charts need it", hint="pip install 'objectiv-local[plot]'"
        ) from None
