"""How both commands read their options."""

from __future__ import annotations

import inspect
import re
from collections.abc import Container
from typing import Any, NoReturn, cast

from traitlets.config import Application
from traitlets.config.loader import ArgumentError, KVArgParseConfigLoader


class OptionRefused(Exception):
    """An option that there is not, or without the value that it needs; the text says which."""


class StrictLoader(KVArgParseConfigLoader):
    """Refuses unknown options: traitlets only warns, and runs the command without them.

    With `--dryrun=true`, for `--dry-run`, a roster would be changed. Raises `OptionRefused`, also where argparse would
    print how it is used and end the program.
    """

    def _create_parser(self) -> None:
        super()._create_parser()
        setattr(self.parser, "error", refuse)  # noqa: B010 - mypy lets no method be replaced

    def _handle_unrecognized_alias(self, arg: str) -> None:
        refuse(f"there is no option {'-' if len(arg) == 1 else '--'}{arg}")

    def load_config(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().load_config(*args, **kwargs)
        except ArgumentError as error:  # as of an option that was given twice
            refuse(str(error))


OURS = (
    (re.compile(r"unrecognized arguments: (\S+).*"), r"there is no option \1"),
    (
        re.compile(r"argument (-+[^\s.]+): expected one argument"),
        r"there is no option \1",
    ),  # ours have a dot by now
    (re.compile(r"argument (\S+): expected one argument"), r"\1 needs a value"),
    (re.compile(r"argument (\S+): ignored explicit argument .*"), r"\1 takes no value"),
)
"""What argparse says, and how the rest of our commands would say it."""


def refuse(message: str) -> NoReturn:
    for theirs, ours in OURS:
        if match := theirs.fullmatch(message):
            raise OptionRefused(match.expand(ours))
    raise OptionRefused(message)


TRAIT = re.compile(
    r"The (?:value of the )?'(\w+)' trait of (?:an? (\w+)|<(?:\w+\.)*(\w+) object at \w+>) instance "
)


def spell_trait(text: str, sections: Container[str]) -> str:
    """What traitlets says of a value, with the setting, or the option of a command, as people write it."""

    def spell(match: re.Match[str]) -> str:
        name, owner = match[1], match[2] or match[3]
        return f"c.{owner}.{name} " if owner in sections else f"--{name.replace('_', '-')} "

    return TRAIT.sub(spell, text)


class StrictOptions:
    """For an application whose unknown options are refused."""

    log: Any
    subcommands: Any

    def parse_command_line(self, argv: Any = None) -> None:
        """Raise `TraitError` for a value that cannot be, where traitlets logs it and ends the program."""
        inspect.unwrap(Application.parse_command_line)(cast(Application, self), argv)

    def _create_loader(self, argv: Any, aliases: Any, flags: Any, classes: Any) -> KVArgParseConfigLoader:
        return StrictLoader(argv, aliases, flags, classes=classes, log=self.log, subcommands=self.subcommands)
