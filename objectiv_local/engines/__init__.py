"""Connections: an engine runs the text of a statement and hands back Arrow."""

from objectiv_local.engines.base import Engine
from objectiv_local.engines.connect import connect

__all__ = ["Engine", "connect"]
