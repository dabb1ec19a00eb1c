"""What CONTRIBUTING, the other pages for contributors and the workflows name exists: files, links, commands, hooks."""

from __future__ import annotations

import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
PAGES = [
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    "docs/architecture.md",
    "docs/glossary.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs/decisions").glob("*.md"))),
]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
#: Files that a recipe names without their directory, as it has just named it.
PLACES = ("", "objectiv_local/hub/schemas", "objectiv_local/hub/analyses", "objectiv_local/hub/analyses/base")


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_linked_file_exists(page: str) -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", text_of(page))
    assert [path for path in linked if not (ROOT / page).parent.joinpath(path).exists()] == []


def test_every_anchor_of_contributing_exists() -> None:
    for path, anchor in re.findall(r"\]\(([\w./-]+)#([\w-]+)\)", text_of("CONTRIBUTING.md")):
        titles = re.findall(r"^#+ (.*)", text_of(path), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_every_file_that_contributing_names_exists() -> None:
    named = set(re.findall(r"(?<![\w./])[\w./-]+\.(?:py|md|txt)\b|(?<![\w./])(?:\w+/)+(?=`)", text_of("CONTRIBUTING.md")))
    assert {"objectiv_local/frame/series/string.py", "tests/reference/", "posthog.py"} <= named
    assert [name for name in sorted(named) if not any((ROOT / place / name).exists() for place in PLACES)] == []


def test_names_in_recipes_are_those_of_the_code() -> None:
    named = {
        "StringOperation": "objectiv_local/frame/series/string.py",
        "STANDARD_AGGREGATE": "objectiv_local/dialects/standard/table.py",
        "Reductions": "objectiv_local/frame/reductions.py",
        "SeriesAggregates": "objectiv_local/frame/reductions.py",
        "SCHEMAS": "objectiv_local/hub/schemas/__init__.py",
        "METHODS": "tests/spec/test_text.py",
        "grouped": "tests/spec/specs.py",
        "rowwise": "tests/spec/specs.py",
    }
    recipes = text_of("CONTRIBUTING.md")
    for name, path in named.items():
        assert f"`{name}" in recipes
        assert re.search(rf"^(class |def )?{name}\b", text_of(path), re.MULTILINE), name


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout


def test_files_and_lines_of_recipes_are_those_of_their_commits() -> None:
    counted = re.findall(r"commit `(\w+)`, (\d+) files, (\d+) lines", text_of("CONTRIBUTING.md"))
    assert len(counted) == 3
    if git("rev-parse", "--is-shallow-repository").strip() != "false":
        pytest.skip("without the history, there are no commits to count")
    for commit, files, lines in counted:
        changes = git("show", "--numstat", "--format=", commit, "--", "objectiv_local", "tests").splitlines()
        assert (len(changes), sum(int(change.split()[0]) for change in changes)) == (int(files), int(lines)), commit


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"^\d+\. \[(.*)\]\((.*)\)$", text_of("docs/decisions/README.md"), re.MULTILINE)
    assert len(listed) == 10
    assert [path for _, path in listed] == sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    for title, path in listed:
        record = text_of(f"docs/decisions/{path}")
        assert record.startswith(f"# {title}\n")
        assert re.findall(r"^\*\*(\w+)", record, re.MULTILINE) == ["Context", "Decision", "Consequences", "Alternatives"]


def test_every_make_target_exists() -> None:
    texts = chain((text_of(page) for page in PAGES), (path.read_text("utf-8") for path in WORKFLOWS))
    named = {
        target for text in texts for target in re.findall(r"\bmake (?:--keep-going )?([a-z-]+)(?=`|$)", text, re.MULTILINE)
    }
    assert {"setup", "check", "test", "tables", "test-lowest"} <= named <= TARGETS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_name_what_is_there(path: Path) -> None:
    jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"]
    assert {need for job in jobs.values() for need in [job.get("needs")] if need} <= jobs.keys()
    steps = [step for job in jobs.values() for step in job["steps"]]
    assert all(("run" in step) != ("uses" in step) for step in steps)
    files = {step.get("with", {}).get("cache-dependency-path") for step in steps} - {None}
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert all("timeout-minutes" in job for job in jobs.values())


def test_hooks_are_tools_of_the_environment_for_development() -> None:
    hooks = [hook for repo in yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"] for hook in repo["hooks"]]
    tools = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in hooks}
    assert tools == {"ruff", "mypy", "typos"}
    needed = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]["dev"]
    assert tools | {"pre-commit"} <= {re.split(r"\W*[>\[]", each)[0] for each in needed}
    pinned = {line.partition("==")[0] for line in text_of("constraints.txt").splitlines()}
    assert tools | {"pre_commit"} <= pinned
