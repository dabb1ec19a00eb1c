"""Postgres, through psycopg."""

from objectiv_local.engines.base import Backend
from objectiv_local.engines.postgres.targets import TARGETS, from_environment, target

BACKEND = Backend("postgres", target, TARGETS, from_environment)

__all__ = ["BACKEND"]
