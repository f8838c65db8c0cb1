"""What may be known of a person beside the name, and of a course beside its id: text for other people's eyes.

It comes from learning platforms, proxies and people themselves, and ends in gradebooks, pages and spreadsheets.
"""

import unicodedata

from nbexchange.protocol.names import is_invisible

CONTACT = ("full_name", "email", "lms_user_id")
"""What identities, rosters and records may have of a person beside the name."""

MAX_TEXT = 128
"""Characters: what a column of nbgrader's gradebook holds."""

FORMULA_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
"""With which a cell of a spreadsheet begins that is a formula."""


def plain_text(text: str) -> str:
    """The text as no program obeys it: one line, no invisible characters, no tags, no formula, bounded, in NFC."""
    visible = "".join(" " if char.isspace() else char for char in text if _is_kept(char))
    words = " ".join(unicodedata.normalize("NFC", visible).split())
    return words.lstrip(f"{FORMULA_SIGNS} ")[:MAX_TEXT].rstrip()


def plain_contact(field: str, text: str | None) -> str | None:
    """One of the fields of `CONTACT` as plain text, or None where nothing is left of it.

    Names may lose something. An address or a platform's id would become somebody else's, so it is left out instead.
    """
    if text is None:
        return None
    plain = plain_text(text)
    if field != "full_name" and plain != unicodedata.normalize("NFC", text).strip():
        return None
    return plain or None


def _is_kept(char: str) -> bool:
    return char.isspace() or not (char in "<>" or is_invisible(char))
