"""What processes cost: processor time and memory, with all that they started."""

from __future__ import annotations

import psutil
from support.servers.memory import peak


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


def peaks(pid: int) -> int:
    """The peaks of a process and its descendants, added up: they need not have come at one time."""
    return sum(peak(process.pid) for process in family(pid))
