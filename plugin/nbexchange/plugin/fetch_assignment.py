"""A student fetches the current version of an assignment."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from nbgrader.exchange.abc import ExchangeFetchAssignment as ABCExchangeFetchAssignment

from nbexchange.plugin.archives.selection import Selection
from nbexchange.plugin.exchange import Exchange
from nbexchange.plugin.older_names import adopt_section
from nbexchange.plugin.origins import Origin, holds_copy, refuse_other, write_origin
from nbexchange.plugin.spelling import composed
from nbexchange.plugin.transfer.transfers import accept
from nbexchange.protocol import DownloadGranted, DownloadItem


class ExchangeFetchAssignment(Exchange, ABCExchangeFetchAssignment):  # type: ignore[misc]  # nbgrader ships no types
    def _load_config(self, cfg: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as nbgrader's own has it
        adopt_section(self, cfg, "ExchangeFetch", "ExchangeFetchAssignment")
        super()._load_config(cfg, **kwargs)

    def init_src(self) -> None:
        self.assignment_id = self.coursedir.assignment_id
        self.course_id = self.find_course(self.local_path("", self.assignment_id))
        self.release, _ = self.find_release()

    def init_dest(self) -> None:
        self.dest_path = self.local_path(self.course_id, self.assignment_id)
        refuse_other(self.dest_path, self.course_id, self.assignment_id, "folder-of-another")
        self.has_copy = holds_copy(self.dest_path, self.course_id, self.assignment_id)
        if self.has_copy and not self.replace_missing_files:
            self.fail(f"You already have a copy of the assignment in this directory: {self.dest_path}")
        if os.path.lexists(self.dest_path) and not self.dest_path.is_dir():
            self.fail(
                f"There is a file in the place of the assignment, which was left as it is: {self.dest_path}"
            )

    def copy_files(self) -> None:
        self.log.info("Source: %s", self.address)
        self.log.info("Destination: %s", self.dest_path)
        (answer,) = self.transfer.grants([DownloadItem("release", self.release.id)])
        granted = accept(answer)
        if self.has_copy:
            self._add_missing(granted)
        else:
            with self.unpacked("release", granted, self.assignment_id, self.dest_path, self.selection) as (
                folder,
                _,
            ):
                write_origin(folder, self._origin(), self.modes.file)
        self.log.info(
            "Fetched as: %s %s (version %s)", self.course_id, self.assignment_id, self.release.version
        )

    @property
    def selection(self) -> Selection:
        """What the student's own configuration ignores is not fetched; nbgrader's other limits are not for this."""
        return Selection(self.coursedir.ignore)

    def _origin(self) -> Origin:
        return Origin(self.course_id, self.assignment_id, self.release.version, self.release.sha256)

    def _add_missing(self, granted: DownloadGranted) -> None:
        """Unpack beside the student's copy, then add what it lacks; nothing that is there is touched."""
        with tempfile.TemporaryDirectory(prefix=".nbexchange-", dir=self.dest_path.parent) as folder:
            beside = Path(folder) / self.dest_path.name
            with self.unpacked("release", granted, self.assignment_id, beside, self.selection):
                pass
            if not self._copy_missing(beside, self.dest_path):
                self.log.info(
                    "Nothing to replace: no file of the assignment is missing in %s", self.dest_path
                )

    def _copy_missing(self, source: Path, target: Path) -> bool:
        """Add what `target` lacks; gives whether that was anything."""
        is_anything = False
        here = {composed(path.name): path for path in target.iterdir()}
        for entry in sorted(source.iterdir()):
            copy = here.get(composed(entry.name), target / entry.name)
            is_missing = not copy.exists()
            if entry.is_dir():
                if is_missing:
                    self.log.warning("Creating missing directory '%s'", copy)
                    copy.mkdir()
                if copy.is_dir():
                    is_missing |= self._copy_missing(entry, copy)
            elif is_missing:
                self.log.warning("Replacing missing file '%s'", copy)
                shutil.move(entry, copy)  # what does not fit is not there by half
            is_anything |= is_missing
        return is_anything
