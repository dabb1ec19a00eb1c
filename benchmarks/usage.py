"""What processes use: CPU seconds and memory, as Linux counts them. Standard library only, for Python 3.9."""

from __future__ import annotations

import os
from pathlib import Path


def server_cpu(backend: int) -> float:
    """Return the CPU seconds that a Postgres server has spent for all its clients so far, by the process of one of them."""
    server = int(_stat(backend)[1])
    # Of a process: its own time, and that of its children that have ended.
    total = sum(map(int, _stat(server)[11:15]))
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                fields = _stat(int(path.name))
            except OSError:  # it has ended
                continue
            if int(fields[1]) == server:
                total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def process_cpu(process: int) -> float:
    """Return the CPU seconds of a process so far."""
    return sum(map(int, _stat(process)[11:13])) / os.sysconf("SC_CLK_TCK")


def memory(field: str, process: str = "self") -> float:
    """Return a figure of a process in MB: VmRSS, the memory that it holds, or VmHWM, the most that it held."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def forget_peak() -> None:
    """Let VmHWM of this process start from what it holds now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _stat(process: int) -> list[str]:
    """Return the fields of a process behind its name: its state, its parent, and so on."""
    return Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
