"""What processes cost: processor time and memory, with all that they started."""

from __future__ import annotations

import re
from pathlib import Path

import psutil


def family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants, also of those that have ended."""
    times = [process.cpu_times() for process in family(pid)]
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


def resident(pid: int) -> int:
    """Bytes in memory, of the process and its descendants together."""
    return sum(process.memory_info().rss for process in family(pid))


def peak(pid: int | str) -> int:
    """The most bytes that this one process ever had in memory (`VmHWM`)."""
    return _status(pid, "VmHWM")


def peaks(pid: int) -> int:
    """The peaks of a process and its descendants, added up: they need not have come at one time."""
    return sum(peak(process.pid) for process in family(pid))


def forget_peak() -> int:
    """Let this process's peak begin at what is in memory now; gives that."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("self", "VmRSS")


def _status(pid: int | str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return 1024 * int(found[1])
