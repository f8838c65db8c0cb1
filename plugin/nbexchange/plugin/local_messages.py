"""What people are told of files, folders and programs on their own machine: a part of the table in `messages`."""

from __future__ import annotations

from nbexchange.plugin.advice import REPORT
from nbexchange.plugin.service_messages import Message

LOCAL_MESSAGES = {
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
        "fetch_assignment` with --replace, or rename the folder and fetch again), then submit again.",
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
    "students-share": Message(
        "{students} have one folder on this disk, which may not tell upper from lower case.",
        "Nothing of theirs was collected: move that folder away, and collect on a disk that does.",
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
    "lines-wrong": Message(
        "nbgrader does not use nbexchange for everything: c.ExchangeFactory.{slot} is {value}, which {why}.",
        "Put the lines that `jupyter nbexchange config` prints into nbgrader_config.py.",
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
        "The disk is full{where}.", "Nothing was changed: free some space, then run the command again."
    ),
    "quota-full": Message(
        "What you may store on this disk is used up{where}.",
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
