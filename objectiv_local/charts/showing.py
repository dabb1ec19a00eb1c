"""Showing charts, for functions that draw a chart and return something else."""

from __future__ import annotations

import sys
from typing import Any


def show(chart: Any) -> None:
    """Show an altair chart in the running notebook or IPython shell. Does nothing elsewhere, because charts need a browser."""
    # If IPython has not been imported, there is no such shell.
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        ipython.display.display(chart)
