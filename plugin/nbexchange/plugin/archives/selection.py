"""Which files and directories of a tree travel, and which are kept where it arrives."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import translate
from functools import cached_property

from msgspec import Struct, field

from nbexchange.shared.terminal import clean

UNSAFE_NAMES = (
    # version control: its configuration names commands that run when somebody asks for the state of the folder
    *(".git", "git~*", ".hg", ".svn", ".bzr", ".jj"),
    # nbgrader and Jupyter, which took configuration from the working directory, or still do
    *("nbgrader_config.py", "nbgrader_config.json", "jupyter*_config.py", "jupyter*_config.json"),
    *("ipython*_config.py", "ipython*_config.json", "profile_default"),
    # shells that prepare themselves for a folder
    *(".envrc", ".autoenv*", ".mise.toml", "mise.toml"),
    # editors
    *(".vscode", "*.code-workspace", ".idea", ".fleet", ".zed", ".devcontainer", ".devcontainer.json"),
    *(".exrc", ".vimrc", ".lvimrc", ".nvimrc", ".nvim.lua", ".dir-locals.el", ".dir-locals-2.el"),
    # interpreters and debuggers that read a file of the working directory when they start
    *("sitecustomize.py", "usercustomize.py", ".pdbrc", ".gdbinit", ".lldbinit"),
    *(".Rprofile", ".Renviron", ".RData", ".octaverc", ".ghci", ".ocamlinit", ".iex.exs", ".irbrc", ".pryrc"),
)
"""Names that programs obey because they are there: who opens the folder of a submission has run its commands."""


class LeftOut(Struct):
    """What of a tree does not travel, or was not kept, by reason. Of a directory there is its own path alone.

    `odd` are links that lead out of the tree or dangle, special files, and names that no exchange accepts.
    """

    ignored: set[str] = field(default_factory=set)
    unsafe: set[str] = field(default_factory=set)
    too_large: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)

    def lines(self, whose: str, limit: str, level_of_ignored: int) -> Iterator[tuple[int, str]]:
        """For the log, a line for each reason, with its level. `limit` is `max_file_size` as people read it."""
        reasons = [
            (logging.WARNING, f", being larger than max_file_size ({limit})", self.too_large),
            (
                logging.WARNING,
                ", since programs run what is in them unasked (c.Exchange.unsafe_names)",
                self.unsafe,
            ),
            (logging.WARNING, ", since they lead out of the assignment or are no plain files", self.odd),
            (level_of_ignored, " by CourseDirectory.ignore or include", self.ignored),
        ]
        for level, reason, paths in reasons:
            if paths:
                yield level, f"Left out{whose}{reason}: {name_some(paths)}"


def name_some(paths: Collection[str], count: int = 10) -> str:
    """The first of some paths in a tree, as a phrase that is safe to print."""
    names = [clean(path) for path in sorted(paths)[:count]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


class Selection(Struct, frozen=True, dict=True):
    """What of a tree is wanted; by default everything.

    `ignore` and `include` are nbgrader's settings: patterns of names, in any folder. `max_file_size` is in bytes.
    `unsafe` are patterns of names like `UNSAFE_NAMES`, whatever their case.
    """

    ignore: Sequence[str] = ()
    include: Sequence[str] = ()
    max_file_size: int | None = None
    unsafe: Sequence[str] = ()

    def leaves_out(self, path: str, size: int | None, left_out: LeftOut) -> bool:
        """Whether a file of this size, or a directory where that is None, is not wanted; then it is noted."""
        *folders, name = path.split("/")
        for depth, folder in enumerate(folders, 1):
            if reason := self._reason_of_folder(folder):
                getattr(left_out, reason).add("/".join(folders[:depth]))
                return True
        if reason := self._reason(name, size):
            getattr(left_out, reason).add(path)
            return True
        return False

    def _reason_of_folder(self, name: str) -> str | None:
        """Each is asked for once for every file in it."""
        if name not in self._folders:
            self._folders[name] = self._reason(name, None)
        return self._folders[name]

    def _reason(self, name: str, size: int | None) -> str | None:
        if self._ignored.match(name):
            return "ignored"
        if self._unsafe.match(fold(name)):
            return "unsafe"
        if size is None:
            return None
        if self.include and not self._included.match(name):
            return "ignored"
        return "too_large" if self.max_file_size and size > self.max_file_size else None

    def unsafe_among(self, names: Iterable[str]) -> list[str]:
        """What makes git take a folder with these names for a repository, with its own configuration."""
        lower = {name.lower(): name for name in names}
        is_repository = "head" in lower and ("objects" in lower or "commondir" in lower)
        return [lower["head"]] if self.unsafe and is_repository else []

    @cached_property
    def _folders(self) -> dict[str, str | None]:
        return {}

    @cached_property
    def _ignored(self) -> re.Pattern[str]:
        return _any_of(self.ignore)

    @cached_property
    def _included(self) -> re.Pattern[str]:
        return _any_of(self.include)

    @cached_property
    def _unsafe(self) -> re.Pattern[str]:
        return _any_of([fold(pattern) for pattern in self.unsafe])


EVERYTHING = Selection()


def fold(name: str) -> str:
    """The name as the most forgiving file system takes it: without case, marks of direction and dots at its end."""
    visible = "".join(char for char in name if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", visible).casefold().rstrip(". ")


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """One pattern for all; without any, one that nothing matches."""
    return re.compile("|".join(map(translate, patterns)) or r"(?!)")
