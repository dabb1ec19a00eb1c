"""``python -m objectiv_local`` is the command ``objectiv-local``."""

from __future__ import annotations

from objectiv_local.cli import main

if __name__ == "__main__":
    main()
