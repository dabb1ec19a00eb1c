"""Spark SQL, as written and read by Spark 4 in ANSI mode."""

from objectiv_local.dialects.spark.dialect import DIALECT

__all__ = ["DIALECT"]
