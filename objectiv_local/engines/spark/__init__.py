"""Spark, through Spark Connect."""

from objectiv_local.engines.base import Backend
from objectiv_local.engines.spark.targets import TARGETS, from_environment, target

BACKEND = Backend("spark", target, TARGETS, from_environment)

__all__ = ["BACKEND"]
