"""Notebooks executed in a kernel without ipywidgets, from the first cell to the last."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from notebooks.pictures import palette

#: Run before the cells of a notebook, and not stored. Charts are shown as Vega-Lite, and as a PNG where they are to be
#: stored, because few viewers draw the former. Progress depends on how busy the machine is.
_FIRST = """
import sys
sys.modules["ipywidgets"] = None  # as where it is not installed
import altair
from altair.utils.mimebundle import spec_to_mimebundle
import objectiv_local

objectiv_local.options.progress = False

def shown(spec, **_):
    bundle, metadata = {{"text/plain": "<chart>", "application/vnd.vegalite.v6+json": spec}}, {{}}
    if {pictures}:
        png, size = spec_to_mimebundle(spec, format="png", mode="vega-lite", scale_factor=2, vegalite_version="6")
        bundle |= png
        # Two pixels for one, which screens of today have.
        metadata |= {{kind: {{name: int(pixels / 2) for name, pixels in each.items()}} for kind, each in size.items()}}
    return bundle, metadata

altair.renderers.register("shown", shown)
altair.renderers.enable("shown")
"""
VEGA_LITE = "application/vnd.vegalite.v6+json"
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def executed(path: Path, directory: Path, environment: dict[str, str], *, pictures: bool) -> NotebookNode:
    """Return the notebook with the outputs of its cells, run in the directory. An error of a cell is raised."""
    notebook = nbformat.read(path, as_version=4)
    first = nbformat.v4.new_code_cell(_FIRST.format(pictures=pictures))
    run = nbformat.v4.new_notebook(cells=[first, *notebook.cells])
    client = NotebookClient(run, kernel_name="python3", timeout=300, resources={"metadata": {"path": str(directory)}})
    client.execute(env=environment)
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
        cell.metadata.pop("execution", None)
        cell.execution_count = number
        # What a log says on standard error is no result.
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
            if "image/png" in output.get("data", {}):
                small = palette(base64.b64decode(output.data["image/png"]))
                output.data["image/png"] = base64.b64encode(small).decode()
    notebook.metadata = _METADATA
    return notebook


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook in the form in which Jupyter writes it."""
    path.write_text(nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n", encoding="utf-8")


def results(notebook: NotebookNode) -> list[list[Any]]:
    """Return what each code cell shows: its texts, and its charts as Vega-Lite."""
    return [[_result(output) for output in cell.outputs] for cell in notebook.cells if cell.cell_type == "code"]


def _result(output: NotebookNode) -> Any:
    if output.output_type == "stream":
        return _without_last_digits(output.text)
    if VEGA_LITE in output.data:
        specification = json.loads(json.dumps(output.data[VEGA_LITE]))
        # The name of a dataset is a hash of all its digits, and the order of datasets that of their names.
        data = [_rounded(rows) for rows in specification.pop("datasets", {}).values()]
        return _rounded(specification), sorted(data, key=lambda rows: json.dumps(rows, sort_keys=True))
    return _without_last_digits(output.data["text/plain"])


def _without_last_digits(text: str) -> str:
    """Return a text in which numbers have the digits that no order of summing changes. Those of moments are fewer."""
    return re.sub(r"\d+\.\d{7,}", lambda found: f"{float(found[0]):.7g}", text)


def _rounded(part: Any) -> Any:
    """Return a part of a specification without last digits, its version, and the names of datasets."""
    if isinstance(part, dict):
        return {name: _rounded(each) for name, each in part.items() if name not in ("data", "$schema")}
    if isinstance(part, list):
        return [_rounded(each) for each in part]
    return float(f"{part:.9g}") if isinstance(part, float) else part
