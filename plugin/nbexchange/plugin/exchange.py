"""What all actions share: settings, credentials, texts, and one way to fail."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from dateutil.tz import gettz
from nbgrader.exchange.abc import Exchange as ABCExchange
from nbgrader.exchange.abc.exchange import ExchangeError
from nbgrader.utils import ignore_patterns

from nbexchange.plugin.archives.extraction import Modes, unpack
from nbexchange.plugin.archives.packing import Limits, Packed, Tree, pack, survey
from nbexchange.plugin.archives.trees import make_folders, staged
from nbexchange.plugin.failures import ArchiveTooLarge, TransferFailed, explain_failure
from nbexchange.plugin.messages import say
from nbexchange.plugin.settings import ExchangeSettings
from nbexchange.plugin.sizes import humanize
from nbexchange.plugin.transfer.storage import Storage
from nbexchange.plugin.transfer.transfers import Transfer
from nbexchange.protocol import (
    DownloadGranted,
    Kind,
    ReleaseRecord,
    is_path_component,
)
from nbexchange.shared.redaction import redact


class DirectoryTooLarge(RuntimeError):
    """`max_dir_size` is exceeded: nbgrader wants a RuntimeError here and nowhere else."""


class Exchange(ExchangeSettings, ABCExchange):  # type: ignore[misc]  # nbgrader ships no types
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
            text = explain_failure(error)
            self.log.debug("%s", redact(traceback.format_exc()))
            self.log.critical("%s", text)
            raise ExchangeError(text) from None

    def require_course(self) -> str:
        course_id = self.coursedir.course_id
        if course_id == "":
            self.fail("No course id specified. Re-run with --course flag.")
        return str(course_id)

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
        self._suggest(path.name, others)
        raise TransferFailed(say("assignment-not-here", path=path))

    def find_release(self) -> ReleaseRecord:
        """The assignment as it is released to the caller."""
        assignments = self.client.assignments(self.course_id).assignments
        released = {entry.assignment_id: entry.release for entry in assignments if entry.release}
        if release := released.get(self.assignment_id):
            return release
        self._suggest(self.assignment_id, list(released))
        text = say("not-released", assignment=self.assignment_id, course=self.course_id)
        raise TransferFailed(text, self.client.request_id)

    def _suggest(self, name: str, others: Sequence[str]) -> None:
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

    def format_stamp(self, stamp: datetime) -> str:
        """A server's stamp as nbgrader shows it; nbgrader has checked before that the time zone exists."""
        return stamp.astimezone(gettz(self.timezone)).strftime(self.timestamp_format)

    @property
    def modes(self) -> Modes:
        return Modes(0o664, 0o2770 | 0o755) if self.coursedir.groupshared else Modes()

    def survey(self, root: Path) -> Tree:
        """What of the tree at `root` travels, by nbgrader's own rules; nothing is packed yet."""
        ignore = ignore_patterns(self.coursedir.ignore, self.coursedir.include, None, self.log)
        tree = survey(root, ignore, configured_limit(self.coursedir, "max_file_size"))
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
        limits = Limits(self.max_buffer_size, self.max_unpacked_size)
        with tempfile.TemporaryFile(prefix="nbexchange-") as archive:
            yield archive, pack(tree, archive, limits)

    def report_left_out(self, tree: Tree) -> None:
        """In the last message, what did not travel."""
        if tree.too_large:
            limit = humanize(configured_limit(self.coursedir, "max_file_size") or 0)
            self.log.warning(
                "Left out, being larger than max_file_size (%s): %s", limit, ", ".join(tree.too_large)
            )
        if tree.left_out:
            self.log.warning(
                "Left out, since they lead out of the assignment or are no plain files: %s",
                ", ".join(tree.left_out),
            )

    @contextmanager
    def unpacked(
        self, kind: Kind, granted: DownloadGranted, name: str, destination: Path, *, replace: bool = False
    ) -> Iterator[Path]:
        """What was granted, unpacked beside `destination`, whose place it takes when the block ends well.

        Without `replace`, existing content stays, and `FileExistsError` is raised.
        """
        size = granted.unpacked_size or 0
        if size > self.max_unpacked_size:
            limit = humanize(self.max_unpacked_size)
            raise ArchiveTooLarge(say("unpacks-too-large", name=name, size=humanize(size), limit=limit))
        with tempfile.TemporaryFile(prefix="nbexchange-") as archive, self.transfer.referring():
            self.transfer.receive(kind, granted, archive, name)
            if self.coursedir.groupshared:
                make_folders(destination.parent, self.modes.directory)
            with staged(destination, replace=replace) as folder:
                unpack(archive, folder, size, self.modes)
                yield folder


def configured_limit(coursedir: Any, name: str) -> int | None:
    """One of nbgrader's limits in bytes; None where it is not configured.

    The defaults would forbid every large assignment.
    """
    section = coursedir.config.get("CourseDirectory", {})
    value = getattr(coursedir, name)
    is_set = name in section or value != type(coursedir).class_traits()[name].default_value
    return 1000 * value if is_set else None
