"""What people are told when something fails: one sentence that says what happened, one that says what to do.

`docs/messages.md` shows this table. No text holds a token, a signature or the query of a URL.
"""

from __future__ import annotations

from typing import NamedTuple

from nbexchange.plugin.advice import ADVICE, AGAIN, CHECK_NAMES, HARMLESS, NOT_NOW, REPORT, UPDATE_PLUGIN
from nbexchange.protocol import Problem


class Message(NamedTuple):
    happened: str
    advice: str


MESSAGES = {
    # --- the service
    "service-down": Message("The exchange service at {host} cannot be reached.", NOT_NOW),
    "waiting": Message(
        "The exchange service or its file store is away: trying again for up to {seconds:.0f} seconds.",
        "Nothing is done twice.",
    ),
    "service-slow": Message(
        "The exchange service at {host} did not answer within {seconds:g} seconds.", HARMLESS
    ),
    "service-lost": Message(
        "The connection to the exchange service at {host} broke off before it had answered.", HARMLESS
    ),
    "service-certificate": Message(
        "No secure connection to the exchange service at {host}: it has no certificate that is accepted here, or does "
        "not speak https.",
        "Nothing was changed: tell the administrator of your notebook server.",
    ),
    "service-address": Message(
        "The address of the exchange service (c.Exchange.base_service_url or NBEXCHANGE_URL), or of a proxy on the "
        "way, is not a web address.",
        "It has to be like https://hub.example.org: tell the administrator of your notebook server.",
    ),
    "service-token": Message(
        "The token for the exchange service (from {source}) has characters that no token has.",
        "Restart your notebook server, which usually gives you a new one; if that does not help, tell "
        "its administrator.",
    ),
    "token-file": Message(
        "The token for the exchange service cannot be read from {path}: {why}.",
        "Restart your notebook server, which usually gives you a new one; if that does not help, tell "
        "its administrator.",
    ),
    "token-file-open": Message(
        "The token for the exchange service was not used, since everybody on this machine may read its file, {path}.",
        "Take that permission away (chmod o-r), or tell the administrator of your notebook server.",
    ),
    "service-away": Message(
        "The exchange service is not running: a proxy answered in its place at {host} (HTTP {status}).",
        HARMLESS,
    ),
    "service-elsewhere": Message(
        "Something other than the exchange service answered at {host} (HTTP {status}, {content_type}).",
        "It may be restarting: try again in a minute. If it lasts, c.Exchange.base_service_url or base_path is wrong, "
        "or the service is an nbexchange of version 1 or 2.",
    ),
    "service-older": Message(
        "The exchange service at {host} (nbexchange {theirs}) is older than this plugin (nbexchange {ours}) and does "
        "not know what it was asked.",
        "Nothing was changed: ask the administrator of the exchange to update it.",
    ),
    "service-newer": Message(
        "The exchange service at {host} (nbexchange {theirs}) is newer than this plugin (nbexchange {ours}), which "
        "does not understand its answer.",
        "Ask the administrator of your notebook server to update nbexchange there.",
    ),
    "service-unclear": Message(
        "The exchange service at {host} gave an answer that this plugin does not understand.",
        "The two may be of different versions: tell the administrator of your notebook server.",
    ),
    "service-endless": Message("The exchange service at {host} sent an answer that is too long.", REPORT),
    "confirmation-lost": Message(
        "Your files have arrived and count from the time they were announced, but the confirmation did not come back.",
        "Look with `nbgrader list --cached` in a while, before you submit again.",
    ),
    "publication-unconfirmed": Message(
        "The files have arrived, but the exchange service did not confirm that they are released.",
        "Look with `nbgrader list` before you release an assignment again; feedback may be released again in any case.",
    ),
    "parts-wanted": Message(
        "The exchange service wants this upload in parts, which this plugin cannot do.", UPDATE_PLUGIN
    ),
    # --- the file store
    "store-down": Message("The file store at {host} cannot be reached.", NOT_NOW),
    "store-lost": Message(
        "The connection to the file store at {host} broke off before it had answered.",
        "Run the command again; a submission that has arrived all the same becomes an attempt of its own.",
    ),
    "store-refused": Message("The file store at {host} refused the {what} (HTTP {status}).", NOT_NOW),
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
        "What was downloaded for {name} is not what was handed in (its digest differs), and was thrown away.",
        AGAIN,
    ),
    # --- the assignment
    "not-released": Message("{assignment} is not released in {course}.", CHECK_NAMES),
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
    "plugin-defect": Message(
        "The exchange plugin failed ({error}).",
        "This is a mistake of the exchange, not yours: please report it.",
    ),
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
