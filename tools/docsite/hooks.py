"""Hooks of MkDocs: pages that are generated at build time, and links that lead out of docs/ in a checkout."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parents[2]))

from tools.docsite import operations  # noqa: E402 - MkDocs loads this file by its path

#: Files of the repository that are pages of the site.
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
}
#: Pages that repeat what other pages have: search leaves them out.
UNSEARCHED = ("functions.md", "bach.md")
#: Pages whose tables need the width of the table of contents.
WIDE = ("bach.md", "hub.md", "performance.md")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are not files of docs/."""
    files.append(File.generated(config, "api/operations.md", content=operations.page()))
    for source, target in PAGES.items():
        if (ROOT / source).exists():
            text = re.sub(r"\]\(docs/", "](", (ROOT / source).read_text("utf-8"))
            for other, page in PAGES.items():
                text = text.replace(f"]({other}", f"]({page}")
            files.append(File.generated(config, target, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_kwargs: Any) -> str:
    """Lead links to files of the repository to the pages that stand for them."""
    if page.file.src_uri in UNSEARCHED:
        page.meta["search"] = {"exclude": True}
    if page.file.src_uri in WIDE:
        page.meta["hide"] = ["toc"]
    up = "../" * page.file.src_uri.count("/")
    for source, target in {"README.md": "index.md", **PAGES}.items():
        markdown = markdown.replace(f"](../{up}{source})", f"]({up}{target})")
    # Notebooks are no pages of the site: their files are named.
    markdown = re.sub(r"\[([^\]]+)\]\((?:\.\./)*(notebooks/\w+\.ipynb)\)", r"\1 (`\2`)", markdown)
    # A mark for the tests: the block names addresses of production.
    return re.sub(r"^```(\w+) no-run$", r"```\1", markdown, flags=re.MULTILINE)
