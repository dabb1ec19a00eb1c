"""Showing charts, for calls that draw and return something else."""

from __future__ import annotations

import sys
from typing import Any


def show(chart: Any) -> None:
    """Show a chart of altair in the notebook or IPython shell that runs. Elsewhere nothing shows it: pages need a browser."""
    # Where nothing has imported IPython, there is no shell.
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        ipython.display.display(chart)
