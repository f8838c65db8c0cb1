"""Files keep the times of their last change, on the way to a student and back."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeReleaseAssignment,
    ExchangeSubmit,
)
from nbexchange.plugin.archives import packing

CHANGED = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC).timestamp()


def change_at(desk, path, when=CHANGED):
    os.utime(desk.home / path, (when, when))


def changed_at(desk, path):
    return (desk.home / path).stat().st_mtime


def test_collected_files_keep_the_times_of_their_last_change(submitted):
    for path in ("p1.ipynb", "part/p2.ipynb"):
        change_at(submitted.ada, f"ps1/{path}")
    submitted.ada.run(ExchangeSubmit, "ps1")
    submitted.teacher.run(ExchangeCollect, "ps1")
    for path in ("p1.ipynb", "part/p2.ipynb"):
        assert changed_at(submitted.teacher, f"submitted/ada/ps1/{path}") == CHANGED
    (copy, *_) = sorted(submitted.ada.data.glob("nbgrader_cache/cs1/*"), reverse=True)
    assert (copy / "p1.ipynb").stat().st_mtime == CHANGED


def test_fetched_files_keep_them_too_and_so_do_those_that_are_replaced(desks):
    desks.teacher.write("release/ps1/p1.ipynb")
    change_at(desks.teacher, "release/ps1/p1.ipynb")
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    for replace in (False, True):
        desks.ada.run(ExchangeFetchAssignment, "ps1", replace_missing_files=replace)
        assert changed_at(desks.ada, "ps1/p1.ipynb") == CHANGED
        (desks.ada.home / "ps1" / "p1.ipynb").unlink()


@pytest.mark.parametrize("when", [-1, 0, 1e300, float("nan"), float("inf"), 253402300800])
def test_times_that_cannot_be_are_not_set(submitted, monkeypatch, when):
    """A client of the student's own making says so; no collect fails for it."""
    real = packing.tarfile.TarInfo.create_pax_header

    def forging(self, info, encoding):
        info["mtime"] = 0
        self.pax_headers = {"mtime": str(when)}
        return real(self, info, encoding)

    with monkeypatch.context() as patch:
        patch.setattr(packing.tarfile.TarInfo, "create_pax_header", forging)
        submitted.ada.run(ExchangeSubmit, "ps1")
    before = datetime.now(UTC).timestamp() - 60
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert "1 failed" not in submitted.teacher.text
    assert before < changed_at(submitted.teacher, "submitted/ada/ps1/p1.ipynb") < before + 120
