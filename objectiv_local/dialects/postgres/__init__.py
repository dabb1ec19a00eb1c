"""Postgres: the SQL of operations."""

from objectiv_local.dialects.postgres.dialect import DIALECT

__all__ = ["DIALECT"]
