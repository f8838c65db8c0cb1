"""The commands: serve, db upgrade, storage init, token new, gc, demo."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import fields
from importlib import metadata
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from traitlets import Bool, TraitError, Unicode
from traitlets.config import Application, Configurable

from nbexchange.api import schema
from nbexchange.api.collector import collect_garbage
from nbexchange.api.configuration import (
    SECTIONS,
    drop_older,
    environment,
    read_file,
    refuse_unknown,
    unknown_variables,
)
from nbexchange.api.database import UnsupportedDatabase
from nbexchange.api.identity import RANK, InvalidIdentity
from nbexchange.api.schema import SchemaOutdated
from nbexchange.api.sections import SettingsError
from nbexchange.api.settings import NbExchange
from nbexchange.redaction import RedactingFormatter
from nbexchange.storage import StoreUnavailable

log = logging.getLogger(__name__)

EXPECTED = (
    SettingsError,
    UnsupportedDatabase,
    SchemaOutdated,
    StoreUnavailable,
    InvalidIdentity,
    TraitError,
    SQLAlchemyError,
    OSError,
)
"""What an operator can mend: told in one line, without a traceback."""


class Command(Application):
    """Reads the settings, in rising order, from the file, the environment and the command line."""

    version = metadata.version("nbexchange")
    classes: list[type[Configurable]] = [*SECTIONS.values()]
    aliases = {
        "config": "NbExchange.config_file",
        "ip": "NbExchange.ip",
        "port": "NbExchange.port",
    }
    flags = {
        "debug": ({"NbExchange": {"debug": True}}, "Log in detail."),
        "upgrade-db": ({"NbExchange": {"upgrade_db": True}}, "Upgrade an older schema at start."),
        "reset-db": ({"NbExchange": {"reset_db": True}}, "Drop everything in the database at start."),
    }

    settings: NbExchange

    def initialize(self, argv: Sequence[str] | None = None) -> None:
        self.parse_command_line(None if argv is None else list(argv))
        if self.subapp is None:
            self._refuse_what_it_does_not_know()
            self._configure()

    takes_arguments = False

    def _refuse_what_it_does_not_know(self) -> None:
        if self.extra_args and not self.takes_arguments:
            known = f"; there is {', '.join(self.subcommands)}" if self.subcommands else ""
            raise SettingsError(f"{self.name} knows no {self.extra_args[0]!r}{known}")

    def _configure(self) -> None:
        given = environment()
        given.merge(self.config)
        refuse_unknown(given)
        config = read_file(NbExchange(config=given).config_file)
        config.merge(given)
        refuse_unknown(config)
        remarks = [*drop_older(config), *unknown_variables()]
        self.update_config(config)
        self.settings = NbExchange(parent=self)
        start_logging(debug=self.settings.debug)
        for remark in remarks:
            log.warning(remark)

    def start(self) -> None:
        if self.subapp is not None:
            self.subapp.start()
            return
        self.run()

    def run(self) -> None:
        self.print_help()

    @classmethod
    def launch_instance(cls, argv: list[str] | None = None, **kwargs: Any) -> None:
        try:
            super().launch_instance(argv, **kwargs)
        except DBAPIError as error:
            sys.exit(f"nbexchange: the database cannot be used: {error.orig}")
        except EXPECTED as error:
            sys.exit(f"nbexchange: {error}")


def start_logging(*, debug: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if debug else logging.INFO, handlers=[handler])
    # Alembic says at every start which database it met; the debug output of the others quotes signed URLs.
    for chatty in ("alembic", "urllib3", "botocore", "boto3", "s3transfer"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class Serve(Command):
    """Run the service."""

    name = "nbexchange-serve"
    description = __doc__

    def run(self) -> None:
        from nbexchange.api.server import serve

        self.settings.check()
        self.settings.rehearse()
        database = self.settings.database()
        schema.prepare(database, upgrade=self.settings.upgrade_db, reset=self.settings.reset_db)
        database.engine.dispose()
        serve(self.settings)


class DbUpgrade(Command):
    """Create the schema, or upgrade an older one. Make a backup first."""

    name = "nbexchange-db-upgrade"
    description = __doc__

    def run(self) -> None:
        schema.prepare(self.settings.database(), upgrade=True)
        print(f"The schema is at revision {schema.head_revision()}.")


class Db(Command):
    """Work on the database."""

    name = "nbexchange-db"
    description = __doc__
    subcommands = {"upgrade": (DbUpgrade, DbUpgrade.__doc__)}


class StorageInit(Command):
    """Make the bucket or directory, and show what the store enforces."""

    name = "nbexchange-storage-init"
    description = __doc__

    def run(self) -> None:
        store = self.settings.store()
        store.create()
        store.ready()
        found = store.capabilities()
        print(f"{self.settings.base_storage_location} is ready.")
        for field in fields(found):
            print(f"  {field.name.replace('_', ' '):28} {'yes' if getattr(found, field.name) else 'NO'}")
        if not found.refuses_forged_signatures:
            sys.exit("nbexchange: this server lets anybody write: do not use it")


class Storage(Command):
    """Work on the object store."""

    name = "nbexchange-storage"
    description = __doc__
    subcommands = {"init": (StorageInit, StorageInit.__doc__)}


class TokenNew(Command):
    """Make a static token for a person and print it, once: NAME COURSE:ROLE [COURSE:ROLE ...]"""

    name = "nbexchange-token-new"
    description = __doc__
    takes_arguments = True
    aliases = {
        **Command.aliases,
        "org": "TokenNew.org_id",
        "full-name": "TokenNew.full_name",
        "email": "TokenNew.email",
        "lms-user-id": "TokenNew.lms_user_id",
    }
    org_id = Unicode("1", help="The person's organisation.").tag(config=True)
    full_name = Unicode(help="For the gradebook.").tag(config=True)
    email = Unicode(help="For the gradebook.").tag(config=True)
    lms_user_id = Unicode(help="For the gradebook.").tag(config=True)

    def run(self) -> None:
        if len(self.extra_args) < 2:
            raise SettingsError("usage: nbexchange token new NAME COURSE:ROLE [COURSE:ROLE ...]")
        name, *places = self.extra_args
        user = {
            "name": name,
            "org_id": self.org_id,
            "full_name": self.full_name or None,
            "email": self.email or None,
            "lms_user_id": self.lms_user_id or None,
            "courses": [_course(place) for place in places],
        }
        print(self.settings.tokens().create(user))


def _course(place: str) -> dict[str, str]:
    course_id, colon, role = place.rpartition(":")
    if not colon or role.casefold() not in RANK:
        raise SettingsError(f"{place!r} is not COURSE:ROLE with one of the roles {', '.join(RANK)}")
    return {"course_id": course_id, "course_role": role}


class Token(Command):
    """Work with static tokens."""

    name = "nbexchange-token"
    description = __doc__
    subcommands = {"new": (TokenNew, TokenNew.__doc__)}


class Gc(Command):
    """Complete orphaned submissions, expire what ran out of time, delete what is nobody's. Run it from cron."""

    name = "nbexchange-gc"
    description = __doc__

    def run(self) -> None:
        services = self.settings.services()
        schema.require_current(services.database)
        report = collect_garbage(services)
        print(
            f"{report.completed} submissions completed, {report.expired} uploads expired, "
            f"{report.deleted} objects deleted, {report.forgotten} purged uploads forgotten"
        )
        if report.failed:
            sys.exit(f"nbexchange: {report.failed} uploads are left to the next round, see the log")


class Demo(Command):
    """Run a whole assignment cycle with the real nbgrader, for one instructor and three students."""

    name = "nbexchange-demo"
    description = __doc__
    flags = {
        **Command.flags,
        "keep": ({"Demo": {"keep": True}}, "Leave the service running, and print how to use it."),
        "postgres": ({"Demo": {"postgres": True}}, "Use a real PostgreSQL, started here."),
        "s3": ({"Demo": {"s3": True}}, "Use a real S3 server, started here."),
    }
    keep = Bool(False).tag(config=True)
    postgres = Bool(False).tag(config=True)
    s3 = Bool(False).tag(config=True)

    def run(self) -> None:
        from nbexchange.api.demo import run_demo

        run_demo(keep=self.keep, postgres=self.postgres, s3=self.s3)


class NbExchangeApp(Serve):
    """The exchange for nbgrader. Without a command, runs the service."""

    name = "nbexchange"
    description = __doc__
    subcommands = {
        "serve": (Serve, Serve.__doc__),
        "db": (Db, Db.__doc__),
        "storage": (Storage, Storage.__doc__),
        "token": (Token, Token.__doc__),
        "gc": (Gc, Gc.__doc__),
        "demo": (Demo, Demo.__doc__),
    }
