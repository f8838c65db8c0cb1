"""Which names and paths are safe: ids of courses and people, and members of archives."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from nbexchange.protocol.limits import MAX_NOTEBOOK_BYTES

MAX_NAME_BYTES = 255
LEAST_NAME_BYTES = 16
MAX_PATH_BYTES = 2048
MAX_DEPTH = 32
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
SEPARATORS_AND_CONTROLS = re.compile(rf"[/\\]|{CONTROLS.pattern}")


def is_path_component(name: str) -> bool:
    """Whether `name` can safely be one directory or file name: the rule for every id and every archive member."""
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return False
    return (
        0 < len(encoded) <= MAX_NAME_BYTES
        and name not in {".", ".."}
        and not SEPARATORS_AND_CONTROLS.search(name)
    )


def has_control_characters(text: str) -> bool:
    return CONTROLS.search(text) is not None


def top_level(paths: Iterable[str]) -> list[str]:
    """The paths without a folder, sorted: of an archive's notebooks those that nbgrader grades and lists."""
    return sorted(path for path in paths if "/" not in path)


def listed_notebooks(paths: Sequence[str]) -> Sequence[str]:
    """The notebooks of an archive that lists have: all of them, or those at its top where all would be too much."""
    return paths if size_of_names(paths) <= MAX_NOTEBOOK_BYTES else top_level(paths)


def size_of_names(paths: Iterable[str]) -> int:
    """In bytes. A short name counts for more than it has: in memory it takes more."""
    return sum(max(LEAST_NAME_BYTES, len(path.encode())) for path in paths)


ID_RULE = (
    "an id has at most 255 bytes, no spaces at its ends, no slash, backslash, angle bracket or invisible character, "
    "and is written in Unicode's form NFC"
)
"""For people whose id is refused."""


def is_id(text: str) -> bool:
    """Whether `text` can be the id of a person, an organisation or a course.

    One that would look like another one is refused, and never changed into that other one. Assignments are named by
    their instructors, as folders: there `is_path_component` is the rule.
    """
    return (
        is_path_component(text)
        and text == text.strip()
        and unicodedata.is_normalized("NFC", text)
        and "<" not in text
        and ">" not in text
        and not has_invisible_characters(text)
    )


INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
OTHER_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
)
"""Letters and marks that Unicode has for nothing that is seen: fillers, joiners, selectors of variants."""


def has_invisible_characters(text: str) -> bool:
    return not (text.isascii() and text.isprintable()) and any(map(is_invisible, text))


def is_invisible(char: str) -> bool:
    """Whether a character is seen by its effect on others alone: it controls, joins or turns them around."""
    return unicodedata.category(char) in INVISIBLE_CATEGORIES or char in OTHER_INVISIBLE


def is_relative_path(path: str) -> bool:
    """Whether `path` is a relative POSIX path that stays below its root, component by component."""
    parts = path.split("/")
    return (
        len(path) <= MAX_PATH_BYTES
        and len(parts) <= MAX_DEPTH
        and all(is_path_component(part) for part in parts)
        and len(path.encode()) <= MAX_PATH_BYTES
    )
