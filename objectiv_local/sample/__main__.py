"""The command ``python -m objectiv_local.sample``: writes a stream of events to a Parquet file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from objectiv_local.errors import ObjectivError
from objectiv_local.sample.generator import COMPRESSION_LEVEL, DAYS, EVENTS, SEED, START, generate


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command: 0, or 1 with a message if nothing was written."""
    parser = argparse.ArgumentParser(
        prog="python -m objectiv_local.sample", description="Write synthetic product-analytics events to a Parquet file."
    )
    parser.add_argument("--out", required=True, metavar="PATH", help="the file to write")
    parser.add_argument("--events", type=int, default=EVENTS, help="the number of events (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="the seed of the random numbers (default: %(default)s)")
    parser.add_argument("--start", default=START, metavar="DAY", help="the first day (default: %(default)s)")
    parser.add_argument("--days", type=int, default=DAYS, help="the number of days (default: %(default)s)")
    parser.add_argument(
        "--compression-level",
        type=int,
        default=COMPRESSION_LEVEL,
        metavar="LEVEL",
        help="1 is fastest, 22 makes the smallest file (default: %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it exists")
    options = parser.parse_args(arguments)
    try:
        written = generate(
            options.out,
            events=options.events,
            seed=options.seed,
            start=options.start,
            days=options.days,
            compression_level=options.compression_level,
            overwrite=options.overwrite,
        )
    except (ObjectivError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{options.events:,} events written to {written} ({written.stat().st_size:,} bytes)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
