"""Example data: the sample that comes with the package, and the generator that created it.

Importing this module loads neither numpy nor pyarrow.
"""

from __future__ import annotations

from pathlib import Path

from objectiv_local.errors import TableNotFound
from objectiv_local.sample.generator import batches, generate

__all__ = ["batches", "generate", "path"]

# The locations of the file in an installed package and in the repository.
_PLACES = (Path(__file__).with_name("sample.parquet"), Path(__file__).parents[2] / "data" / "sample.parquet")


def path() -> Path:
    """Return the path of the bundled sample, a Parquet file with 30,000 events.

    Raises :class:`TableNotFound` if the package was installed without it.
    """
    for place in _PLACES:
        if place.is_file():
            return place
    raise TableNotFound(
        "the sample is neither at " + " nor at ".join(str(place) for place in _PLACES),
        hint="write it with `python -m objectiv_local.sample --out sample.parquet` and read that file",
    )
