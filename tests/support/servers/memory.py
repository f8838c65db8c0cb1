"""What a process has in memory, as the kernel counts it."""

from __future__ import annotations

import re
from pathlib import Path


def peak(pid: int | str) -> int:
    """The most bytes that this process (`self`, or a number) had since it began, or since `forget_peak`."""
    return _status(pid, "VmHWM")


def forget_peak() -> int:
    """Let this process's own peak begin at what is in memory now; gives that."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("self", "VmRSS")


def _status(pid: int | str, name: str) -> int:
    match = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert match is not None
    return 1024 * int(match[1])
