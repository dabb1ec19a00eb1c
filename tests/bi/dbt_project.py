"""A dbt installation in its own environment, created once for all test runs, and projects for it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from filelock import FileLock

HOME = Path(__file__).parents[2] / ".venv-dbt"
#: From 1.12 on, and in 2, installing dbt downloads a program from outside the package index.
PACKAGES = ["dbt-core~=1.11.2", "dbt-duckdb~=1.11", "dbt-postgres~=1.11"]
_PROJECT = {
    "name": "shop",
    "version": "1.0",
    "profile": "shop",
    "model-paths": ["models"],
    "flags": {"send_anonymous_usage_stats": False},
}


def dbt() -> Path:
    """Return the command ``dbt``, after installing it if needed."""
    wanted = hashlib.sha256(repr((PACKAGES, sys.version)).encode()).hexdigest()
    stamp, programs = HOME / "stamp", HOME / ("Scripts" if os.name == "nt" else "bin")
    with FileLock(str(HOME) + ".lock"):
        if not stamp.exists() or stamp.read_text("utf-8") != wanted:
            venv.create(HOME, clear=True, with_pip=True)
            install = [programs / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *PACKAGES]
            made = subprocess.run(install, capture_output=True, text=True, check=False)
            assert made.returncode == 0, f"dbt cannot be installed from the package index:\n{made.stderr[-3000:]}"
            stamp.write_text(wanted, "utf-8")
    return programs / "dbt"


class Project:
    """A dbt project in a directory, with a profile of one target."""

    def __init__(self, directory: Path, target: dict[str, object]) -> None:
        self.directory = directory
        self.models = directory / "models"
        self.models.mkdir(parents=True)
        # JSON is YAML.
        (directory / "dbt_project.yml").write_text(json.dumps(_PROJECT), "utf-8")
        profile = {"shop": {"target": "test", "outputs": {"test": target}}}
        (directory / "profiles.yml").write_text(json.dumps(profile), "utf-8")

    def build(self) -> list[dict[str, str]]:
        """Run ``dbt build`` and return the results of models and tests."""
        environment = {**os.environ, "DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"}
        done = subprocess.run(
            [dbt(), "build", "--profiles-dir", ".", "--no-partial-parse"],
            cwd=self.directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert "deprecat" not in done.stdout.lower(), done.stdout
        results = json.loads((self.directory / "target" / "run_results.json").read_text("utf-8"))["results"]
        return [{"id": each["unique_id"], "status": each["status"]} for each in results]

    @property
    def manifest(self) -> dict[str, object]:
        """What dbt read."""
        return json.loads((self.directory / "target" / "manifest.json").read_text("utf-8"))
