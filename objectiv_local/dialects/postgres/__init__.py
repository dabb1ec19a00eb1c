"""Postgres: how operations are written."""

from objectiv_local.dialects.postgres.dialect import DIALECT

__all__ = ["DIALECT"]
