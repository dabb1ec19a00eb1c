"""The command ``objectiv-local``: questions about events from the shell."""

from __future__ import annotations

from objectiv_local.cli.main import main

__all__ = ["main"]
