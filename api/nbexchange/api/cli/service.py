"""The commands of the service itself: serve, db upgrade, storage init, token new, gc."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Iterator
from dataclasses import fields

from traitlets import Bool, Unicode

from nbexchange.api.access.identity import ROLES
from nbexchange.api.cli.base import Command, Group
from nbexchange.api.config.build import (
    build_runtime,
    build_store,
    build_token_file,
    rehearse,
)
from nbexchange.api.db import upgrade as schema
from nbexchange.api.db.engine import Database
from nbexchange.api.uploads.garbage_collection import collect_garbage
from nbexchange.shared.section import SettingsError
from nbexchange.storage import Capabilities

log = logging.getLogger("nbexchange")


class Serve(Command):
    """Run the service."""

    name = "nbexchange-serve"
    description = __doc__
    areas = ("service", "database", "store", "tokens", "rosters")
    aliases = {**Command.aliases, "ip": "NbExchange.ip", "port": "NbExchange.port"}
    flags = {
        **Command.flags,
        "upgrade-db": ({"NbExchange": {"upgrade_db": True}}, "Upgrade an older schema at start."),
        "reset-db": (
            {"NbExchange": {"reset_db": True}},
            "Drop everything in the database at start, for good. Asks before it does so.",
        ),
        "yes": ({"Serve": {"yes": True}}, "Do not ask: for --reset-db where nobody is at a terminal."),
    }
    yes = Bool(False, help="Answer what `--reset-db` asks.").tag(config=True)

    def run(self) -> None:
        from nbexchange.api.http.server import serve

        self.settings.check()
        if self.yes and not self.settings.reset_db:
            raise SettingsError(f"{self.spoken} makes no use of --yes without --reset-db")
        rehearse(self.settings)
        database = self.wait_for_database()
        if self.settings.reset_db:
            self._confirm_reset(database)
        schema.prepare(database, upgrade=self.settings.upgrade_db, reset=self.settings.reset_db)
        database.engine.dispose()
        serve(self.settings)

    def _confirm_reset(self, database: Database) -> None:
        """Have somebody say that everything may go, and log it. Raises `SettingsError` where nobody does."""
        address = database.engine.url.render_as_string(hide_password=True)
        if not self.yes:
            if not sys.stdin.isatty():
                raise SettingsError(f"--reset-db drops everything in {address}: add --yes if that is meant")
            if input(f"Drop everything in {address}, for good? Type yes: ").strip() != "yes":
                raise SettingsError("nothing was dropped")
        log.warning("everything in %s is dropped (--reset-db)", address)


class DbUpgrade(Command):
    """Create the schema, or upgrade an older one. Make a backup first."""

    name = "nbexchange-db-upgrade"
    description = __doc__
    areas = ("database",)

    def run(self) -> None:
        revision = schema.prepare(self.wait_for_database(), upgrade=True)
        print(f"The schema is at revision {revision}.")


class Db(Group):
    """Work on the database."""

    name = "nbexchange-db"
    description = __doc__
    subcommands = {"upgrade": (DbUpgrade, DbUpgrade.__doc__)}


class StorageInit(Command):
    """Make the bucket or directory, and show what the store enforces."""

    name = "nbexchange-storage-init"
    description = __doc__
    areas = ("store", "trials")

    def run(self) -> None:
        store = build_store(self.settings)
        store.create()
        store.ready()
        capabilities = store.capabilities()
        accepted = self.settings.accepted_store_risks
        risks = [risk for risk in capabilities.risks() if risk not in accepted]
        print(f"{self.settings.base_storage_location} is {'not ready' if risks else 'ready'}.")
        print("\n".join(capability_lines(capabilities, accepted)))
        if risks:
            sys.exit(
                "nbexchange: this server lets through what harms people: use another, or accept it by name with "
                f"c.NbExchange.accepted_store_risks = {risks}"
            )
        if capabilities.refuses_other_md5 and not (capabilities.refuses_other_digests or store.wants_md5):
            print("It enforces MD5 and no SHA-256: set c.S3Store.content_md5 = True.")


def capability_lines(capabilities: Capabilities, accepted: Collection[str]) -> Iterator[str]:
    for field in fields(capabilities):
        answer = "yes" if getattr(capabilities, field.name) else "NO"
        if answer == "NO" and field.name.removeprefix("refuses_") in accepted:
            answer = "NO (accepted)"
        yield f"  {field.name.replace('_', ' '):28} {answer}"


class Storage(Group):
    """Work on the object store."""

    name = "nbexchange-storage"
    description = __doc__
    subcommands = {"init": (StorageInit, StorageInit.__doc__)}


class TokenNew(Command):
    """Make a static token for a person and print it, once: NAME COURSE:ROLE [COURSE:ROLE ...]

    With rosters in the database, the name is enough.
    """

    name = "nbexchange-token-new"
    description = __doc__
    areas = ("tokens", "rosters")
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
        if len(self.extra_args) < (1 if self.settings.database_roster else 2):
            raise SettingsError("usage: nbexchange token new NAME COURSE:ROLE [COURSE:ROLE ...]")
        name, *courses = self.extra_args
        user = {
            "name": name,
            "org_id": self.org_id,
            "full_name": self.full_name or None,
            "email": self.email or None,
            "lms_user_id": self.lms_user_id or None,
            "courses": [_course(course) for course in courses],
        }
        print(build_token_file(self.settings).create(user))


def _course(text: str) -> dict[str, str]:
    course_id, colon, role = text.rpartition(":")
    if not colon or role.casefold() not in ROLES:
        raise SettingsError(f"{text!r} is not COURSE:ROLE with one of the roles {', '.join(ROLES)}")
    return {"course_id": course_id, "course_role": role}


class Token(Group):
    """Work with static tokens."""

    name = "nbexchange-token"
    description = __doc__
    subcommands = {"new": (TokenNew, TokenNew.__doc__)}


class Gc(Command):
    """Complete orphaned submissions, expire old uploads, delete unused objects. Run it from cron."""

    name = "nbexchange-gc"
    description = __doc__
    areas = ("database", "store")

    def run(self) -> None:
        runtime = build_runtime(self.settings)
        self.closing(runtime.database)
        schema.require_current(runtime.database)
        report = collect_garbage(runtime)
        print(
            f"{report.completed} submissions completed, {report.expired} uploads expired, "
            f"{report.deleted} objects deleted, {report.forgotten} purged uploads forgotten"
        )
        if report.failed:
            sys.exit(f"nbexchange: {report.failed} uploads failed and are left to the next run: see the log")
