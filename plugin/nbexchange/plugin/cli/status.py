"""`jupyter nbexchange status`: whether the exchange can be used from here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct
from traitlets import TraitError
from traitlets.utils.importstring import import_item

from nbexchange import plugin
from nbexchange.plugin import MODULES, frames
from nbexchange.plugin.cli.base import Command
from nbexchange.plugin.cli.own_server import OwnServer, own_server
from nbexchange.plugin.cli.tables import columns
from nbexchange.plugin.failures import TransferFailed, explain_failure
from nbexchange.plugin.messages import say
from nbexchange.plugin.service.client import Client
from nbexchange.plugin.service.credentials import TOKEN_VARIABLES, ApiCredentials, find_token, service_url
from nbexchange.plugin.transfer.storage import Storage
from nbexchange.protocol import PROTOCOL_HEADER, VERSION_HEADER, Me
from nbexchange.shared.redaction import redact
from nbexchange.shared.terminal import clean_lines

STATES = {True: "ok", False: "NOT OK", None: "unknown"}


class Finding(Struct):
    """What a successful check found: a phrase for people, and the same in parts for programs."""

    about: str
    facts: dict[str, str | int] = {}


class Check(Struct):
    """The result of one check. `ok` is None where it could not be made; `error` says what to do."""

    name: str
    ok: bool | None
    about: str
    facts: dict[str, str | int] = {}
    error: str | None = None
    request_id: str | None = None


class Report(Struct):
    ok: bool
    checks: list[Check]


class Status(Command):
    """Whether the exchange can be used from here: the service, your token, the file store, nbgrader's configuration."""

    name = "jupyter-nbexchange status"
    description = __doc__ or ""

    def ask(self) -> Report:
        self.me: Me | None = None
        self.is_away = False
        service = self._check("service", self._check_service)
        self.is_away = not service.ok
        checks = [
            service,
            self._check("readiness", self._check_readiness),
            self._check("token", self._check_token),
            self._check("you", self._check_caller),
            self._check("store", self._check_store),
            self._check("nbgrader", self._check_factory_lines),
        ]
        if server := own_server():
            checks.append(self._check("formgrader", lambda: self._check_formgrader(server)))
        return Report(all(check.ok is not False for check in checks), checks)

    def is_well(self, answer: Report) -> bool:
        return answer.ok

    def lines(self, answer: Report) -> Iterator[str]:
        yield from columns([(check.name, STATES[check.ok], check.about or None) for check in answer.checks])
        for check in answer.checks:
            if check.error:
                yield f"\n{check.name}: {clean_lines(check.error)}"

    def _check(self, name: str, look: Callable[[], Finding | None]) -> Check:
        try:
            finding = look()
        except TransferFailed as failure:
            return Check(name, False, "", error=str(failure), request_id=failure.request_id)
        except TraitError:
            raise
        except Exception as failure:  # noqa: BLE001 - an installation's own credentials can raise anything
            return Check(name, False, "", error=explain_failure(failure))
        return Check(name, True, finding.about, finding.facts) if finding else Check(name, None, "")

    # --- the checks: None where they cannot be made -----------------------------------------------------------

    def _check_service(self) -> Finding:
        anonymous, started = self._anonymous(), time.monotonic()
        anonymous.check("healthz")
        milliseconds = round(1000 * (time.monotonic() - started))
        url = redact(anonymous.url_of(""))
        version, revision = (anonymous.headers.get(name, "?") for name in (VERSION_HEADER, PROTOCOL_HEADER))
        about = f"{url} (nbexchange {version}, protocol {revision}) answers in {milliseconds} ms"
        return Finding(
            about, {"url": url, "version": version, "protocol": revision, "milliseconds": milliseconds}
        )

    def _check_readiness(self) -> Finding | None:
        if self.is_away:
            return None
        self._anonymous().check("readyz")
        return Finding("its database and its file store answer it")

    def _anonymous(self) -> Client:
        """A client without a token, so that a token that cannot be read hides nothing else."""

        def prepare(path: str) -> tuple[str, dict[str, str], dict[str, str]]:
            try:
                return self.exchange.client.url_of(path), {}, {}
            except Exception:  # noqa: BLE001 - as above
                return service_url(self.exchange) + path, {}, {}

        return Client(prepare, self.exchange.api_timeout)

    def _check_token(self) -> Finding:
        """Where the token comes from; it is never shown itself. To have none may be intended."""
        source = source_of_token(self.exchange)
        if source is None:
            variables = self.exchange.api_token_variable or " or ".join(TOKEN_VARIABLES)
            return Finding(f"none: there is nothing in {variables}")
        cookie = self.exchange.api_token_cookie
        how = f", sent in the cookie {cookie}" if cookie else ""
        return Finding(f"from {source}{how}", {"source": source})

    def _check_caller(self) -> Finding | None:
        if self.is_away:
            return None
        self.me = me = self.exchange.client.me()
        roles = ", ".join(f"{course.role} of {course.course_id}" for course in me.courses) or "no courses"
        about = f"{me.name} of organisation {me.org_id}: {roles}"
        return Finding(about, {"name": me.name, "org_id": me.org_id})

    def _check_store(self) -> Finding | None:
        """Older services do not say where they send files."""
        if self.me is None or not self.me.storage_url:
            return None
        storage = Storage(self.exchange.client.url_of(""), self.exchange.storage_origins)
        url = redact(storage.reach(self.me.storage_url))
        return Finding(f"{url} answers", {"url": url})

    def _check_factory_lines(self) -> Finding:
        configured = self.config.get("ExchangeFactory", {})
        missing = [slot for slot in MODULES.values() if slot not in configured]
        if missing:
            raise TransferFailed(say("lines-missing", slots=", ".join(missing)))
        for name, slot in MODULES.items():
            if why := what_is_wrong(configured[slot], name):
                raise TransferFailed(say("lines-wrong", slot=slot, value=configured[slot], why=why))
        return Finding("the eight lines of its configuration are there")

    def _check_formgrader(self, server: OwnServer) -> Finding | None:
        """What JupyterLab shows: nothing where the hub forbids frames and our extension does not answer."""
        reply = server.ask_as_a_frame("formgrader", self.exchange.api_timeout)
        if reply is None or reply.status_code not in (200, 302, 404):
            return None
        if reply.status_code == 404:
            return Finding("is switched off on this server")
        if reply.status_code == 200:
            return Finding(
                f"opens in a tab of its own, as this hub forbids frames: {server.public_url}formgrader"
            )
        if not reply.headers.get("Location", "").endswith("/formgrader/manage_assignments"):
            return None  # the way to the hub's login
        if frames.are_forbidden(reply.headers.get("Content-Security-Policy", "")):
            raise TransferFailed(say("formgrader-framed", url=f"{server.public_url}formgrader"))
        return Finding("opens inside JupyterLab")


def what_is_wrong(value: Any, name: str) -> str | None:
    """Why a line of the configuration is not for our class of this name, or for a subclass of it."""
    if value == f"nbexchange.plugin.{name}":  # and so nothing of nbgrader is imported, which takes seconds
        return None
    try:
        kind = import_item(value) if isinstance(value, str) else value
    except Exception as error:  # noqa: BLE001 - a module that runs can raise anything
        return f"cannot be imported ({type(error).__name__}: {error})"
    if isinstance(kind, type) and issubclass(kind, getattr(plugin, name)):
        return None
    return f"is no {name} of nbexchange"


def source_of_token(exchange: Any) -> str | None:
    kind = exchange.api_plugin_class
    if kind is not ApiCredentials:
        return f"{kind.__module__}.{kind.__qualname__}"
    token = find_token(exchange)
    return token.source if token else None
