"""The settings of the service: `c.NbExchange.*`, one environment variable each, read once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from traitlets import Bool, Dict, Enum, Integer, List, Unicode, default, validate

from nbexchange.api.auth.choice import AuthenticatorClass, default_choice
from nbexchange.api.auth.tokens import StaticTokens
from nbexchange.api.config.addresses import is_loopback, service_url, slashed
from nbexchange.protocol import (
    ALWAYS_UNPACKED,
    DEFAULT_MAX_BUFFER_SIZE,
    DEFAULT_MAX_MEMBERS,
    DEFAULT_MAX_UNPACKED_RATIO,
    MAX_MEMBERS,
    UNPACKED_FACTOR,
)
from nbexchange.shared.seconds import Seconds
from nbexchange.shared.section import Section, SettingsError
from nbexchange.storage import RISKS
from nbexchange.storage.registry import find_factory

CONFIG_FILE = "/etc/config/nbexchange_config.py"


class NbExchange(Section):
    """The exchange service."""

    variable_prefix = "NBEXCHANGE_"

    config_file = Unicode(
        CONFIG_FILE,
        help="The configuration file: in Python, or in JSON where its name ends in `.json`. At its default path it may "
        "be missing.",
    ).tag(config=True)

    data_dir = Unicode(
        help="Where the embedded defaults keep their files: the SQLite file, the objects and the static tokens. "
        "Default: `nbexchange` in `$XDG_DATA_HOME` or in `~/.local/share`."
    ).tag(config=True)

    @default("data_dir")
    def _default_data_dir(self) -> str:
        home = os.environ.get("XDG_DATA_HOME") or str(Path("~/.local/share").expanduser())
        return str(Path(home) / "nbexchange")

    # --- the service ---------------------------------------------------------------------------------------

    ip = Unicode(
        help="The address to listen on. Beyond loopback an authenticator has to identify the callers. Default: that of "
        "`$JUPYTERHUB_SERVICE_URL` for a service of a hub, else `127.0.0.1`."
    ).tag(config=True)

    @default("ip")
    def _default_ip(self) -> str:
        return service_url().hostname or "127.0.0.1"

    port = Integer(
        min=0,
        max=65535,
        help="The port to listen on. Default: that of `$JUPYTERHUB_SERVICE_URL` for a service of a hub, "
        "else `9000`.",
    ).tag(config=True)

    @default("port")
    def _default_port(self) -> int:
        return service_url().port or 9000

    workers = Integer(2, min=1, help="How many processes answer requests.").tag(config=True)
    threads = Integer(
        8,
        min=1,
        help="How many calls that read each process answers at once, and how many that write. The bytes of a directory "
        "store have half as many threads beside them.",
    ).tag(config=True)
    caller_timeout = Seconds(
        30.0,
        min=0.1,
        help="Seconds to wait for a caller: for the whole head of a request, counted from the connection, and for its "
        "body in addition to one second for each 4 000 bytes.",
    ).tag(config=True)
    request_timeout = Seconds(
        9.0,
        min=0.1,
        help="Seconds within which a request is answered once it is there as a whole, if only with 503: half of them "
        "may pass until a thread is free, the rest for the database, the store and the hub. A client waits 10.",
    ).tag(config=True)
    debug = Bool(False, help="Log in detail.").tag(config=True)

    base_url = Unicode(
        help="The path under which the service is reached. Default: `$JUPYTERHUB_SERVICE_PREFIX` for a service "
        "of a hub, else `/services/nbexchange/`."
    ).tag(config=True)

    @default("base_url")
    def _default_base_url(self) -> str:
        # Every user's server has a prefix; only a service has a name.
        if os.environ.get("JUPYTERHUB_SERVICE_NAME"):
            return slashed(os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/services/nbexchange/"))
        return "/services/nbexchange/"

    @validate("base_url")
    def _valid_base_url(self, proposal: Any) -> str:
        return slashed(proposal["value"])

    # --- authentication ------------------------------------------------------------------------------------

    user_plugin_class = AuthenticatorClass(
        klass=object,
        help="What identifies the callers: `jupyterhub`, `jwt`, `proxy`, `tokens`, or a class of your own with a "
        "`get_current_user(request)`, such as a subclass of `BaseUserHandler`. Default: `jupyterhub` for a "
        "service of a hub, else `tokens`.",
    ).tag(config=True)

    @default("user_plugin_class")
    def _default_user_plugin_class(self) -> str:
        return default_choice()

    token_file = Unicode(help="Where static tokens are kept. Default: `tokens.json` in `data_dir`.").tag(
        config=True
    )

    @default("token_file")
    def _default_token_file(self) -> str:
        return str(Path(self.data_dir) / "tokens.json")

    allow_static_tokens = Bool(
        False,
        help="Let static tokens identify callers although the service does not listen on loopback alone.",
    ).tag(config=True)

    database_roster = Bool(
        False,
        help="Let rosters in the database give people roles in courses, beside those that they come with. The "
        "administrator of the exchange keeps them with `nbexchange course`, instructors with "
        "`jupyter nbexchange roster`.",
    ).tag(config=True)

    # --- metadata ------------------------------------------------------------------------------------------

    db_url = Unicode(
        help="The database: `postgresql://user:password@host/name` or `sqlite:///path`. "
        "Default: an SQLite file in `data_dir`."
    ).tag(config=True)

    @default("db_url")
    def _default_db_url(self) -> str:
        return f"sqlite:///{Path(self.data_dir) / 'nbexchange.sqlite'}"

    db_kwargs = Dict(help="Further arguments for SQLAlchemy's `create_engine`, such as `pool_size`.").tag(
        config=True
    )
    database_timeout = Seconds(
        4.0,
        min=0.1,
        help="Seconds that a request waits for the database: for a connection, for a statement, for a lock. Then it is "
        "answered with 503. Commands such as `nbexchange gc` wait longer.",
    ).tag(config=True)
    database_patience = Seconds(
        60.0,
        help="Seconds that `serve` and `db upgrade` wait for a database that takes no connections yet.",
    ).tag(config=True)
    debug_db = Bool(False, help="Log SQL statements, without their parameters.").tag(config=True)
    upgrade_db = Bool(False, help="Upgrade an older schema at start. Make a backup first.").tag(config=True)
    reset_db = Bool(
        False, help="Drop everything in the database at start. Only as the flag `--reset-db`."
    ).tag(config=True)

    # --- objects -------------------------------------------------------------------------------------------

    base_storage_location = Unicode(
        help="Where the bytes are kept: a directory (a path or `file:///path`), `s3://bucket/prefix`, or an address of "
        "another store that is installed. Default: a directory in `data_dir`."
    ).tag(config=True)

    @default("base_storage_location")
    def _default_base_storage_location(self) -> str:
        return str(Path(self.data_dir) / "store")

    accepted_store_risks = List(
        Enum(RISKS),
        help="What the object store lets through although people are harmed by it, and you accept: for anything else "
        "`nbexchange storage init` fails. The names are those that it prints.",
    ).tag(config=True)

    # --- limits --------------------------------------------------------------------------------------------

    max_buffer_size = Integer(
        DEFAULT_MAX_BUFFER_SIZE, min=1, help="The largest packed archive, in bytes: at most 5 GiB."
    ).tag(config=True)
    max_unpacked_size = Integer(
        min=1, help="The most that may be in an archive, in bytes. Default: four times `max_buffer_size`."
    ).tag(config=True)

    @default("max_unpacked_size")
    def _default_max_unpacked_size(self) -> int:
        return UNPACKED_FACTOR * self.max_buffer_size

    max_unpacked_ratio = Integer(
        DEFAULT_MAX_UNPACKED_RATIO,
        min=1,
        help="How many times its packed size an archive may unpack to, so that a small one fills no disk. Any may "
        f"unpack to {ALWAYS_UNPACKED // 10**6} MB.",
    ).tag(config=True)
    max_members = Integer(
        DEFAULT_MAX_MEMBERS,
        min=1,
        max=MAX_MEMBERS,
        help=f"The most files and directories in an archive: {MAX_MEMBERS} at most.",
    ).tag(config=True)

    def check(self) -> None:
        """Raise `SettingsError` for a combination that cannot work."""
        is_static = issubclass(self.user_plugin_class, StaticTokens)
        if is_static and not (self.allow_static_tokens or is_loopback(self.ip)):
            raise SettingsError(
                f"ip is {self.ip}, so others can call, and only static tokens tell who they are: set "
                "user_plugin_class, or allow_static_tokens if that is what you want"
            )
        store = find_factory(self.base_storage_location).section(parent=self)
        for name, section in (("database_timeout", self), ("timeout", store)):
            if getattr(section, name, 0) > self.request_timeout / 2:
                raise SettingsError(
                    f"{type(section).__name__}.{name} is more than half of NbExchange.request_timeout, in which a "
                    "request has to be answered"
                )
