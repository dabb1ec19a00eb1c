"""Write the generated pages of docs: ``python -m tools.docs [PAGE ...]``, by default all of them."""

from __future__ import annotations

import sys

from tools.docs import PAGES
from tools.docs.paths import DOCS


def main(names: list[str]) -> int:
    """Write pages, and print the names of those that changed. Exit code 2 for a name that is no generated page."""
    unknown = [name for name in names if name not in PAGES]
    if unknown:
        print(f"not generated: {', '.join(unknown)}; generated pages: {', '.join(PAGES)}", file=sys.stderr)
        return 2
    for name in names or PAGES:
        path, text = DOCS / name, PAGES[name]()
        if path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"docs/{name} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
