"""Who is in a course."""

from typing import Annotated

from msgspec import Meta

from nbexchange.protocol.base import Answer, Request
from nbexchange.protocol.courses import RoleName, RoleText
from nbexchange.protocol.limits import MAX_ROSTER
from nbexchange.protocol.revisions import since

PersonalText = Annotated[str, Meta(max_length=255)]


class Member(Answer):
    """A person on a course's roster. The personal fields are this course's, and no other course sees them."""

    name: str
    role: RoleText
    full_name: str | None = None
    email: str | None = None
    lms_user_id: str | None = None


class RosterEntry(Request):
    """Who is to be on the roster. What is left out stays as it is, and the empty text erases what was known.

    Without a role, a new person is a student.
    """

    name: str
    role: RoleName | None = None
    full_name: PersonalText | None = None
    email: PersonalText | None = None
    lms_user_id: PersonalText | None = None


class RosterQuery(Request):
    course_id: str
    cursor: Annotated[str | None, since(2)] = None


class Roster(Answer):
    """A page of a roster; ask again with `cursor` while there is one. Older clients get all of it, or `too-large`."""

    course_id: str
    members: list[Member]
    cursor: str | None = None


class Enrol(Request):
    """Put people on a roster; `replace` removes everybody who is not named, `dry_run` only says what would change."""

    course_id: str
    members: Annotated[list[RosterEntry], Meta(min_length=1, max_length=MAX_ROSTER)]
    replace: bool = False
    dry_run: bool = False


class Unenrol(Request):
    course_id: str
    names: Annotated[list[str], Meta(min_length=1, max_length=MAX_ROSTER)]
    dry_run: bool = False


class RosterChange(Answer):
    """Whom a change put on the roster, changed there and took off it, or would; `absent` is who was not on it.

    `removed_staff` has those of the removed who were more than students, with what they were.
    """

    course_id: str
    added: list[str] = []
    changed: list[str] = []
    removed: list[str] = []
    removed_staff: dict[str, RoleText] = {}
    absent: list[str] = []
    unchanged: int = 0
    dry_run: bool = False
