"""Rosters in CSV files, and changes of rosters in words: for the commands of administrators and of instructors."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec

from nbexchange.protocol import (
    CONTACT,
    MAX_ROSTER,
    Member,
    RoleName,
    RosterChange,
    RosterEntry,
    has_control_characters,
    is_path_component,
)

COLUMNS = ("name", "role", *CONTACT)
NBGRADER_COLUMNS = ("id", "first_name", "last_name")
"""What nbgrader's own `nbgrader db student import` calls a name, and the two halves of a full one."""

SEPARATORS = ",;\t"


class RosterFileError(Exception):
    """The file is no roster; the text says where and why."""


@dataclass(frozen=True)
class RosterFile:
    entries: list[RosterEntry]
    unused: list[str]
    """Columns that are not read."""


def read_roster_file(name: str, *, erase: bool = False) -> RosterFile:
    """The people in the file of that name, `-` being standard input; raises `RosterFileError` or `OSError`."""
    path = Path(os.path.expanduser(name))  # noqa: PTH111 - pathlib's raises where there is no such user
    content = sys.stdin.buffer.read() if name == "-" else path.read_bytes()
    try:
        return read_roster(content, erase=erase)
    except RosterFileError as error:
        raise RosterFileError(f"{name} is no roster: {error}") from None


def read_roster(content: bytes, *, erase: bool = False) -> RosterFile:
    """The people in a CSV file with a line of headings; raises `RosterFileError`.

    `name` (or nbgrader's `id`) has to be among them; `role`, `full_name` (or `first_name` and `last_name`), `email`
    and `lms_user_id` may be. What a cell leaves empty is left out, or erased: the empty text does that.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RosterFileError("it is not written in UTF-8 (in Excel, save it as CSV UTF-8)") from None
    first = text.partition("\n")[0]
    rows = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=max(SEPARATORS, key=first.count), restkey="", strict=True
    )
    try:
        return _read(rows, erase=erase)
    except csv.Error as error:
        raise RosterFileError(f"after line {rows.line_num}: {error}") from None


def _read(rows: csv.DictReader[str], *, erase: bool) -> RosterFile:
    headings = [(heading or "").strip().casefold() for heading in rows.fieldnames or []]
    rows.fieldnames = headings
    used = [heading for heading in headings if heading in (*COLUMNS, *NBGRADER_COLUMNS)]
    if not {"name", "id"} & set(used):
        raise RosterFileError("its first line has no heading 'name' (or 'id')")
    if {"name", "id"} <= set(used):
        raise RosterFileError(
            "its first line has 'name' and 'id', of which only one can be the user name: call the other something else"
        )
    if len(set(used)) < len(used):
        raise RosterFileError("two of its columns have the same heading")
    entries = [_entry(row, rows.line_num, erase=erase) for row in rows if any(map(_is_filled, row.values()))]
    if not entries:
        raise RosterFileError("there are no people in it")
    if len(entries) > MAX_ROSTER:
        raise RosterFileError(f"{len(entries)} people are in it, and a roster has {MAX_ROSTER} at the most")
    return RosterFile(entries, [heading for heading in headings if heading and heading not in used])


def _is_filled(cell: str | list[str] | None) -> bool:
    """Whether something is in a cell, or in any of those that have no heading."""
    return any(map(_is_filled, cell)) if isinstance(cell, list) else bool(cell and cell.strip())


def _entry(row: Mapping[str, str | None], line: int, *, erase: bool) -> RosterEntry:
    if _is_filled(row.get("")):
        raise RosterFileError(f"line {line} has more cells than there are headings")
    cells = {heading: (row[heading] or "").strip() for heading in row if heading}
    if {"first_name", "last_name"} & cells.keys():
        parts = (cells.get("first_name"), cells.get("last_name"))
        cells["full_name"] = cells.get("full_name") or " ".join(filter(None, parts))
    name, role = cells.get("name") or cells.get("id") or "", cells.get("role", "").casefold()
    if not name:
        raise RosterFileError(f"line {line} has no name")
    if not is_path_component(name):
        raise RosterFileError(f"line {line}: {name[:100]!r} cannot be a user name")
    if role not in {"", *get_args(RoleName)}:
        raise RosterFileError(f"line {line}: {cells['role']!r} is no role: {', '.join(get_args(RoleName))}")
    contact = {field: cells[field] for field in CONTACT if field in cells and (cells[field] or erase)}
    if any(map(has_control_characters, contact.values())):
        raise RosterFileError(f"line {line} has a control character in a cell, such as a line break")
    try:
        return msgspec.convert({"name": name, "role": role or None, **contact}, RosterEntry)
    except msgspec.ValidationError as error:
        raise RosterFileError(f"line {line}: {error}") from None


def write_roster(members: Iterable[Member]) -> str:
    """The roster as CSV, which `read_roster` reads."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows([getattr(member, column) for column in COLUMNS] for member in members)
    return text.getvalue()


MAX_NAMES_SHOWN = 20
"""How many people a line names at the most."""


def change_lines(change: RosterChange) -> Iterator[str]:
    """What a change did, or would do, for people."""
    if change.dry_run:
        yield "Nothing was changed; this would be:"
    for names, what in (
        (change.added, "added"),
        (change.changed, "changed"),
        (change.removed, "removed"),
        (change.absent, "not on the roster"),
    ):
        if names:
            rest = f" and {len(names) - MAX_NAMES_SHOWN} more" if len(names) > MAX_NAMES_SHOWN else ""
            yield f"{len(names)} {what}: {', '.join(names[:MAX_NAMES_SHOWN])}{rest}"
        if names is change.removed and change.removed_staff:
            staff = (f"{name} ({role})" for name, role in change.removed_staff.items())
            yield f"  of whom were more than students: {', '.join(staff)}"
    if change.unchanged or not (change.added or change.changed or change.removed or change.absent):
        yield f"{change.unchanged} as before"
