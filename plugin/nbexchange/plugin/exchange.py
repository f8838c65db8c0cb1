"""What all actions share: settings, credentials, texts, and one way to fail."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from dateutil.tz import gettz
from nbgrader.exchange.abc import Exchange as ABCExchange
from nbgrader.exchange.abc.exchange import ExchangeError

from nbexchange.plugin.archives.extraction import Modes, unpack
from nbexchange.plugin.archives.packing import Limits, Packed, Tree, pack, survey
from nbexchange.plugin.archives.selection import LeftOut, Selection
from nbexchange.plugin.archives.trees import make_folders, staged, temporary_file, writing_temporary_files
from nbexchange.plugin.copies import Copies
from nbexchange.plugin.escaped_log import TellingEscaped
from nbexchange.plugin.failures import ArchiveTooLarge, TransferFailed, explain_failure, list_reasons
from nbexchange.plugin.messages import say
from nbexchange.plugin.moments import moment
from nbexchange.plugin.origins import NO_WORK, read_origin
from nbexchange.plugin.service.credentials import BaseApiPlugin  # noqa: F401 - where older files import it from
from nbexchange.plugin.settings import ExchangeSettings
from nbexchange.plugin.sizes import humanize
from nbexchange.plugin.stamps import folder_name
from nbexchange.plugin.transfer.storage import Storage
from nbexchange.plugin.transfer.transfers import Transfer
from nbexchange.protocol import (
    DownloadGranted,
    Kind,
    ReleaseRecord,
    SubmissionRecord,
    is_path_component,
    unpacked_limit,
)
from nbexchange.shared.redaction import redact
from nbexchange.shared.terminal import clean_layout


class DirectoryTooLarge(RuntimeError):
    """`max_dir_size` is exceeded: nbgrader wants a RuntimeError here and nowhere else."""


class Exchange(TellingEscaped, ExchangeSettings, ABCExchange):  # type: ignore[misc]  # nbgrader ships no types
    is_patient = True

    # --- the one way to fail -------------------------------------------------------------------------------

    def start(self) -> Any:
        """Run the action. Raises `ExchangeError` and nothing else, but for `DirectoryTooLarge`."""
        with self.readable_failures():
            return super().start()

    @contextmanager
    def readable_failures(self) -> Iterator[None]:
        """Failures have no cause attached: nbgrader's extensions would show both, with their tracebacks."""
        try:
            yield
        except (ExchangeError, DirectoryTooLarge) as error:
            raise error from None
        except Exception as error:  # noqa: BLE001 - nbgrader's extensions explain no other to anybody
            text = clean_layout(explain_failure(error))
            self.log.debug("%s", redact(traceback.format_exc()))
            self.log.critical("%s", text)
            raise ExchangeError(text) from None

    def fail_in_part(self, what: str, failures: Mapping[str, str]) -> None:
        """Some of several things failed: name them, and their reasons below, as the last lines are what people see."""
        self.fail(f"{what}: {', '.join(failures)}\n{list_reasons(failures)}")

    def require_course(self) -> str:
        course_id = self.coursedir.course_id
        if course_id == "":
            self.fail("No course id specified. Re-run with --course flag.")
        return str(course_id)

    def find_course(self, folder: Path) -> str:
        """The course that was named; where none was, that of which a student's folder was fetched."""
        origin = read_origin(folder)
        if origin and not self.coursedir.course_id:
            self.coursedir.course_id = origin.course_id
        return self.require_course()

    def require_student(self) -> str | None:
        """The student named on the command line; None means the caller."""
        student_id = self.coursedir.student_id
        if student_id in {"*", ""}:
            return None
        if "*" in student_id or "+" in student_id or not is_path_component(student_id):
            self.fail(f"The student ID should contain no '*' nor '+'; got {student_id}")
        return str(student_id)

    def fail_not_here(self, path: Path, others: Sequence[str]) -> NoReturn:
        """There is no assignment at `path`, but perhaps one of these was meant."""
        self.suggest(path.name, others)
        raise TransferFailed(say("assignment-not-here", path=path))

    def find_release(self) -> tuple[ReleaseRecord, list[SubmissionRecord]]:
        """The assignment as it is released to the caller, and the caller's attempts at it."""
        assignments = self.client.assignments(self.course_id).assignments
        entry = {entry.assignment_id: entry for entry in assignments}.get(self.assignment_id)
        if entry and entry.withdrawn_at:
            names = {"assignment": self.assignment_id, "course": self.course_id}
            text = say("withdrawn", **names, when=moment(entry.withdrawn_at, self))
            raise TransferFailed(text, self.client.request_id)
        if entry is None or entry.release is None:
            self.fail_unknown([entry.assignment_id for entry in assignments if entry.release])
        return entry.release, entry.submissions

    def fail_unknown(self, others: Sequence[str]) -> NoReturn:
        """The exchange has no such assignment for the caller, but perhaps one of these was meant."""
        self.suggest(self.assignment_id, others)
        text = say("not-released", assignment=self.assignment_id, course=self.course_id)
        raise TransferFailed(text, self.client.request_id)

    def suggest(self, name: str, others: Sequence[str]) -> None:
        from rapidfuzz import process

        if nearest := process.extractOne(name, others):
            self.log.error("Did you mean: %s", nearest[0])

    # --- the service ---------------------------------------------------------------------------------------

    @property
    def transfer(self) -> Transfer:
        if self._transfer is None:
            self._transfer = Transfer(self.client, Storage(self.client.url_of(""), self.storage_origins))
        return self._transfer

    _transfer: Transfer | None = None

    # --- local trees ---------------------------------------------------------------------------------------

    def local_path(self, course_id: str, assignment_id: str) -> Path:
        """Where a student's copy of an assignment is."""
        below = Path(course_id, assignment_id) if self.path_includes_course else Path(assignment_id)
        return Path(self.assignment_dir).absolute() / below

    @property
    def copies(self) -> Copies:
        return Copies(Path(self.cache).expanduser().absolute())

    def format_stamp(self, stamp: datetime) -> str:
        """A server's stamp as nbgrader shows it; nbgrader has checked before that the time zone exists."""
        return stamp.astimezone(gettz(self.timezone)).strftime(self.timestamp_format)

    def folder_name(self, stamp: datetime) -> str:
        """The name of the folder of an attempt, which is its stamp where that tells it from all others."""
        return folder_name(stamp, gettz(self.timezone), self.timestamp_format)

    @property
    def modes(self) -> Modes:
        return Modes(0o664, 0o2770 | 0o755) if self.coursedir.groupshared else Modes()

    @property
    def selection(self) -> Selection:
        """What of a tree travels, and what is kept of a submission: by nbgrader's settings, without unsafe names."""
        return Selection(
            self.coursedir.ignore,
            self.coursedir.include,
            configured_limit(self.coursedir, "max_file_size"),
            self.unsafe_names,
        )

    def survey(self, root: Path) -> Tree:
        """What of the tree at `root` travels, by nbgrader's own rules; nothing is packed yet."""
        tree = survey(root, self.selection, self.max_members)
        limit = configured_limit(self.coursedir, "max_dir_size")
        if limit is not None and tree.size > limit:
            self.log.error("Directory size is too big")
            raise DirectoryTooLarge(
                f"Directory size is too big. Size is {tree.size}, maximum size is {limit}"
            )
        return tree

    @contextmanager
    def packed(self, tree: Tree) -> Iterator[tuple[BinaryIO, Packed]]:
        """The tree in a temporary archive, within its limits before anything is sent."""
        limits = Limits(self.max_buffer_size, self.max_unpacked_size, self.max_unpacked_ratio)
        with temporary_file() as archive:
            with writing_temporary_files():
                packed = pack(tree, archive, limits)
                archive.flush()
            yield archive, packed

    def report_left_out(self, left_out: LeftOut) -> None:
        """In the last message, what did not travel."""
        for level, text in self.describe_left_out(left_out):
            self.log.log(level, "%s", text)

    def describe_left_out(self, left_out: LeftOut, whose: str = "") -> list[tuple[int, str]]:
        """What did not travel, or was not kept of somebody's submission: lines for the log, with their levels."""
        limit = humanize(configured_limit(self.coursedir, "max_file_size") or 0)
        # Who submits is told what nbgrader never sends; who collects has configured it.
        return list(left_out.lines(whose, limit, logging.DEBUG if whose else logging.INFO))

    @contextmanager
    def unpacked(
        self,
        kind: Kind,
        granted: DownloadGranted,
        name: str,
        destination: Path,
        selection: Selection,
        *,
        replace: bool = False,
    ) -> Iterator[tuple[Path, LeftOut]]:
        """What was granted, unpacked beside `destination`, whose place it takes when the block ends well.

        Gives where it is until then, and what was left out. Without `replace`, work that is there stays, and
        `FileExistsError` is raised.
        """
        size = granted.unpacked_size or 0
        self._check_unpacked(name, granted.size, size)
        with temporary_file() as archive, self.transfer.referring():
            with writing_temporary_files():
                self.transfer.receive(kind, granted, archive, name)
            if self.coursedir.groupshared:
                make_folders(destination.parent, self.modes.directory)
            with staged(destination, replace=replace, keep=() if replace else NO_WORK) as folder:
                yield folder, unpack(archive, folder, size, self.modes, selection, self.max_members)

    def _check_unpacked(self, name: str, packed: int, size: int) -> None:
        """Refuse what would fill the disk, before it is downloaded; the extractor keeps to the announced size."""
        if size > self.max_unpacked_size:
            limit = humanize(self.max_unpacked_size)
            raise ArchiveTooLarge(say("unpacks-too-large", name=name, size=humanize(size), limit=limit))
        if size > unpacked_limit(packed, self.max_unpacked_ratio):
            sizes = {"size": humanize(size), "packed": humanize(packed), "ratio": self.max_unpacked_ratio}
            raise ArchiveTooLarge(say("unpacks-too-far", name=name, **sizes))


def configured_limit(coursedir: Any, name: str) -> int | None:
    """One of nbgrader's limits in bytes; None where it is not configured.

    The defaults would forbid every large assignment.
    """
    section = coursedir.config.get("CourseDirectory", {})
    value: int = getattr(coursedir, name)
    is_set = name in section or value != type(coursedir).class_traits()[name].default_value
    return 1000 * value if is_set else None
