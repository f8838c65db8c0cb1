"""The audit log."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from nbexchange.protocol.base import Answer, Instant, Request, text_of
from nbexchange.protocol.courses import RoleText

Verb = Literal[
    "released",
    "unreleased",
    "purged",
    "fetched",
    "submitted",
    "submission_fetched",
    "removed",
    "hidden",
    "collected",
    "feedback_released",
    "feedback_fetched",
    "enrolled",
    "unenrolled",
]

VerbText = Annotated[str, text_of(Verb)]
"""A verb in an answer."""

EventKind = Literal["release", "submission", "feedback", "assignment", "roster"]
"""What an entry of the log is about."""


class HistoryQuery(Request):
    """Filters of the log, all of which narrow. `person` did it, or it was done on their behalf."""

    course_id: str | None = None
    assignment_id: str | None = None
    action: Verb | None = None
    person: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 500
    cursor: str | None = None


class Action(Answer):
    """Something that was done, at the server's time. What is about a whole assignment (a purge) has no object.

    Students are told when something was released, not by whom, and neither its id nor its size and digest: they may not
    fetch every version. `object_id` is that of the release, submission or feedback. A change of the
    roster is about a person, in `on_behalf`, and the role that they have from then on or had until then.
    """

    action: VerbText
    at: Instant
    course_id: str
    kind: Annotated[str, text_of(EventKind)]
    assignment_id: str | None = None
    actor: str | None = None
    on_behalf: str | None = None
    role: RoleText | None = None
    object_id: UUID | None = None
    size: int | None = None
    sha256: str | None = None


class History(Answer):
    """A page of the log, newest first; ask again with `cursor` while there is one."""

    actions: list[Action]
    cursor: str | None = None
