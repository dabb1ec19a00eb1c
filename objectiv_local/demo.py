"""The notebook "model hub basics" in the terminal: ``python -m objectiv_local.demo``.

The notebook is the one source of the program. Its cells run in order, and what they return is shown as tables.
"""

from __future__ import annotations

import ast
import json
import sys
import textwrap
from pathlib import Path

from objectiv_local.errors import ObjectivError, TableNotFound

NOTEBOOK = "model_hub_basics.ipynb"
WIDTH = 96
#: The tag of cells whose result is a chart, which a terminal cannot show.
CHART = "chart"


def notebook_path() -> Path:
    """Return the notebook: the packaged one, or that of a checkout. Raises TableNotFound if there is none."""
    here = Path(__file__).parent
    places = (here / "sample" / NOTEBOOK, here.parent / "notebooks" / NOTEBOOK)
    for place in places:
        if place.is_file():
            return place
    raise TableNotFound(f"the notebook {NOTEBOOK} is neither packaged nor in a checkout", hint="install the package again")


def run(path: Path) -> None:
    """Run the cells of a notebook and print its text, its program and its results."""
    import pandas as pd

    names: dict[str, object] = {"__name__": "__main__"}
    notebook = json.loads(path.read_text(encoding="utf-8"))
    with pd.option_context("display.width", WIDTH, "display.max_columns", 12, "display.max_rows", 40):
        for cell in notebook["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                print(_text(source))
            elif CHART in cell["metadata"].get("tags", ()):
                print(textwrap.indent(source, "  > ") + "\n")
                print("    (a chart, which notebooks show; it needs the extra `plot`)\n")
            else:
                print(textwrap.indent(source, "  > ") + "\n")
                result = _executed(source, names)
                print(_shown(result) if result is not None else "")


def _executed(source: str, names: dict[str, object]) -> object:
    """Run a cell and return the value of its last line if that is an expression."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "<cell>", "exec"), names)  # noqa: S102 - the cells of our own notebook
        return None
    exec(compile(ast.Module(tree.body[:-1], []), "<cell>", "exec"), names)  # noqa: S102
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)  # noqa: S307


def _text(source: str) -> str:
    lines = source.split("\n")
    out = []
    if lines[0].startswith("#"):
        title = lines.pop(0).lstrip("# ")
        out += [title, ("=" if source.startswith("# ") else "-") * len(title), ""]
    body = " ".join(lines).strip()
    return "\n".join(out) + textwrap.fill(body, WIDTH) + "\n"


def _shown(result: object) -> str:
    to_frame = getattr(result, "to_frame", None)
    text = str(to_frame() if to_frame is not None else result)
    return textwrap.indent(text, "    ") + "\n"


def main() -> int:
    """Run the demo and return the exit code."""
    try:
        run(notebook_path())
    except ObjectivError as error:
        print(f"the demo failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
