"""What all commands do: read nbgrader's configuration, ask the exchange, and answer people or programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from traitlets import Bool, TraitError

from nbexchange.plugin.cli.application import JupyterApp
from nbexchange.plugin.cli.exchange import CourseDirectory, Exchange
from nbexchange.plugin.failures import TransferFailed, explain_failure
from nbexchange.plugin.submission_folders import submission_around
from nbexchange.shared.command_line import OptionRefused, StrictOptions, spell_trait
from nbexchange.shared.terminal import clean_lines
from nbexchange.shared.version import VERSION

CONFIG_NAME = "nbgrader_config"


class CommandFailed(Exception):
    """Something that the person at the command can mend; its text says what and how."""


class Command(StrictOptions, JupyterApp):
    """One command. A subclass says what it finds out, and how people read it."""

    version = VERSION
    config_file_name = CONFIG_NAME
    raise_config_file_errors = True
    classes = [Exchange, CourseDirectory]
    as_json = Bool(False, help="Print one JSON document.").tag(config=True)
    flags = {
        "json": ({"Command": {"as_json": True}}, "Print one JSON document, for programs."),
        "debug": ({"Application": {"log_level": "DEBUG"}}, "Log in detail."),
    }
    aliases = {"config": "JupyterApp.config_file", "log-level": "Application.log_level"}
    takes_arguments = False

    # --- what a command is ---------------------------------------------------------------------------------

    def ask(self) -> msgspec.Struct:
        """What there is to tell; `--json` prints it as it is. Raises `TransferFailed` or `CommandFailed`."""
        raise NotImplementedError

    def lines(self, answer: Any) -> Iterator[str]:
        """The same for people. What comes from elsewhere has to be `clean`, as tables are."""
        raise NotImplementedError

    def is_well(self, answer: Any) -> bool:
        """Whether the command ends with status 0."""
        return True

    @cached_property
    def exchange(self) -> Exchange:
        return Exchange(parent=self)

    # --- how it runs ---------------------------------------------------------------------------------------

    def parse_command_line(self, argv: Any = None) -> None:
        try:
            super().parse_command_line(argv)
        except (OptionRefused, TraitError) as refusal:
            self._end(CommandFailed(f"{self.name}: {self._spell(refusal)}"))

    def _spell(self, error: Exception) -> str:
        return spell_trait(str(error), {section.__name__ for section in type(self).classes})

    def load_config_files(self) -> None:
        """Read what nbgrader reads, in its order: the Jupyter path, the working directory, the course's root."""
        try:
            super().load_config_files()
            self._load_from(Path.cwd())
            if root := self.config.get("CourseDirectory", {}).get("root"):
                self._load_from(Path(root))
        except Exception as error:  # noqa: BLE001 - a file that runs can raise anything
            self._end(CommandFailed(f"The configuration cannot be read: {type(error).__name__}: {error}"))

    def _load_from(self, folder: Path) -> None:
        """Read the configuration in a folder, but none that the author of a submission could have written."""
        if submission := submission_around(folder):
            self.log.warning("No configuration is read from %s: %s is for submissions.", folder, submission)
        else:
            self.load_config_file(CONFIG_NAME, path=str(folder))

    def run(self) -> None:
        try:
            self._refuse_arguments()
            answer = self.ask()
            printed = _encode(answer) if self.as_json else "\n".join(self.lines(answer))
        except Exception as failure:  # noqa: BLE001 - people are told in a sentence, whatever it is
            self._end(failure)
        sys.stdout.write(f"{printed}\n")
        if not self.is_well(answer):
            self.exit(1)

    def _refuse_arguments(self) -> None:
        if self.extra_args and not self.takes_arguments:
            raise CommandFailed(f"{self.name} takes no {self.extra_args[0]!r}.")

    def _end(self, failure: Exception) -> NoReturn:
        if not isinstance(failure, TransferFailed | CommandFailed | TraitError):
            self.log.debug("failed", exc_info=True)
        text = str(failure) if isinstance(failure, CommandFailed) else explain_failure(failure)
        if isinstance(failure, TraitError):
            text = self._spell(failure)
        request_id = failure.request_id if isinstance(failure, TransferFailed) else None
        if self.as_json:
            sys.stdout.write(_encode(Failed(Failure(text, request_id))) + "\n")
        else:
            sys.stderr.write(f"{clean_lines(text)}\n")
        sys.exit(1)


class Failure(msgspec.Struct):
    message: str
    request_id: str | None


class Failed(msgspec.Struct):
    error: Failure


def _encode(answer: msgspec.Struct) -> str:
    """In ASCII, which every terminal and every pipe takes."""
    return json.dumps(_with_all_keys(answer), indent=2)


def _with_all_keys(value: Any) -> Any:
    """For JSON, also with what is not known or empty: on the wire the service leaves that out."""
    if isinstance(value, msgspec.Struct):
        return {name: _with_all_keys(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list):
        return [_with_all_keys(entry) for entry in value]
    return msgspec.to_builtins(value)
