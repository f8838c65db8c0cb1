"""The wire types of protocol v1: what the plugin sends and what the service answers.

One definition serves both sides. Requests refuse fields they do not know, so that a newer client gets a
clear answer from an older service; answers may grow fields, which older clients ignore.
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.json import Decoder

from nbexchange.protocol.audit import Action, EventKind, History, HistoryQuery, Verb, VerbText
from nbexchange.protocol.base import (
    FIRST_REVISION,
    PROTOCOL_HEADER,
    REVISION,
    REVISION_PATTERN,
    VERSION_HEADER,
    Answer,
    Health,
    Instant,
    ItemFailed,
    Md5,
    NoQuery,
    Problem,
    Request,
    Sha256,
    Size,
)
from nbexchange.protocol.contact import CONTACT, MAX_TEXT, plain_contact, plain_text
from nbexchange.protocol.courses import STAFF_ROLES, Course, Limits, Me, Quotas, RoleName, RoleText
from nbexchange.protocol.downloads import (
    DownloadAnswer,
    DownloadAnswers,
    DownloadGranted,
    DownloadItem,
    RequestDownloads,
)
from nbexchange.protocol.limits import (
    ALWAYS_UNPACKED,
    DEFAULT_MAX_BUFFER_SIZE,
    DEFAULT_MAX_MEMBERS,
    DEFAULT_MAX_UNPACKED_RATIO,
    MAX_ITEMS,
    MAX_MEMBERS,
    MAX_NOTEBOOK_BYTES,
    MAX_ROSTER,
    UNPACKED_FACTOR,
    unpacked_limit,
)
from nbexchange.protocol.names import (
    ID_RULE,
    MAX_DEPTH,
    MAX_NAME_BYTES,
    MAX_PATH_BYTES,
    has_control_characters,
    is_id,
    is_path_component,
    is_relative_path,
    listed_notebooks,
    size_of_names,
    top_level,
)
from nbexchange.protocol.records import (
    Feedback,
    FeedbackRecord,
    Kind,
    KindText,
    Record,
    ReleaseRecord,
    SubmissionRecord,
)
from nbexchange.protocol.revisions import for_revision, since, since_of
from nbexchange.protocol.rosters import (
    Enrol,
    Member,
    PersonalText,
    Roster,
    RosterChange,
    RosterEntry,
    RosterQuery,
    Unenrol,
)
from nbexchange.protocol.submissions import (
    Assignment,
    Assignments,
    AssignmentsQuery,
    Collected,
    CollectionAnswer,
    Collections,
    Purged,
    RemovalAnswer,
    Removals,
    Removed,
    RemoveSubmissions,
    ReportCollected,
    Submissions,
    SubmissionsQuery,
    Unreleased,
    UnreleaseQuery,
)
from nbexchange.protocol.uploads import (
    Aborted,
    CompleteUploads,
    CompletionAnswer,
    CompletionAnswers,
    InitiateUploads,
    NotebookPaths,
    PendingQuery,
    PendingUpload,
    PendingUploads,
    UploadAnswer,
    UploadAnswers,
    UploadCompleted,
    UploadGranted,
    UploadInParts,
    UploadItem,
)

__all__ = [
    "ALWAYS_UNPACKED",
    "CONTACT",
    "DEFAULT_MAX_BUFFER_SIZE",
    "DEFAULT_MAX_MEMBERS",
    "DEFAULT_MAX_UNPACKED_RATIO",
    "FIRST_REVISION",
    "ID_RULE",
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_MEMBERS",
    "MAX_NAME_BYTES",
    "MAX_NOTEBOOK_BYTES",
    "MAX_PATH_BYTES",
    "MAX_ROSTER",
    "MAX_TEXT",
    "PROTOCOL_HEADER",
    "REVISION",
    "REVISION_PATTERN",
    "STAFF_ROLES",
    "UNPACKED_FACTOR",
    "VERSION_HEADER",
    "Aborted",
    "Action",
    "Answer",
    "Assignment",
    "Assignments",
    "AssignmentsQuery",
    "Collected",
    "CollectionAnswer",
    "Collections",
    "CompleteUploads",
    "CompletionAnswer",
    "CompletionAnswers",
    "Course",
    "DownloadAnswer",
    "DownloadAnswers",
    "DownloadGranted",
    "DownloadItem",
    "Enrol",
    "EventKind",
    "Feedback",
    "FeedbackRecord",
    "Health",
    "History",
    "HistoryQuery",
    "InitiateUploads",
    "Instant",
    "ItemFailed",
    "Kind",
    "KindText",
    "Limits",
    "Md5",
    "Me",
    "Member",
    "NoQuery",
    "NotebookPaths",
    "PendingQuery",
    "PendingUpload",
    "PendingUploads",
    "PersonalText",
    "Problem",
    "Purged",
    "Quotas",
    "Record",
    "ReleaseRecord",
    "RemovalAnswer",
    "Removals",
    "RemoveSubmissions",
    "Removed",
    "ReportCollected",
    "Request",
    "RequestDownloads",
    "RoleName",
    "RoleText",
    "Roster",
    "RosterChange",
    "RosterEntry",
    "RosterQuery",
    "Sha256",
    "Size",
    "SubmissionRecord",
    "Submissions",
    "SubmissionsQuery",
    "Unenrol",
    "UnreleaseQuery",
    "Unreleased",
    "UploadAnswer",
    "UploadAnswers",
    "UploadCompleted",
    "UploadGranted",
    "UploadInParts",
    "UploadItem",
    "Verb",
    "VerbText",
    "for_revision",
    "has_control_characters",
    "is_id",
    "is_path_component",
    "is_relative_path",
    "listed_notebooks",
    "plain_contact",
    "plain_text",
    "since",
    "since_of",
    "size_of_names",
    "top_level",
    "unpacked_limit",
]


def wire_types(base: type[Struct]) -> Iterator[type[Struct]]:
    """All types below `base`, of all modules that were imported."""
    for wire_type in base.__subclasses__():
        yield wire_type
        yield from wire_types(wire_type)


# msgspec learns a type when it is first used, and brings the process down when two threads are first at once:
# it learns all of them here, where there is one thread.
for _base in (Request, Answer):
    for _wire_type in wire_types(_base):
        Decoder(_wire_type)
