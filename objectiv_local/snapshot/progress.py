"""A bar for what takes long, in a terminal or a notebook, and nothing anywhere else."""

from __future__ import annotations

import sys
from typing import Any


def bar(title: str, total: int) -> Any:
    """Return a progress bar over a number of rows, which is silent where nobody watches."""
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=title, unit=" rows", unit_scale=True, disable=not _is_watched(), leave=False)


def _is_watched() -> bool:
    shell = sys.modules.get("IPython")
    return sys.stderr.isatty() or (shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell")
