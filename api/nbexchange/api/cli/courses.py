"""The commands for courses and their rosters. The administrator of the exchange alone makes instructors."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from typing import ClassVar

from traitlets import Bool, CaselessStrEnum, Unicode

from nbexchange.api.access.identity import ROLES, Identity
from nbexchange.api.cli.base import Command, Group
from nbexchange.api.config.build import build_database, build_runtime
from nbexchange.api.db import upgrade as schema
from nbexchange.api.rosters import change, read
from nbexchange.api.runtime import Context
from nbexchange.api.wire.rosters import roster, roster_change
from nbexchange.protocol import ID_RULE, Enrol, RosterChange, RosterEntry, Unenrol, is_id
from nbexchange.shared.roster_csv import change_lines, read_roster_file, write_roster
from nbexchange.shared.section import SettingsError
from nbexchange.shared.terminal import clean_lines

DRY_RUN = "Change nothing: only say what would be changed."


class CourseCommand(Command):
    """A command for one course, which its first argument names."""

    usage: ClassVar[str]
    takes_arguments = True
    areas = ("database", "rosters")
    aliases = {**Command.aliases, "org": "CourseCommand.org_id"}
    org_id = Unicode("1", help="The organisation that the course belongs to.").tag(config=True)

    def run(self) -> None:
        course_id, *others = self.extra_args or [""]
        if not course_id:
            raise self.misused()
        for text in (course_id, self.org_id):
            if not is_id(text):
                raise SettingsError(f"{text!r} cannot be used as a file name and an id: {ID_RULE}")
        runtime = build_runtime(self.settings)
        self.closing(runtime.database)
        schema.require_current(runtime.database)
        self.work(Context(Identity.administrator(self.org_id), runtime), course_id, others)

    def work(self, context: Context, course_id: str, names: Sequence[str]) -> None:
        raise NotImplementedError

    def misused(self) -> SettingsError:
        return SettingsError(f"usage: {self.spoken} {self.usage}")

    def tell(self, answer: RosterChange) -> None:
        print("\n".join(map(clean_lines, change_lines(answer))))
        if not self.settings.database_roster:
            print("nbexchange: database_roster is off: rosters give no roles", file=sys.stderr)


class CourseCreate(CourseCommand):
    """Make a course, or give it another title: COURSE"""

    name = "nbexchange-course-create"
    description = __doc__
    usage = "COURSE [--title=TITLE] [--org=ORGANISATION]"
    aliases = {**CourseCommand.aliases, "title": "CourseCreate.title"}
    title = Unicode(help="What people call the course.").tag(config=True)

    def work(self, context: Context, course_id: str, names: Sequence[str]) -> None:
        if names:
            raise self.misused()
        is_new = change.name_course(context, course_id, self.title or None)
        print(f"{course_id} of organisation {self.org_id} {'is made' if is_new else 'was there before'}.")


class CourseAdd(CourseCommand):
    """Put people on a course's roster, or change what they are there: COURSE NAME [NAME ...], or COURSE --file=FILE"""

    name = "nbexchange-course-add"
    description = __doc__
    usage = "COURSE NAME [NAME ...] [--role=ROLE], or COURSE --file=FILE [--replace]; [--dry-run]"
    aliases = {**CourseCommand.aliases, "role": "CourseAdd.role", "file": "CourseAdd.file"}
    flags = {
        **Command.flags,
        "replace": (
            {"CourseAdd": {"replace": True}},
            "Make the roster equal to the file, instructors included.",
        ),
        "dry-run": ({"CourseAdd": {"dry_run": True}}, DRY_RUN),
    }
    role = CaselessStrEnum(
        list(ROLES),
        None,
        allow_none=True,
        help="What those who are named are. Default: as before, else student.",
    ).tag(config=True)
    file = Unicode(
        help="A CSV file with headings: name, role, full_name, email, lms_user_id. `-` is standard input."
    ).tag(config=True)
    replace = Bool(False, help="Take everybody off the roster who is not in the file.").tag(config=True)
    dry_run = Bool(False, help=DRY_RUN).tag(config=True)

    def work(self, context: Context, course_id: str, names: Sequence[str]) -> None:
        if bool(names) == bool(self.file) or (names and self.replace) or (self.file and self.role):
            raise self.misused()
        entries = self.read_file() if self.file else [RosterEntry(name, self.role) for name in names]
        request = Enrol(course_id, entries, self.replace, self.dry_run)
        outcome = change.enrol(context, request)
        self.tell(roster_change(course_id, outcome, dry_run=self.dry_run))

    def read_file(self) -> list[RosterEntry]:
        roster_file = read_roster_file(self.file, erase=self.replace)
        if roster_file.unused:
            print(f"nbexchange: not used: the columns {', '.join(roster_file.unused)}", file=sys.stderr)
        return roster_file.entries


class CourseRemove(CourseCommand):
    """Take people off a course's roster: COURSE NAME [NAME ...]"""

    name = "nbexchange-course-remove"
    description = __doc__
    usage = "COURSE NAME [NAME ...] [--dry-run]"
    flags = {**Command.flags, "dry-run": ({"CourseRemove": {"dry_run": True}}, DRY_RUN)}
    dry_run = Bool(False, help=DRY_RUN).tag(config=True)

    def work(self, context: Context, course_id: str, names: Sequence[str]) -> None:
        if not names:
            raise self.misused()
        outcome = change.unenrol(context, Unenrol(course_id, list(names), self.dry_run))
        self.tell(roster_change(course_id, outcome, dry_run=self.dry_run))


class CourseShow(CourseCommand):
    """Print a course's roster, as the CSV file that `add --file` takes: COURSE"""

    name = "nbexchange-course-show"
    description = __doc__
    usage = "COURSE"

    def work(self, context: Context, course_id: str, names: Sequence[str]) -> None:
        if names:
            raise self.misused()
        members = read.list_roster(context, course_id)
        print(write_roster(roster(course_id, members).members), end="")


class CourseList(Command):
    """Print all courses as CSV or JSON, with how many people are on their rosters."""

    name = "nbexchange-course-list"
    description = __doc__
    areas = ("database",)
    flags = {**Command.flags, "json": ({"CourseList": {"as_json": True}}, "Print one JSON document.")}
    as_json = Bool(False, help="Print one JSON document, for programs.").tag(config=True)

    def run(self) -> None:
        database = self.closing(build_database(self.settings))
        schema.require_current(database)
        with database.read() as session:
            courses = [_described(course) for course in read.list_courses(session)]
        if self.as_json:
            print(json.dumps({"courses": courses}, indent=2))
            return
        rows = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        rows.writeheader()
        rows.writerows(courses)


COLUMNS = ("org_id", "course_id", "title", *(f"{role}s" for role in ROLES))


def _described(course: read.CourseSummary) -> dict[str, str | int | None]:
    numbers = [course.members.get(role, 0) for role in ROLES]
    return dict(zip(COLUMNS, [course.org_id, course.course_id, course.title, *numbers], strict=True))


class Course(Group):
    """Work with courses and their rosters."""

    name = "nbexchange-course"
    description = __doc__
    subcommands = {
        "create": (CourseCreate, CourseCreate.__doc__),
        "list": (CourseList, CourseList.__doc__),
        "show": (CourseShow, CourseShow.__doc__),
        "add": (CourseAdd, CourseAdd.__doc__),
        "remove": (CourseRemove, CourseRemove.__doc__),
    }
