"""What can be said of an item without looking anything up: sizes, names, and which fields belong to which kind."""

from __future__ import annotations

from nbexchange.api.db.instants import check_instant
from nbexchange.api.problems import InvalidRequest, TooLarge
from nbexchange.protocol import (
    ID_RULE,
    MAX_NOTEBOOK_BYTES,
    Limits,
    UploadItem,
    is_id,
    is_path_component,
    is_relative_path,
    listed_notebooks,
    size_of_names,
    unpacked_limit,
)


def check_item(item: UploadItem, kind: str, limits: Limits) -> None:
    """Raise `InvalidRequest` or `TooLarge` for an item that cannot be sent as one of this kind."""
    _check_limit("packed size", item.size, limits.max_buffer_size)
    if kind == "feedback":
        _check_feedback(item)
    else:
        _check_archive(item, limits)
    if item.student_id is not None and not is_id(item.student_id):
        raise InvalidRequest(f"The student's id cannot be one: {ID_RULE}.")
    if item.notebook_id is not None and not is_path_component(item.notebook_id):
        raise InvalidRequest("The notebook's id cannot be used as a file name.")


def _check_limit(what: str, size: int, limit: int) -> None:
    if size > limit:
        raise TooLarge(f"The {what} is {size} bytes, the limit is {limit}.", limit=limit)


def _check_feedback(item: UploadItem) -> None:
    if not item.student_id or not item.notebook_id or not (item.submission_id or item.submitted_at):
        raise InvalidRequest("Feedback needs student_id, notebook_id and submission_id or submitted_at.")
    of_archives = (item.unpacked_size, item.members, item.tree_sha256)
    if item.notebooks or any(value is not None for value in of_archives):
        raise InvalidRequest(
            "Feedback is no archive: it has no unpacked_size, notebooks, members or tree_sha256."
        )
    if item.submitted_at is not None:
        check_instant("submitted_at", item.submitted_at)


def _check_archive(item: UploadItem, limits: Limits) -> None:
    if item.unpacked_size is None:
        raise InvalidRequest("unpacked_size is missing.")
    _check_limit("unpacked size", item.unpacked_size, limits.max_unpacked_size)
    _check_what_unpacks(item.size, item.unpacked_size, item.members or 0, limits)
    if item.notebook_id or item.submission_id or item.submitted_at:
        raise InvalidRequest("notebook_id, submission_id and submitted_at are for feedback.")
    if not all(is_relative_path(path) for path in item.notebooks):
        raise InvalidRequest("A notebook's path is not a relative path.")
    _check_limit(
        "sum of the notebooks' names",
        size_of_names(listed_notebooks(item.notebooks)),
        MAX_NOTEBOOK_BYTES,
    )


def _check_what_unpacks(size: int, unpacked: int, members: int, limits: Limits) -> None:
    """Refuse what the plugin would not unpack. A client that lies about it is found out there, and fills no disk."""
    ratio = limits.max_unpacked_ratio
    if ratio and unpacked > (limit := unpacked_limit(size, ratio)):
        raise TooLarge(
            f"The archive has {size} bytes and unpacks to {unpacked}: the limit is {ratio} times its size.",
            limit=limit,
        )
    if limits.max_members and members > limits.max_members:
        raise TooLarge(
            f"The archive has {members} files and directories, the limit is {limits.max_members}.",
            limit=limits.max_members,
        )
