"""DuckDB in a Jupyter kernel without ipywidgets, where DuckDB's own progress bar cannot be set."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

CODE = """\
import sys
sys.modules["ipywidgets"] = None  # as where it is not installed
import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from objectiv_local import DataFrame, connect

rows = pd.DataFrame({"n": range(3000)})
for target in (rows, pa.table({"n": range(3000)}), duckdb.connect()):
    print(int(DataFrame.from_pandas(connect(target), rows).n.sum().value))
pq.write_table(pa.table({"n": range(10)}), PATH)
print(int(DataFrame.from_parquet(PATH).n.sum().value))
try:
    duckdb.connect().execute("SET enable_progress_bar = false")
except duckdb.Error as error:
    print("ipywidgets" in str(error))
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_duckdb_in_a_kernel_without_ipywidgets(tmp_path: object) -> None:
    cell = nbformat.v4.new_code_cell(f"PATH = {str(tmp_path) + '/n.parquet'!r}\n" + CODE)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    printed = "".join(output.get("text", "") for output in notebook.cells[0].outputs)
    assert printed.split() == ["4498500", "4498500", "4498500", "45", "True"]
