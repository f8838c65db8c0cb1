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
    WITHDRAWN,
)
from nbexchange.plugin.local_messages import LOCAL_MESSAGES
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
    **LOCAL_MESSAGES,
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
