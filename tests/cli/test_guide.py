"""Runs the commands of docs/command-line.md."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from hub.events import stream

from objectiv_local.cli.main import code, group

ROOT = Path(__file__).parents[2]
COMMANDS = [
    line.partition(" #")[0]
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "command-line.md").read_text("utf-8"), re.DOTALL)
    for line in block.splitlines()
    if "objectiv-local " in line
]


def test_the_commands_of_the_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stream.as_csv(stream.stream(), tmp_path / "clicks.csv")
    assert len(COMMANDS) == 12
    for command in COMMANDS:
        arguments = shlex.split(command)[1:]
        if arguments == ["demo"]:
            continue  # covered by a separate test
        expected = {1} if arguments[0] == "quality" else {0}
        assert code(arguments) in expected, (command, capsys.readouterr())
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err


@pytest.mark.parametrize("name", group.commands)
def test_the_page_names_every_command(name):
    assert re.search(rf"\b{name}\b", (ROOT / "docs" / "command-line.md").read_text("utf-8"))
