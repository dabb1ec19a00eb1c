"""The command ``objectiv-local``: analyses of events from the command line."""

from __future__ import annotations

from objectiv_local.cli.main import main

__all__ = ["main"]
