"""An instructor collects what was submitted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from nbgrader.exchange.abc import ExchangeCollect as ABCExchangeCollect
from nbgrader.exchange.abc.exchange import ExchangeError

from nbexchange.plugin.exchange import Exchange, configured_limit
from nbexchange.plugin.failures import ArchiveRefused, TransferFailed
from nbexchange.plugin.gradebook import enter_names, find_duedate
from nbexchange.plugin.messages import say
from nbexchange.plugin.moments import moment
from nbexchange.plugin.patterns import literal
from nbexchange.plugin.sizes import humanize
from nbexchange.plugin.stamps import read_secret, read_stamp, write_stamp
from nbexchange.plugin.submission_folders import SECRET, STAMP
from nbexchange.plugin.transfer.transfers import accept
from nbexchange.protocol import (
    DownloadGranted,
    DownloadItem,
    SubmissionRecord,
    SubmissionsQuery,
    is_id,
)

LATE_COMPLETION = 600
"""Seconds between stamp and arrival after which an instructor is told of it."""

NEW, UPDATED, UNCHANGED = "new", "updated", "unchanged"


class ExchangeCollect(Exchange, ABCExchangeCollect):  # type: ignore[misc]  # nbgrader ships no types
    def init_src(self) -> None:
        self.course_id, self.assignment_id = self.require_course(), self.coursedir.assignment_id
        duedate = find_duedate(self.coursedir, self.course_id, self.assignment_id)
        self.records = self._latest(None)
        if self.before_duedate and duedate is not None:
            in_time = {record.student_id: record for record in self._latest(duedate.replace(tzinfo=UTC))}
            self.records = [in_time.get(record.student_id, record) for record in self.records]

    def _latest(self, before: datetime | None) -> list[SubmissionRecord]:
        """The newest attempt of each student who is asked for, optionally of those up to an instant."""
        pattern = self.coursedir.student_id or "*"
        query = SubmissionsQuery(
            self.course_id, self.assignment_id, student_id=literal(pattern), latest=True, before=before
        )
        return [
            record for record in self.client.submissions(query) if fnmatchcase(record.student_id, pattern)
        ]

    def init_dest(self) -> None:
        """Each student has a directory of their own: see `_path_of`."""

    def copy_files(self) -> None:
        if not self.records:
            self.log.warning(
                "No submissions of '%s' for course '%s' to collect: %s",
                self.assignment_id,
                self.course_id,
                self._why_nothing(),
            )
            return
        self.log.info(
            "Processing %s submissions of '%s' for course '%s'",
            len(self.records),
            self.assignment_id,
            self.course_id,
        )
        self.left_out: list[tuple[int, str]] = []
        failures = self._name_unusable()
        failures |= self._name_sharing(failures)
        usable = [record for record in self.records if record.student_id not in failures]
        changed = [(record, plan) for record in usable if (plan := self._plan(record)) != UNCHANGED]
        counts = Counter({UNCHANGED: len(usable) - len(changed)})
        failures |= self._collect_all(changed, counts)
        self._report([record for record, _ in changed if record.student_id not in failures])
        self._enter_names([record for record in self.records if record.student_id not in failures])
        for level, text in self.left_out:
            self.log.log(level, "%s", text)
        summary = f"{counts[NEW]} new, {counts[UPDATED]} updated, {counts[UNCHANGED]} unchanged"
        if failures:
            self.fail_in_part(f"{summary}, {len(failures)} failed", failures)
        self.log.info("%s", summary)

    def _why_nothing(self) -> str:
        entries = self.client.assignments(self.course_id).assignments
        if self.assignment_id not in (others := [entry.assignment_id for entry in entries if entry.release]):
            self.suggest(self.assignment_id, others)
            return "it is not released"
        pattern = self.coursedir.student_id or "*"
        return "nobody has submitted it" if pattern == "*" else f"there is none of students like {pattern!r}"

    def _name_unusable(self) -> dict[str, str]:
        """The students whose names may not go into folders and the gradebook: a service of before may have such."""
        return {
            record.student_id: say("student-unusable", student=ascii(record.student_id))
            for record in self.records
            if not is_id(record.student_id)
        }

    def _name_sharing(self, others: Collection[str]) -> dict[str, str]:
        """The students who have one folder: one's work would be graded as another's."""
        students: dict[tuple[int, int], list[str]] = defaultdict(list)
        for record in self.records:
            if record.student_id not in others:
                with suppress(OSError):  # the folder does not exist yet
                    status = self._path_of(record).stat()
                    students[status.st_dev, status.st_ino].append(record.student_id)
        sharing = [names for names in students.values() if len(names) > 1]
        return {
            name: say("students-share", students=" and ".join(names)) for names in sharing for name in names
        }

    def _report(self, collected: list[SubmissionRecord]) -> None:
        """Tell the exchange what is kept here, for its log. That it cannot be told takes nothing back."""
        try:
            self.client.note_collected([record.id for record in collected])
        except TransferFailed as failure:
            self.log.warning("The log of the exchange does not have that these were collected: %s", failure)

    def _collect_all(
        self, changed: list[tuple[SubmissionRecord, str]], counts: Counter[str]
    ) -> dict[str, str]:
        """Collect each; the failure of one does not stop the others. Gives the reasons by the student's name."""
        failures = {}
        answers = self.transfer.grants([DownloadItem("submission", record.id) for record, _ in changed])
        for (record, plan), answer in zip(changed, answers, strict=True):
            try:
                with self.readable_failures(), self._naming_a_way_out(record):
                    self._collect(record, plan, accept(answer))
                counts[plan] += 1
            except (ExchangeError, RuntimeError) as error:
                self.log.error("Not collected: %s %s: %s", record.student_id, self.assignment_id, error)
                failures[record.student_id] = str(error)
        return failures

    @contextmanager
    def _naming_a_way_out(self, record: SubmissionRecord) -> Iterator[None]:
        """Where an attempt can never be collected, say how to go on without it."""
        try:
            yield
        except TransferFailed as failure:
            if failure.lies_in_object:
                attempt, student = record.attempt, record.student_id
                failure.add(say("attempt-unusable", attempt=attempt, student=student, id=record.id))
            raise

    def _collect(self, record: SubmissionRecord, plan: str, granted: DownloadGranted) -> None:
        verb = "Updating" if plan == UPDATED else "Collecting"
        self.log.info("%s submission: %s %s", verb, record.student_id, self.assignment_id)
        self._warn(record)
        if (granted.size, granted.sha256) != (record.size, record.sha256):
            raise ArchiveRefused("what is offered is not the attempt that was listed")
        self._check_size(record)
        destination, replace = self._path_of(record), plan == UPDATED
        with self.unpacked(
            "submission", granted, record.student_id, destination, self.selection, replace=replace
        ) as (folder, left_out):
            self._write(folder / STAMP, write_stamp(record.submitted_at, self.timestamp_format))
            self._write(folder / SECRET, str(record.id))
        self.left_out += self.describe_left_out(left_out, f" of {record.student_id} {self.assignment_id}")

    def _check_size(self, record: SubmissionRecord) -> None:
        """nbgrader's limit on directories, where one is configured, fails this student alone."""
        limit = configured_limit(self.coursedir, "max_dir_size")
        if limit is not None and record.unpacked_size > limit:
            size = humanize(record.unpacked_size)
            raise TransferFailed(say("over-max-dir-size", size=size, limit=humanize(limit)))

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(self.modes.file)

    def _path_of(self, record: SubmissionRecord) -> Path:
        directory = self.coursedir.submitted_directory
        return Path(self.coursedir.format_path(directory, record.student_id, self.assignment_id)).absolute()

    def _plan(self, record: SubmissionRecord) -> str:
        """What becomes of the local copy: new, updated or unchanged."""
        folder = self._path_of(record)
        if not folder.is_dir():
            return NEW
        existing = read_stamp(folder)
        # The id knows the copy also where its stamp was written with less than microseconds.
        is_same = existing is not None and (
            existing == record.submitted_at or read_secret(folder) == record.id
        )
        is_newer = existing is None or record.submitted_at > existing
        if not is_same and (self.before_duedate or (self.update and is_newer)):
            return UPDATED
        text = "Submission already exists, use --update to update"
        if self.update:
            text = "No newer submission to collect"
        self.log.info("%s: %s %s", text, record.student_id, self.assignment_id)
        return UNCHANGED

    def _warn(self, record: SubmissionRecord) -> None:
        if self.check_owner and record.submitted_by != record.student_id:
            self._warn_of_submitter(record)
        delay = (record.completed_at - record.submitted_at).total_seconds()
        if delay > LATE_COMPLETION:
            self.log.warning(
                "%s was stamped %s, and its bytes arrived %d minutes later",
                record.student_id,
                moment(record.submitted_at, self),
                delay // 60,
            )

    def _warn_of_submitter(self, record: SubmissionRecord) -> None:
        """An instructor of the course may submit for a student; the service lets nobody else."""
        who = f"{record.submitted_by}, then an instructor of the course"
        if not record.by_instructor:
            who = f"{record.submitted_by}; cheating attempt?"
        self.log.warning(
            "%s: attempt %s of %s was submitted by %s (c.ExchangeCollect.check_owner = False says this no more)",
            self.assignment_id,
            record.attempt,
            record.student_id,
            who,
        )

    def _enter_names(self, records: list[SubmissionRecord]) -> None:
        """Put names and addresses into the gradebook. What was collected is in place: a failure is a warning."""
        try:
            enter_names(self.coursedir, self.course_id, records)
        except TransferFailed as failure:
            self.log.warning("Names and addresses were not entered: %s", failure)
