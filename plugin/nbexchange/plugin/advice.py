"""What people can do about a failure: what is said often, and what is said to each problem of the service."""

from __future__ import annotations

HARMLESS = (
    "Try again in a minute: nothing is done twice. If it lasts, tell the administrator of the exchange."
)
NOT_NOW = "Nothing was changed: try again in a minute. If it lasts, tell the administrator of the exchange."
AGAIN = "Run the command again; if it happens twice, tell the administrator of the exchange."
REPORT = "This is a mistake of the exchange, not yours: please report it."
LASTING = "Trying again will not help: tell the administrator of the exchange."
CHECK_NAMES = (
    "Check the names of course and assignment; if they are right, ask the instructor whether you are in the course and "
    "whether it is released."
)
WITHDRAWN = "What you submitted stays, and so does your copy: ask the instructor whether it will be back."
UPDATE_PLUGIN = (
    "Nothing was changed: ask the administrator of your notebook server to update nbexchange there."
)

ADVICE = {
    "access-scope-missing": "Tell the administrator of the hub; once it is done, restart your notebook server.",
    "already-released": "Release with --force to make a new version of it.",
    "assignment-withdrawn": WITHDRAWN,
    "authentication-unavailable": NOT_NOW,
    "browser-refused": "Use the exchange from a notebook server: with nbgrader, or with `jupyter nbexchange`.",
    "client-too-old": UPDATE_PLUGIN,
    "course-full": "Nothing was sent: an instructor of the course can purge old assignments, and the "
    "administrator of the exchange can give it more room.",
    "database-unavailable": NOT_NOW,
    "id-reused": REPORT,
    "identity-refused": "Tell the administrator of the exchange, with the request's id.",
    "internal": REPORT,
    "invalid-request": "Check the names that you gave; if they are right, please report this.",
    "method-not-allowed": REPORT,
    "no-roster": "Nothing was changed: ask the administrator of the exchange how people get into your course.",
    "not-found": CHECK_NAMES,
    "object-missing": AGAIN,
    "administrator-required": "Nothing was changed: ask them to do it, with `nbexchange course`.",
    "request-incomplete": AGAIN,
    "role-required": "Ask an instructor of the course to do it.",
    "service-busy": NOT_NOW,
    "storage-unavailable": NOT_NOW,
    "superseded": "Nothing needs to be done, unless yours is the one that counts: then release it again.",
    "too-large": "Remove data that is not needed, or ask the administrator of the exchange for a higher limit.",
    "too-many-bytes": "Nothing was sent: run the command again then, or remove data that is not needed.",
    "too-many-pending": "Wait until the other one has ended, then run the command again.",
    "too-many-submissions": "Nothing was sent: run the command again then.",
    "too-much-feedback": "Release feedback on the newest attempts alone, or under fewer notebooks' names.",
    "unauthenticated": "Restart your notebook server, which usually gives you a new token; if that does not help, tell "
    "its administrator.",
    "unknown-route": "c.Exchange.base_path has to be the base_url of the service: tell the administrator of your "
    "notebook server.",
    "upload-aborted": AGAIN,
    "upload-completed": "Nothing needs to be done.",
    "upload-expired": AGAIN,
    "upload-mismatch": AGAIN,
    "upload-purged": "An instructor removed the assignment for good: ask them.",
    "upload-rejected": AGAIN,
}
"""What to do, by the type of a problem that the service answers with; the service says what happened."""
