"""Who the caller is: courses, roles, limits and quotas."""

from typing import Annotated, Literal

from nbexchange.protocol.base import Answer, Instant, text_of

RoleName = Literal["student", "grader", "instructor"]
"""From the weakest to the strongest. A grader lists, collects and releases feedback, and changes nothing else."""

STAFF_ROLES = ("grader", "instructor")
"""Those that are more than students. A role that is not known here is treated as the weakest."""

RoleText = Annotated[str, text_of(RoleName)]
"""A role in an answer."""


class Course(Answer):
    course_id: str
    role: RoleText
    title: str | None = None


class Limits(Answer):
    """What the service refuses at announcement: bytes of an archive, packed and unpacked, the second also as a multiple
    of the first (which does not count below `ALWAYS_UNPACKED`), and files and directories in it.
    """

    max_buffer_size: int
    max_unpacked_size: int
    max_items: int
    max_unpacked_ratio: int | None = None
    max_members: int | None = None


class Quotas(Answer):
    """How much one person may submit and one course may store, in all; 0 is no limit."""

    submissions_per_minute: int
    submissions_per_day: int
    pending_submissions: int
    submitted_bytes_per_day: int
    course_bytes: int


class Me(Answer):
    """Who the service thinks the caller is, what it allows, and where it sends files: URLs begin with `storage_url`."""

    name: str
    org_id: str
    courses: list[Course]
    limits: Limits
    server_time: Instant
    full_name: str | None = None
    email: str | None = None
    version: str = ""
    storage_url: str = ""
    quotas: Quotas | None = None
