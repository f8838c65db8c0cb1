"""A student fetches the feedback on their own submissions, on whatever machine they are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from nbgrader.exchange.abc import ExchangeFetchFeedback as ABCExchangeFetchFeedback
from nbgrader.exchange.abc.exchange import ExchangeError

from nbexchange.plugin.exchange import Exchange
from nbexchange.plugin.failures import TransferFailed
from nbexchange.plugin.list_entries import digest
from nbexchange.plugin.messages import say
from nbexchange.plugin.moments import moment
from nbexchange.plugin.origins import refuse_other
from nbexchange.plugin.transfer.transfers import accept
from nbexchange.protocol import Assignment, DownloadGranted, DownloadItem, Feedback


class ExchangeFetchFeedback(Exchange, ABCExchangeFetchFeedback):  # type: ignore[misc]  # nbgrader ships no types
    def init_src(self) -> None:
        self.assignment_id = self.coursedir.assignment_id
        self.course_id = self.find_course(self.local_path("", self.assignment_id))
        self._require_own()
        assignments = self.client.assignments(self.course_id).assignments
        self.entries = [entry for entry in assignments if self.assignment_id in {"", entry.assignment_id}]
        if self.assignment_id and not self.entries:
            self.fail_unknown([entry.assignment_id for entry in assignments])

    def _require_own(self) -> None:
        """With `--student`, that has to be the caller: the service gives nobody the feedback of another."""
        student_id = self.require_student()
        if student_id is not None and student_id != (caller := self.client.me().name):
            raise TransferFailed(say("feedback-of-another", student=student_id, caller=caller))

    def init_dest(self) -> None:
        """Each assignment has a directory of its own, which may be another course's."""
        for entry in self.entries:
            folder = self.local_path(entry.course_id, entry.assignment_id)
            refuse_other(folder, entry.course_id, entry.assignment_id, "folder-of-another")

    def copy_files(self) -> None:
        self.log.info("Source: %s", self.address)
        outdated = [
            (feedback, target)
            for entry in self.entries
            for feedback, target in self._find_feedback(entry)
            if digest(target) != feedback.sha256
        ]
        if not outdated:
            self._say_why_nothing()
        answers = self.transfer.grants([DownloadItem("feedback", feedback.id) for feedback, _ in outdated])
        failures: dict[str, str] = {}
        for (_, target), answer in zip(outdated, answers, strict=True):
            try:
                with self.readable_failures():
                    self._fetch(accept(answer), target)
                self.log.info("Fetched feedback: %s", target)
            except ExchangeError as failure:
                self.log.error("Not fetched: %s: %s", target, failure)
                failures[f"{target.parent.name}/{target.name}"] = str(failure)
        if failures:
            self.fail_in_part("Feedback was not fetched", failures)

    def _fetch(self, granted: DownloadGranted, target: Path) -> None:
        """Download one file, which appears at `target` once it is complete."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".feedback-", delete=False) as file:
            draft = Path(file.name)
            try:
                self.transfer.receive("feedback", granted, cast(BinaryIO, file), target.stem)
                file.flush()
                draft.chmod(self.modes.file)
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)

    def _find_feedback(self, entry: Assignment) -> Iterator[tuple[Feedback, Path]]:
        """The feedback of an assignment and where each file goes; says so where attempts have none."""
        self._warn(entry, [attempt.submitted_at for attempt in entry.submissions if not attempt.feedback])
        destination = self.local_path(entry.course_id, entry.assignment_id) / "feedback"
        for feedback in chain(*(attempt.feedback for attempt in entry.submissions), entry.feedback):
            yield feedback, self._path_of(destination, feedback)

    def _say_why_nothing(self) -> None:
        """There is nothing to fetch: where attempts have no feedback, that was said of each."""
        what = f"{self.course_id}/{self.assignment_id}" if self.assignment_id else self.course_id
        if any(entry.feedback or any(a.feedback for a in entry.submissions) for entry in self.entries):
            self.log.info("Nothing to fetch: the feedback for '%s' is here, as it was released last", what)
        elif not any(entry.submissions for entry in self.entries):
            self.log.warning("No feedback for '%s': you have submitted nothing", what)

    def _path_of(self, destination: Path, feedback: Feedback) -> Path:
        return destination / self.folder_name(feedback.submitted_at) / f"{feedback.notebook_id}.html"

    def _warn(self, entry: Assignment, without: Sequence[datetime]) -> None:
        if without:
            self.log.warning(
                "Could not find feedback for '%s/%s' submitted at %s",
                entry.course_id,
                entry.assignment_id,
                ", ".join(moment(submitted_at, self) for submitted_at in without),
            )
