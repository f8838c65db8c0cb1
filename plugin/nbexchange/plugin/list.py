"""What is released, and what was submitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sized
from fnmatch import fnmatchcase
from pathlib import Path
from uuid import UUID

from nbgrader.exchange.abc import ExchangeList as ABCExchangeList

from nbexchange.plugin.exchange import Exchange
from nbexchange.plugin.failures import ServiceRefused, ServiceUnreachable, TransferFailed, reason_of
from nbexchange.plugin.list_entries import (
    Info,
    attempts,
    copy_info,
    feedback_info,
    flatten,
    inbound_line,
    name_of,
    notebook_info,
    outbound_line,
    released_info,
)
from nbexchange.plugin.messages import say
from nbexchange.plugin.moments import moment
from nbexchange.plugin.origins import find_copies
from nbexchange.plugin.patterns import literal
from nbexchange.plugin.service.answers import failure_of
from nbexchange.protocol import (
    STAFF_ROLES,
    Assignment,
    Course,
    Removed,
    SubmissionRecord,
    SubmissionsQuery,
    top_level,
)


class ExchangeList(Exchange, ABCExchangeList):  # type: ignore[misc]  # nbgrader ships no types
    is_patient = False  # a list is asked for again by the person who looks

    def init_src(self) -> None:
        """One request says everything; only `--inbound` without a course asks which the caller grades, and in each."""
        self.entries = [] if self.inbound else self._find_entries()
        self.submissions = [
            record
            for record in (self._find_inbound() if self.inbound else attempts(self.entries))
            if self._is_asked_for(record.course_id, record.assignment_id, record.student_id)
        ]

    def _find_entries(self) -> list[Assignment]:
        assignments = self.client.assignments(literal(self.coursedir.course_id)).assignments
        return [entry for entry in assignments if self._is_asked_for(entry.course_id, entry.assignment_id)]

    def _is_asked_for(self, *names: str) -> bool:
        patterns = (self.coursedir.course_id, self.coursedir.assignment_id, self.coursedir.student_id)
        return all(fnmatchcase(name, pattern or "*") for name, pattern in zip(names, patterns, strict=False))

    def _find_inbound(self) -> list[SubmissionRecord]:
        """Everybody's attempts in the courses that the caller teaches, and in others their own."""
        if course_id := literal(self.coursedir.course_id):
            try:
                return self._find_submissions(course_id)
            except ServiceRefused as refusal:
                if refusal.problem.type != "role-required":
                    raise
                return attempts(self._find_entries())
        graded = {course.course_id: course.role in STAFF_ROLES for course in self._courses()}
        own = [] if all(graded.values()) else attempts(self._find_entries())
        records = [record for record in own if not graded.get(record.course_id)]
        return records + [
            record for name in graded if graded[name] for record in self._find_submissions(name)
        ]

    def _find_submissions(self, course_id: str) -> list[SubmissionRecord]:
        assignment_id, student_id = literal(self.coursedir.assignment_id), literal(self.coursedir.student_id)
        return list(self.client.submissions(SubmissionsQuery(course_id, assignment_id, student_id)))

    def _courses(self) -> list[Course]:
        """The caller's, of those that are asked for."""
        asked = self.coursedir.course_id or "*"
        return [course for course in self.client.me().courses if fnmatchcase(course.course_id, asked)]

    def own_courses(self) -> list[str]:
        """The ids of the caller's courses, also of those in which nothing is released yet."""
        with self.readable_failures():
            return sorted(course.course_id for course in self._courses())

    def init_dest(self) -> None:
        """A list has no destination."""

    def copy_files(self) -> None:
        """A list copies nothing."""

    # --- what nbgrader, formgrader and the Assignment List read --------------------------------------------

    def list_files(self) -> list[Info]:
        if self.inbound or self.cached:
            groups = self._groups()
            self._print("Submitted assignments:", flatten(groups), inbound_line)
            return groups
        released = [self._released(entry) for entry in self.entries if entry.release]
        self._print("Released assignments:", released, outbound_line)
        return released

    def remove_files(self) -> list[Info]:
        """Hide what `list_files` would list, and nothing else; bytes and history stay."""
        removed = self._remove_submissions() if self.inbound or self.cached else self._remove_releases()
        if not removed:  # a list that is empty ends after its heading, as nbgrader's does
            self.log.warning("Nothing to remove: the list without --remove is empty too")
        return removed

    def _remove_releases(self) -> list[Info]:
        released = [self._released(entry) for entry in self.entries if entry.release]
        failures = self._unrelease(released)
        if failures and len(failures) == len(released):
            raise next(iter(failures.values()))
        removed = [info for info in released if name_of(info) not in failures]
        self._print("Removing released assignments:", removed, outbound_line)
        self._report_kept(failures)
        return [{**info, "status": "removed"} for info in removed]

    def _unrelease(self, released: Iterable[Info]) -> dict[str, TransferFailed]:
        """The failure of each that stays; where the service is away, the others are not tried."""
        failures: dict[str, TransferFailed] = {}
        away: TransferFailed | None = None
        for info in released:
            try:
                if away:
                    raise away
                self.client.unrelease(info["course_id"], info["assignment_id"])
            except TransferFailed as failure:
                failures[name_of(info)] = failure
                away = failure if isinstance(failure, ServiceUnreachable) else None
        return failures

    def _report_kept(self, failures: Mapping[str, TransferFailed]) -> None:
        for name, failure in failures.items():
            self.log.error("Not removed: %s: %s", name, failure)
        if failures:
            self.fail_in_part("Not removed", {name: str(failure) for name, failure in failures.items()})

    def _remove_submissions(self) -> list[Info]:
        """`--inbound` hides from the course, where the caller teaches it; `--cached` from their own list alone."""
        failures = self._hide()
        kept = [record for record in self.submissions if record.id in failures]
        self.submissions = [record for record in self.submissions if record.id not in failures]
        groups = self._groups("removed")
        self._print("Removing submitted assignments:", flatten(groups), inbound_line)
        if self.cached:
            self._forget_copies()
        self._report_kept({self._name(record): failures[record.id] for record in kept})
        return groups

    def _forget_copies(self) -> None:
        """nbgrader removes what it kept of them here; they are off the list either way."""
        ids: dict[str, set[UUID]] = defaultdict(set)
        for record in self.submissions:
            ids[record.course_id].add(record.id)
        try:
            for course_id, of_course in ids.items():
                self.copies.forget(course_id, of_course)
        except OSError as error:
            self.log.warning("%s", say("copies-not-removed", path=self.copies.cache, why=reason_of(error)))

    def _hide(self) -> dict[UUID, TransferFailed]:
        """The failure of each that stays; raises where nothing was hidden."""
        left = {record.id for record in self.submissions}
        failures: dict[UUID, TransferFailed] = {}
        answers = self.client.remove_submissions([record.id for record in self.submissions], own=self.cached)
        try:
            for answer in answers:
                left.discard(answer.id)
                if not isinstance(answer, Removed):
                    failures[answer.id] = failure_of(answer)
        except TransferFailed as failure:
            if len(left) == len(self.submissions):
                raise
            failures |= dict.fromkeys(left, failure)
        return failures

    def _name(self, record: SubmissionRecord) -> str:
        return f"{record.course_id} {record.student_id} {record.assignment_id} {self.format_stamp(record.submitted_at)}"

    def _print(self, title: str, infos: Iterable[Info], line: Callable[[Info], str]) -> None:
        self.log.info("%s", title)
        for info in infos:
            self.log.info("%s", line(info))

    def _released(self, entry: Assignment) -> Info:
        info = released_info(entry, self.local_path(entry.course_id, entry.assignment_id))
        self._warn_without(info["notebooks"], info["path"])
        return info

    def local_copies(self) -> list[Info]:
        """What was fetched to this machine of what is asked for, without a question to the exchange."""
        copies = find_copies(Path(self.assignment_dir).absolute(), with_course=self.path_includes_course)
        return [
            copy_info(origin.course_id, origin.assignment_id, folder)
            for folder, origin in copies
            if self._is_asked_for(origin.course_id, origin.assignment_id)
            and folder == self.local_path(origin.course_id, origin.assignment_id)
        ]

    def _warn_without(self, notebooks: Sized, path: str) -> None:
        if not notebooks:
            self.log.warning("No notebooks found in %s", path)

    def _groups(self, status: str = "submitted") -> list[Info]:
        """The attempts, oldest first, by course, student and assignment."""
        groups: dict[tuple[str, str, str], list[Info]] = defaultdict(list)
        for record in sorted(self.submissions, key=lambda record: record.submitted_at):
            key = (record.course_id, record.student_id, record.assignment_id)
            groups[key].append({**self._submitted(record), "status": status})
        return [
            {
                "course_id": course_id,
                "student_id": student_id,
                "assignment_id": assignment_id,
                "status": status,
                "submissions": submissions,
            }
            for (course_id, student_id, assignment_id), submissions in sorted(groups.items())
        ]

    def _submitted(self, record: SubmissionRecord) -> Info:
        stamp = self.format_stamp(record.submitted_at)
        feedback = self.local_path(record.course_id, record.assignment_id) / "feedback"
        folder = feedback / self.folder_name(record.submitted_at)
        path = f"{record.course_id}/{record.assignment_id}/{record.id}"
        exchange = {feedback.notebook_id: feedback for feedback in record.feedback}
        notebooks = [
            notebook_info(name, folder, exchange.get(Path(name).stem)) for name in top_level(record.notebooks)
        ]
        self._warn_without(notebooks, path)
        return {
            "course_id": record.course_id,
            "student_id": record.student_id,
            "assignment_id": record.assignment_id,
            "path": path,
            "timestamp": stamp,
            "moment": f"{moment(record.submitted_at, self)}, attempt {record.attempt}",
            "instant": record.submitted_at.isoformat(),
            "notebooks": notebooks,
            **feedback_info(notebooks, folder, exchange),
        }
