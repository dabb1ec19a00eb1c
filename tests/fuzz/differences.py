"""Programs that are known to fail, by the message of the engine.

Such programs are generated but not compared; each kind has its own spec that is expected to fail. The goal is an empty list.
"""

from __future__ import annotations

KNOWN_ERRORS = (
    "Invalid LIST argument during lambda function binding",  # duckdb: elements of a JSON array that is the constant NULL
    "cannot get array length of a",  # postgres: the last elements of a JSON constant that is no array
)


def is_known_error(error: Exception) -> bool:
    return any(text in str(error) for text in KNOWN_ERRORS)
