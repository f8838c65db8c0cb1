"""An instructor releases an assignment: a new version of it, which students fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.exchange.abc import ExchangeReleaseAssignment as ABCExchangeReleaseAssignment

from nbexchange.plugin.archives.selection import name_some
from nbexchange.plugin.exchange import Exchange
from nbexchange.plugin.failures import PackingFailed, ServiceRefused
from nbexchange.plugin.messages import say
from nbexchange.plugin.older_names import adopt_section
from nbexchange.protocol import InitiateUploads

SOON_PACKED = 20_000_000
"""Bytes that are packed in about a second."""


class ExchangeReleaseAssignment(Exchange, ABCExchangeReleaseAssignment):  # type: ignore[misc]  # nbgrader ships no types
    def _load_config(self, cfg: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as nbgrader's own has it
        adopt_section(self, cfg, "ExchangeRelease", "ExchangeReleaseAssignment")
        super()._load_config(cfg, **kwargs)

    def init_src(self) -> None:
        self.course_id, self.assignment_id = self.require_course(), self.coursedir.assignment_id
        self.src_path = self._path_of(self.coursedir.release_directory)
        if self.src_path.is_dir():
            return
        source = self._path_of(self.coursedir.source_directory)
        if source.is_dir():
            self.fail(
                f"Assignment found in '{source}' but not '{self.src_path}', "
                "run `nbgrader generate_assignment` first."
            )
        self.fail_not_here(self.src_path, [path.name for path in self.src_path.parent.glob("*")])

    def _path_of(self, step: str) -> Path:
        return Path(self.coursedir.format_path(step, ".", self.assignment_id)).absolute()

    def init_dest(self) -> None:
        """The service decides where releases are kept."""

    def copy_files(self) -> None:
        self.log.info("Source: %s", self.src_path)
        self.log.info("Destination: %s", self.address)
        tree = self.survey(self.src_path)
        if tree.left_out.odd:
            raise PackingFailed(say("not-releasable", paths=name_some(tree.left_out.odd)))
        if tree.size > SOON_PACKED:
            self.client.me()  # so that nobody waits for hours to hear that the service is away
        with self.packed(tree) as (archive, packed):
            item = packed.to_item(force=self.force)
            batch = InitiateUploads("release", self.course_id, self.assignment_id, [item])
            try:
                record = self.transfer.send(batch, archive, self.assignment_id)
            except ServiceRefused as refusal:
                if refusal.problem.type != "already-released":
                    raise
                self.fail(
                    "Destination already exists, add --force to overwrite: "
                    f"{self.course_id} {self.assignment_id}"
                )
        version = f" (version {record.version}, sha256 {record.sha256[:12]})"  # type: ignore[union-attr]  # a release was sent, so a release is recorded
        self.log.info("Released as: %s %s%s", self.course_id, self.assignment_id, version)
        self.report_left_out(tree.left_out)
