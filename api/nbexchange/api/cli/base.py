"""What all commands do: read the settings, and tell in one line what an administrator can correct."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from traitlets import TraitError
from traitlets.config import Application, Config, Configurable
from traitlets.config.loader import ConfigError

from nbexchange.api.access.identity import InvalidIdentity
from nbexchange.api.cli.areas import find_ignored
from nbexchange.api.config.build import build_database
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.config.sources import (
    drop_older,
    environment,
    read_file,
    refuse_unknown,
    sections,
    unknown_variables,
)
from nbexchange.api.db.engine import Database, UnsupportedDatabase
from nbexchange.api.db.upgrade import SchemaOutdated
from nbexchange.api.db.waiting import wait_for_database
from nbexchange.api.problems import ExchangeProblem
from nbexchange.shared.command_line import OptionRefused, StrictOptions, spell_trait
from nbexchange.shared.redaction import RedactingFormatter
from nbexchange.shared.roster_csv import RosterFileError
from nbexchange.shared.section import SettingsError
from nbexchange.shared.version import VERSION
from nbexchange.storage import StoreUnavailable

log = logging.getLogger(__name__)

EXPECTED = (
    OptionRefused,
    ConfigError,
    SettingsError,
    UnsupportedDatabase,
    SchemaOutdated,
    StoreUnavailable,
    InvalidIdentity,
    ExchangeProblem,
    RosterFileError,
    TraitError,
    SQLAlchemyError,
    OSError,
)
"""What an administrator can correct: told in one line, without a traceback."""


class Command(StrictOptions, Application):
    """Reads the settings, in rising order, from the file, the environment and the command line."""

    version = VERSION
    aliases = {"config": "NbExchange.config_file"}
    flags = {"debug": ({"NbExchange": {"debug": True}}, "Log in detail.")}
    areas: ClassVar[Collection[str]] = ()
    """What it makes use of: see `areas`."""

    settings: NbExchange
    ends: ExitStack
    classes: list[type[Configurable]]

    def __init__(self, **kwargs: Any) -> None:
        self.classes = [*sections().values()]
        super().__init__(**kwargs)

    def initialize(self, argv: Sequence[str] | None = None) -> None:
        try:
            self.parse_command_line(None if argv is None else list(argv))
            if self.subapp is None:
                self._refuse_unknown_arguments()
                self._configure()
        except TraitError as error:  # traitlets would log it
            raise SettingsError(spell_trait(str(error), sections())) from error

    takes_arguments = False

    def _refuse_unknown_arguments(self) -> None:
        if self.extra_args and not self.takes_arguments:
            raise SettingsError(f"{self.spoken} knows no {self.extra_args[0]!r}")

    @property
    def spoken(self) -> str:
        """Its name as people type it."""
        return self.name.replace("-", " ")

    def _configure(self) -> None:
        if ignored := find_ignored(self.config, self.areas):
            raise SettingsError(f"{self.spoken} makes no use of {ignored}")
        overrides = self._overrides()
        refuse_unknown(overrides)
        self._refuse_unknown_options(overrides)
        config = read_file(NbExchange(config=overrides).config_file)
        config.merge(self._overrides())  # read anew: a store that the file registers has variables of its own
        refuse_unknown(config)
        remarks = [*drop_older(config), *unknown_variables()]
        self.update_config(config)
        self.settings = NbExchange(parent=self)
        start_logging(debug=self.settings.debug)
        for remark in remarks:
            log.warning(remark)

    def _overrides(self) -> Config:
        """What beats the file: the environment, and the command line before that."""
        config = environment()
        config.merge(self.config)
        return config

    def _refuse_unknown_options(self, config: Config) -> None:
        """Settings of the command itself, which no file has."""
        for kind in type(self).mro():
            if issubclass(kind, Command) and (
                unknown := config.get(kind.__name__, {}).keys() - self.traits().keys()
            ):
                raise SettingsError(f"there is no option --{kind.__name__}.{min(unknown)}")

    def wait_for_database(self) -> Database:
        """The database, once it takes connections: for commands that begin a service."""
        database = self.closing(build_database(self.settings))
        wait_for_database(database, self.settings.database_patience)
        return database

    def closing(self, database: Database) -> Database:
        """The same database, whose connections are closed at the end of the command."""
        self.ends.callback(database.engine.dispose)
        return database

    def start(self) -> None:
        with ExitStack() as self.ends:
            self.run()

    def run(self) -> None:
        raise NotImplementedError

    @classmethod
    def launch_instance(cls, argv: list[str] | None = None, **kwargs: Any) -> None:
        try:
            super().launch_instance(argv, **kwargs)
        except DBAPIError as error:
            sys.exit(f"nbexchange: the database cannot be used: {' '.join(str(error.orig).split())}")
        except EXPECTED as error:
            sys.exit(f"nbexchange: {error}")


class Group(Command):
    """Leads to its subcommands, and alone prints its help. It has no options, and reads no settings."""

    aliases = {}
    flags = {}

    def initialize(self, argv: Sequence[str] | None = None) -> None:
        words = sys.argv[1:] if argv is None else list(argv)
        if words and words[0].startswith("-") and (later := [w for w in words if w in self.subcommands]):
            raise SettingsError(f"options come after the command: {self.spoken} {later[0]} ...")
        self.parse_command_line(words)
        if self.subapp is None and (self.extra_args or self.config):
            word = repr(self.extra_args[0]) if self.extra_args else "options of its own"
            raise SettingsError(f"{self.spoken} knows no {word}; there is {', '.join(self.subcommands)}")

    def start(self) -> None:
        if self.subapp is None:
            self.print_help()
        else:
            self.subapp.start()


def start_logging(*, debug: bool) -> None:
    # Nothing that is logged says them, and each line would look them up.
    logging.logThreads = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if debug else logging.INFO, handlers=[handler])
    # Alembic says at every start which database it met; the debug output of urllib3 quotes signed URLs.
    for name in ("alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
