"""The program and the command of docs/report.md run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from hub.events import stream

from objectiv_local.cli.main import code

PAGE = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")


def test_the_guide_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stream.as_csv(stream.stream(), tmp_path / "clicks.csv")
    [program] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    [command] = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(program, names)
    assert code(shlex.split(command)[1:]) == 0
    # Both ways produce the same report.
    assert Path("report.html").read_text("utf-8") == Path("shop.html").read_text("utf-8")
    sections = re.findall(r"^\| (\w[\w ]*?) \| ", PAGE.partition("## Sections")[2].partition("Each section")[0], re.MULTILINE)
    titles = [each.title for each in names["report"].sections]
    assert [each.replace("Features or Pages", "Pages") for each in sections[1:]] == titles
