"""Postgres, through psycopg."""
