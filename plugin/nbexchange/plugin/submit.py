"""A student submits their work."""

from __future__ import annotations

from typing import BinaryIO

from nbgrader.exchange.abc import ExchangeSubmit as ABCExchangeSubmit

from nbexchange.plugin.archives.packing import Tree
from nbexchange.plugin.archives.selection import name_some
from nbexchange.plugin.exchange import Exchange
from nbexchange.plugin.failures import PackingFailed, reason_of
from nbexchange.plugin.messages import say
from nbexchange.plugin.moments import moment, short_moment
from nbexchange.plugin.origins import refuse_other
from nbexchange.plugin.spelling import adopt_spelling, composed
from nbexchange.plugin.stamps import write_stamp
from nbexchange.protocol import InitiateUploads, SubmissionRecord


class ExchangeSubmit(Exchange, ABCExchangeSubmit):  # type: ignore[misc]  # nbgrader ships no types
    def init_src(self) -> None:
        self.src_path = self.local_path(self.coursedir.course_id, self.coursedir.assignment_id)
        self.course_id = self.find_course(self.src_path)
        # `nbgrader submit path/to/ps1/` names a directory; the assignment is the last part of its path.
        self.assignment_id = self.coursedir.assignment_id = self.src_path.name
        if not self.src_path.is_dir():
            others = self.src_path.parent.glob("*") if self.src_path.parent.is_dir() else ()
            self.fail_not_here(self.src_path, [path.name for path in others if path.is_dir()])
        refuse_other(self.src_path, self.course_id, self.assignment_id, "work-of-another")

    def init_dest(self) -> None:
        self.student_id = self.require_student()
        release, self.attempts = self.find_release()
        self.expected = release.notebooks

    def copy_files(self) -> None:
        self.log.info("Source: %s", self.src_path)
        self.log.info("Destination: %s", self.address)
        tree = self.survey(self.src_path)
        adopt_spelling(tree, self.expected)
        self.require_notebooks(tree)
        self.compare_notebooks(tree.notebooks)
        with self.packed(tree) as (archive, packed):
            item = packed.to_item(student_id=self.student_id, tree_sha256=packed.tree_sha256)
            batch = InitiateUploads("submission", self.course_id, self.assignment_id, [item])
            record = self.transfer.send(batch, archive, self.assignment_id)
            assert isinstance(record, SubmissionRecord)  # noqa: S101 - we sent a submission
            self.report(record, tree)
            self.keep_copy(record, archive)

    def require_notebooks(self, tree: Tree) -> None:
        """Refuse a folder without any: it would take the place of an attempt that has some.

        One whose notebooks are all too large is submitted, as nbgrader's tests want, and says so.
        """
        here = [*tree.notebooks, *(path for path in tree.left_out.too_large if path.endswith(".ipynb"))]
        if self.expected and not here:
            self.report_left_out(tree.left_out)
            raise PackingFailed(say("no-notebook", path=self.src_path, expected=name_some(self.expected)))

    def compare_notebooks(self, submitted: list[str]) -> None:
        """Warn where the notebooks are not those of the release; with `strict`, refuse when any is missing."""
        here, there = set(map(composed, submitted)), set(map(composed, self.expected))
        missing = there - here
        if here == there:
            return
        expected = [f"{n}: {'MISSING' if composed(n) in missing else 'FOUND'}" for n in self.expected]
        comparison = [f"{n}: {'OK' if composed(n) in there else 'EXTRA'}" for n in submitted]
        difference = "Expected:\n\t{}\nSubmitted:\n\t{}".format(
            "\n\t".join(expected), "\n\t".join(comparison)
        )
        if missing and self.strict:
            self.fail(
                f"Assignment {self.assignment_id} not submitted. "
                f"There are missing notebooks for the submission:\n{difference}"
            )
        self.log.warning(
            "Possible missing notebooks and/or extra notebooks submitted for assignment %s:\n%s",
            self.assignment_id,
            difference,
        )

    def report(self, record: SubmissionRecord, tree: Tree) -> None:
        """The receipt, and in the last line what did not travel."""
        self.log.info(
            "Submitted as: %s %s %s (attempt %s, sha256 %s%s)",
            record.course_id,
            record.assignment_id,
            moment(record.submitted_at, self),
            record.attempt,
            record.sha256[:12],
            self._name_twin(record),
        )
        self.report_left_out(tree.left_out)

    def _name_twin(self, record: SubmissionRecord) -> str:
        """Names the newest of the caller's earlier attempts with the same work, where there is one."""
        work = (record.student_id, record.tree_sha256)
        same = [attempt for attempt in self.attempts if (attempt.student_id, attempt.tree_sha256) == work]
        if not same or record.tree_sha256 is None:
            return ""
        twin = max(same, key=lambda attempt: attempt.submitted_at)
        return f", the same as attempt {twin.attempt} of {short_moment(twin.submitted_at, record.submitted_at, self)}"

    def keep_copy(self, record: SubmissionRecord, archive: BinaryIO) -> None:
        """Keep what was sent, as nbgrader does. The work has arrived: no failure here is one of the submission."""
        if not self.cached_attempts:
            return
        copies = self.copies
        try:
            stamp = write_stamp(record.submitted_at, self.timestamp_format)
            copies.keep(record, archive, self.folder_name(record.submitted_at), stamp, self.modes)
            copies.keep_newest(record, self.cached_attempts)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said, and the work has arrived
            self.log.warning("%s", say("copy-not-kept", path=copies.cache, why=reason_of(error)))
