"""Connections: an engine runs a statement and returns Arrow."""

from objectiv_local.engines.base import Engine
from objectiv_local.engines.connect import connect

__all__ = ["Engine", "connect"]
