"""Postgres: how operations are written."""
