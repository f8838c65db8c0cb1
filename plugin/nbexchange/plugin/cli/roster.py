"""`jupyter nbexchange roster`: who is in a course, where the exchange itself keeps that."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from traitlets import Bool, CaselessStrEnum, Unicode

from nbexchange.plugin.cli.base import Command, CommandFailed
from nbexchange.plugin.cli.tables import table
from nbexchange.protocol import Enrol, Roster, RosterChange, RosterEntry, Unenrol
from nbexchange.shared.roster_csv import (
    COLUMNS,
    RosterFileError,
    change_lines,
    read_roster_file,
    write_roster,
)
from nbexchange.shared.terminal import clean_lines

MODULE = "nbexchange.plugin.cli.roster"
DRY_RUN = "Change nothing: only say what would be changed."
HEADINGS = ("name", "role", "full name", "e-mail", "id at the platform")


class RosterCommand(Command):
    """What all commands for a roster share: the course."""

    aliases = {**Command.aliases, "course": "CourseDirectory.course_id"}

    @property
    def course_id(self) -> str:
        course_id = self.config.get("CourseDirectory", {}).get("course_id")
        if not course_id:
            raise CommandFailed("Which course? Add --course=... or set c.CourseDirectory.course_id.")
        return str(course_id)


class RosterChanging(RosterCommand):
    """What the commands that change a roster share: names as arguments, `--dry-run`, and the changes in words."""

    takes_arguments = True
    flags = {
        **RosterCommand.flags,
        "dry-run": ({"RosterChanging": {"dry_run": True}}, DRY_RUN),
    }
    dry_run = Bool(False, help=DRY_RUN).tag(config=True)

    def lines(self, answer: RosterChange) -> Iterator[str]:
        yield from map(clean_lines, change_lines(answer))


class Add(RosterChanging):
    """Put people on the roster of your course, or change what they are there.

    Either names, or a CSV file with a line of headings: name (or id), role, full_name (or first_name and last_name),
    email, lms_user_id. What is left out stays as it is; who is new and has no role is a student. Only the
    administrator of the exchange adds and removes instructors.
    """

    name = "jupyter-nbexchange roster add"
    description = __doc__ or ""
    aliases = {**RosterChanging.aliases, "role": "Add.role", "file": "Add.file"}
    flags = {
        **RosterChanging.flags,
        "replace": (
            {"Add": {"replace": True}},
            "Take everybody off who is not in the file, but instructors.",
        ),
    }
    role = CaselessStrEnum(
        ["student", "grader"],
        None,
        allow_none=True,
        help="What those who are named are. Default: as before, and students if they are new.",
    ).tag(config=True)
    file = Unicode(help="The CSV file; `-` is standard input.").tag(config=True)
    replace = Bool(False, help="Make the roster equal to the file, but for the instructors.").tag(config=True)

    def ask(self) -> RosterChange:
        request = Enrol(self.course_id, self._entries(), self.replace, self.dry_run)
        return self.exchange.client.enrol(request)

    def _entries(self) -> list[RosterEntry]:
        names = self.extra_args
        if bool(names) == bool(self.file) or (names and self.replace) or (self.file and self.role):
            raise CommandFailed(
                f"Usage: {self.name} NAME [NAME ...] [--role=ROLE], or {self.name} --file=FILE [--replace]; [--dry-run]"
            )
        return self._read_file() if self.file else [RosterEntry(name, self.role) for name in names]

    def _read_file(self) -> list[RosterEntry]:
        try:
            roster = read_roster_file(self.file, erase=self.replace)
        except RosterFileError as error:
            raise CommandFailed(f"{error}. Nothing was changed.") from None
        if roster.unused:
            sys.stderr.write(clean_lines(f"Not used: the columns {', '.join(roster.unused)}") + "\n")
        return roster.entries


class Remove(RosterChanging):
    """Take people off the roster of your course. What they submitted stays."""

    name = "jupyter-nbexchange roster remove"
    description = __doc__ or ""

    def ask(self) -> RosterChange:
        if not self.extra_args:
            raise CommandFailed(f"Usage: {self.name} NAME [NAME ...] [--dry-run]")
        return self.exchange.client.unenrol(Unenrol(self.course_id, self.extra_args, self.dry_run))


class ShowRoster(RosterCommand):
    """Who is on the roster of your course. `roster add` and `roster remove` change it.

    People can be in a course without being on its roster, by a hub's groups for instance: those are not shown. With
    --csv it is a file that `roster add --file` takes.
    """

    name = "jupyter-nbexchange roster"
    description = __doc__ or ""
    as_csv = Bool(False, help="Print a CSV file.").tag(config=True)
    flags = {**RosterCommand.flags, "csv": ({"ShowRoster": {"as_csv": True}}, "Print a CSV file.")}
    subcommands = {
        "add": (f"{MODULE}.Add", "Put people on the roster, or change what they are there."),
        "remove": (f"{MODULE}.Remove", "Take people off the roster."),
    }

    def ask(self) -> Roster:
        return self.exchange.client.roster(self.course_id)

    def lines(self, answer: Roster) -> Iterator[str]:
        if self.as_csv:
            yield write_roster(answer.members).rstrip("\n")
        elif answer.members:
            rows = [tuple(getattr(member, column) for column in COLUMNS) for member in answer.members]
            yield from table(HEADINGS, rows)
        else:
            yield f"Nobody is on the roster of {clean_lines(self.course_id)}."
