"""What people are told when something fails: one sentence that says what happened, one that says what to do.

`docs/messages.md` shows this table. No text holds a token, a signature or the query of a URL.
"""

from __future__ import annotations

from nbexchange.plugin.advice import (
    ADVICE,
    AGAIN,
    CHECK_NAMES,
    LASTING,
    NOT_NOW,
    REPORT,
    WITHDRAWN,
)
from nbexchange.plugin.service_messages import SERVICE_MESSAGES, Message
from nbexchange.protocol import Problem

MESSAGES = {
    **SERVICE_MESSAGES,
    # --- the file store
    "store-down": Message("The file store at {host} cannot be reached.", NOT_NOW),
    "store-certificate": Message(
        "No secure connection to the file store at {host}: it has no certificate that is accepted here, or does not "
        "speak https.",
        "Nothing was changed: tell the administrator of your notebook server.",
    ),
    "store-lost": Message(
        "The connection to the file store at {host} broke off before it had answered.",
        "Run the command again; a submission that has arrived all the same becomes an attempt of its own.",
    ),
    "store-refused": Message("The file store at {host} refused the {what} (HTTP {status}).", NOT_NOW),
    "store-keeps": Message("The file store at {host} does not give out this file (HTTP {status}).", LASTING),
    "store-elsewhere": Message(
        "The file store at {host} redirected the {what}.",
        "Tell the administrator of the exchange: the store's address in its settings is not right.",
    ),
    "store-untrusted": Message(
        "The exchange service named a file store that this plugin does not trust.",
        "Tell the administrator of the exchange: behind https, the store needs https as well.",
    ),
    "store-unlisted": Message(
        "The exchange service named the file store {host}, which c.Exchange.storage_origins does not allow.",
        "Tell the administrator of your notebook server.",
    ),
    "store-grant": Message(
        "The permission that the exchange service gave for the file store at {host} cannot be used: {why}.",
        "Nothing was changed: tell the administrator of the exchange.",
    ),
    "transfer-broken": Message(
        "The {what} broke off after {received} of {size}.", "Nothing was changed: run the command again."
    ),
    "download-differs": Message(
        "What was downloaded for {name}, twice, is not what was handed in (its digest differs), and was thrown away.",
        LASTING,
    ),
    "download-encoded": Message(
        "What was downloaded for {name} was changed on the way (Content-Encoding: {encoding}) and was thrown away.",
        "Tell the administrator of your notebook server: a proxy in front of the file store may compress.",
    ),
    "attempt-unusable": Message(
        "This lies in attempt {attempt} of {student}; `jupyter nbexchange remove {id}` takes it out of the course.",
        "The attempt before it is collected then, and nothing is deleted.",
    ),
    # --- the assignment
    "not-released": Message("{assignment} is not released in {course}.", CHECK_NAMES),
    "withdrawn": Message("{assignment} of {course} was withdrawn on {when}.", WITHDRAWN),
    "folder-of-another": Message(
        "{path} is not {ours}: it was fetched as {theirs}.",
        "Nothing was changed: move it away, then run the command again; or give each course a folder of its own, with "
        "c.Exchange.path_includes_course = True.",
    ),
    "work-of-another": Message(
        "{path} is not {ours}: it was fetched as {theirs}.",
        "Nothing was submitted: name the course that it belongs to (--course), or submit the folder that was fetched "
        "for this one.",
    ),
    "assignment-not-here": Message(
        "Assignment not found at: {path}.", "Check its name, and the directory in which you run the command."
    ),
    # --- what is packed, and what is unpacked
    "packed-too-large": Message(
        "{name} is too large: {what}, and the limit ({setting}) is {limit}. The largest files: {largest}.",
        "Remove data that is not needed, then run the command again.",
    ),
    "too-many-files": Message(
        "{name} has more than {what}.", "Remove those that are not needed, then run the command again."
    ),
    "changed-while-packing": Message(
        "{path} changed while it was packed.", "Nothing was sent: save your work, then run the command again."
    ),
    "no-notebook": Message(
        "{path} has no notebook that could be submitted, and the assignment has {expected}.",
        "Nothing was submitted, and what you submitted before still counts: bring the notebooks back (`nbgrader "
        "fetch_assignment` with --replace), then submit again.",
    ),
    "not-readable": Message(
        "{path} cannot be read.", "Nothing was sent: look at its permissions, then run the command again."
    ),
    "not-releasable": Message(
        "These lead out of the assignment or are no plain files: {paths}.",
        "Nothing was released: remove them or put copies in their place.",
    ),
    "unpacks-too-large": Message(
        "{name} unpacks to {size}, more than max_unpacked_size ({limit}) allows here.",
        "Nothing was unpacked: tell the administrator of your notebook server.",
    ),
    "shrinks-too-far": Message(
        "{name} has {size}, which shrink to {packed}: more than max_unpacked_ratio ({ratio} to 1) allows. The largest "
        "files: {largest}.",
        "Remove those that hold nothing but zeros or the same again and again, then run the command again.",
    ),
    "unpacks-too-far": Message(
        "{name} has {packed} and unpacks to {size}: more than max_unpacked_ratio ({ratio} to 1) allows here.",
        "Nothing was unpacked: ask the person who sent it what it is. Only c.Exchange.max_unpacked_ratio lets it in.",
    ),
    "over-max-dir-size": Message(
        "The submission is {size}, and c.CourseDirectory.max_dir_size is {limit}.",
        "Raise that limit, then collect again.",
    ),
    "archive-refused": Message(
        "What arrived was refused: {why}.",
        "Nothing was unpacked: tell the person who sent it, and the administrator of the exchange.",
    ),
    "feedback-of-another": Message(
        "Everybody fetches their own feedback, and you are {caller}, not {student}.",
        "Run the command without --student; an instructor has what was released in the course's feedback directory.",
    ),
    "student-unusable": Message(
        "The exchange names a student {student}, which could be taken for another name or for a command.",
        "Nothing of theirs was collected: tell the administrator of the exchange.",
    ),
    "feedback-empty": Message("The file is empty.", "Generate the feedback again."),
    "feedback-too-large": Message(
        "The file is {size}, and the limit (max_buffer_size) is {limit}.",
        "Take large outputs out of the notebook, then generate the feedback again.",
    ),
    "feedback-of-nothing": Message(
        "It is not known which submission this feedback is about: {folder} has neither submission_secret.txt nor a "
        "readable timestamp.txt.",
        "Collect the submission again, then generate the feedback.",
    ),
    # --- this machine
    "copy-not-kept": Message(
        "Your work has arrived, but the copies of it in {path} are not as they should be: {why}.",
        "Do not submit again for that: make room there, or name another folder in c.Exchange.cache.",
    ),
    "copies-not-removed": Message(
        "The submissions are off your list, but the copies of them in {path} could not be removed: {why}.",
        "Remove them by hand, if they are in the way.",
    ),
    "lines-missing": Message(
        "nbgrader does not use nbexchange for everything: c.ExchangeFactory has nothing for {slots}.",
        "Put the lines that `jupyter nbexchange config` prints into nbgrader_config.py.",
    ),
    "formgrader-framed": Message(
        "JupyterLab cannot show Formgrader ({url}): the extension nbexchange.plugin.formgrader does not run.",
        "Open that address in a tab of the browser, and tell the administrator of your notebook server.",
    ),
    "disk-full": Message(
        "The disk is full.", "Nothing was changed: free some space, then run the command again."
    ),
    "quota-full": Message(
        "What you may store on this disk is used up.",
        "Nothing was changed: delete what you do not need, then run the command again.",
    ),
    "not-permitted": Message(
        "You have no permission for {path}.",
        "Look at its permissions and at those of the folder that it is in (ls -ld), then run the command again.",
    ),
    "read-only": Message(
        "{path} is on a disk that cannot be written to.",
        "Work in another folder, or tell the administrator of your notebook server.",
    ),
    "name-too-long": Message(
        "The name of {path} is too long for this disk.",
        "Work in a folder whose own path is shorter, or tell the person who gave it that name.",
    ),
    "gradebook": Message(
        "The gradebook cannot be used: {why}.",
        "Look at c.CourseDirectory.db_url, and at the permissions of that file, then collect again.",
    ),
    "in-the-way": Message(
        "There is something at {path} already, which was left as it is.",
        "Move it away, then run the command again.",
    ),
    "local-trouble": Message(
        "{what}{where}.", "Nothing was changed: correct that, then run the command again."
    ),
    "plugin-defect": Message("The exchange plugin failed ({error}).", REPORT),
}
"""By code. The parts in braces are known when it happens."""


def say(code: str, **values: object) -> str:
    """The text for a failure."""
    happened, advice = MESSAGES[code]
    return f"{happened.format(**values)} {advice}"


def explain(problem: Problem) -> str:
    """The text for a problem that the service answered with. Lines to be copied stay lines of their own."""
    gap = "\n" if "\n" in problem.detail else " "
    return f"{problem.detail}{gap}{ADVICE.get(problem.type, AGAIN)}"
