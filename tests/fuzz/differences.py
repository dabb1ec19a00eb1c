"""Programs that are known to go wrong, by what an engine says of them.

Such programs are generated and not compared; each kind has a spec of its own that fails as expected. The goal is that
nothing stands here.
"""

from __future__ import annotations

KNOWN_ERRORS = (
    "Invalid LIST argument during lambda function binding",  # duckdb: elements of a JSON array that is the constant NULL
    "cannot get array length of a",  # postgres: the last elements of a JSON constant that is no array
)


def is_known_error(error: Exception) -> bool:
    return any(text in str(error) for text in KNOWN_ERRORS)
