"""The notebooks run in a fresh kernel, and show what is stored in them. OBJECTIV_UPDATE_NOTEBOOKS=1 stores it anew."""

from __future__ import annotations

import base64
import json
import os
import re
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest

from notebooks import kernels

ROOT = Path(__file__).parents[2]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
UPDATE = bool(os.environ.get("OBJECTIV_UPDATE_NOTEBOOKS"))
MOST_BYTES = 300_000
MOST_CODE_CELLS = 25
#: Characters of a line of code, so that pages do not scroll.
LONGEST_LINE = 97
#: Paths of this machine and addresses of servers, of which no reader has any use.
PRIVATE = re.compile(r"/(?:home|root|tmp|work|Users|var|private)/|127\.0\.0\.1|localhost|sc://|postgres(?:ql)?://")
#: Packages whose versions decide how tables are printed and charts are written.
PRINTERS = ("altair", "pandas", "scikit-learn")


def environment(name: str, directory: Path) -> dict[str, str]:
    """Return the environment of a kernel: where the notebook of three engines finds its servers, too."""
    own = {key: value for key, value in os.environ.items() if key != "DSN"}
    if name != "laptop_to_spark":
        return own
    import postgres_server
    import spark_server

    files = directory / "events"
    files.mkdir()
    servers = {"EVENTS_POSTGRES": postgres_server.session_url(), "EVENTS_SPARK": spark_server.session_url()}
    return own | servers | {"EVENTS_DIRECTORY": str(files)}


def pinned(package: str) -> str:
    [found] = re.findall(rf"^{package}==(.+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_shows_what_is_stored_in_it(name: str, tmp_path: Path) -> None:
    found = kernels.executed(NOTEBOOKS[name], tmp_path, environment(name, tmp_path), pictures=UPDATE)
    if UPDATE:
        kernels.write(found, NOTEBOOKS[name])
    stored = nbformat.read(NOTEBOOKS[name], as_version=4)
    shown, kept = kernels.results(found), kernels.results(stored)
    assert len(shown) == len(kept)
    # Other versions print the same answers in another way: there, it counts that every cell runs.
    if all(version(package) == pinned(package) for package in PRINTERS):
        for number, (now, before) in enumerate(zip(shown, kept, strict=True), 1):
            assert now == before, f"cell {number} of {name}.ipynb shows something else; `make notebooks` stores it"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_stored_with_its_outputs_and_ends_in_a_picture(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS[name], as_version=4)
    nbformat.validate(notebook)
    assert NOTEBOOKS[name].stat().st_size < MOST_BYTES
    assert notebook.cells[0].source.startswith("# ")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) <= MOST_CODE_CELLS
    assert max(len(line) for cell in code for line in cell.source.splitlines()) <= LONGEST_LINE
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"execute_result", "stream"}, "no errors, and no progress"
    [last] = code[-1].outputs
    assert notebook.cells[-1] is code[-1]
    assert kernels.VEGA_LITE in last.data
    assert base64.b64decode(last.data["image/png"]).startswith(b"\x89PNG")
    texts = json.dumps(
        [{kind: text for kind, text in output.get("data", output).items() if kind != "image/png"} for output in outputs]
    )
    assert PRIVATE.findall(texts) == []


def test_the_page_of_notebooks_lists_each() -> None:
    page = (ROOT / "docs" / "notebooks.md").read_text("utf-8")
    assert set(re.findall(r"\(\.\./notebooks/(\w+)\.ipynb\)", page)) == set(NOTEBOOKS)
