"""The command ``report``: the file that it writes, and its exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hub.events import stream
from report.documents import document, tables

from objectiv_local.cli.main import code


@pytest.fixture
def clicks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stream.as_csv(stream.stream(), tmp_path / "clicks.csv")
    return "clicks.csv"


@pytest.fixture
def asked(capsys):
    def ask(*arguments):
        result = code(["report", *map(str, arguments)])
        shown = capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        assert shown.out == ""
        return result, shown.err

    return ask


def test_the_file_in_a_process_of_its_own(clicks):
    done = subprocess.run(
        [sys.executable, "-m", "objectiv_local", "report", clicks, "-o", "a b.html", "--title", "Shop & co"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.endswith("written: a b.html\n")
    assert "<h1>Shop &amp; co</h1>" in Path("a b.html").read_text("utf-8")


def test_options(asked, clicks):
    steps = '{"looks": "view", "on a phone": {"query": "device == \'mobile\'"}}'
    result, err = asked(
        clicks,
        "--by",
        "month",
        "--start",
        "2024-03-10",
        "--funnel",
        steps,
        "--conversion",
        "=event_type == 'buy'",
        "--time-zone",
        "Asia/Tokyo",
    )
    assert (result, "written: report.html" in err) == (0, True)
    html = Path("report.html").read_text("utf-8")
    found = tables(document(html))
    assert [row[1] for row in found["Funnel"][1:]] == ["looks", "on a phone"]
    assert any(title.startswith("Users by month") for title in found)
    assert "Asia/Tokyo" in html


def test_a_file_that_exists_is_kept(asked, clicks):
    Path("report.html").write_text("mine", "utf-8")
    result, err = asked(clicks)
    assert result == 2
    assert err == "error: 'report.html' exists\nhint: add --overwrite to replace it\n"
    assert Path("report.html").read_text("utf-8") == "mine"
    assert asked(clicks, "--overwrite", "--funnel", "view,buy")[0] == 0
    assert Path("report.html").read_text("utf-8") != "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "none.csv"),
        (["clicks.csv", "-o", "none/a.html"], "there is no directory"),
        (["clicks.csv", "-o", "."], "is a directory"),
        (["clicks.csv", "-o", "a" * 300], "cannot be written: File name too long"),
        (["clicks.csv", "--by", "fortnight"], "fortnight"),
        (["clicks.csv", "--start", "yesterday"], "start"),
        (["clicks.csv", "--start", "2024-03-02", "--end", "2024-03-01"], "is not after start"),
        (["clicks.csv", "--funnel", "[1"], "steps is not valid JSON"),
        (["clicks.csv", "--conversion", "=amount > 1"], "amount"),
        (["clicks.csv", "--title", ""], "title of report is empty"),
        (["prices.csv"], "user_id"),
        (["postgresql://me:s3cret@127.0.0.1:1/shop"], "127.0.0.1"),
        ([], "Missing argument"),
    ],
)
def test_invalid_input(asked, clicks, arguments, message):
    Path("prices.csv").write_text("item,price\nbread,2\n", "utf-8")
    result, err = asked(*arguments)
    assert (result, message in err, "s3cret" in err) == (2, True, False), err
    assert not Path("report.html").exists()
