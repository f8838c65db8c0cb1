"""The settings of the exchange, in nbgrader's section `Exchange`, and the client that they make; without nbgrader."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_core.paths import jupyter_data_dir
from traitlets import Bool, Integer, List, TraitError, Type, Unicode, default, validate
from traitlets.config import LoggingConfigurable

from nbexchange.plugin.archives.selection import UNSAFE_NAMES
from nbexchange.plugin.failures import TransferFailed
from nbexchange.plugin.service.credentials import (
    SERVICE_VARIABLES,
    TOKEN_FILE_VARIABLES,
    TOKEN_VARIABLES,
    ApiCredentials,
    service_url,
)
from nbexchange.plugin.service.patience import IMPATIENT, Patience
from nbexchange.protocol import (
    ALWAYS_UNPACKED,
    DEFAULT_MAX_BUFFER_SIZE,
    DEFAULT_MAX_MEMBERS,
    DEFAULT_MAX_UNPACKED_RATIO,
    MAX_MEMBERS,
    UNPACKED_FACTOR,
)
from nbexchange.shared.redaction import host_of
from nbexchange.shared.seconds import Seconds

if TYPE_CHECKING:
    from nbexchange.plugin.service.client import Client

COOKIE_NAME_PATTERN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


RETRY_SECONDS = 60
"""A service restarts in a few seconds, also where an image is fetched for it."""

BUTTON_SECONDS = 20
"""Who has pressed a button reads nothing meanwhile, and the buttons after it wait as well."""


class ExchangeSettings(LoggingConfigurable):
    """What the plugin declares, or declares anew, of nbgrader's `Exchange`."""

    root = Unicode(
        "",
        help="What formgrader shows as the exchange; nothing is kept there. Default: the service's address.",
    ).tag(config=True)
    cache = Unicode(
        help="Where `nbgrader submit` keeps copies of what was submitted; lists come from the service. "
        "Default: `nbgrader_cache` in Jupyter's data directory."
    ).tag(config=True)

    @default("cache")
    def _default_cache(self) -> str:
        return str(Path(jupyter_data_dir()) / "nbgrader_cache")

    cached_attempts = Integer(
        3, min=0, help="How many attempts at an assignment are kept in `cache`, the newest; 0 keeps none."
    ).tag(config=True)

    @default("root")
    def _default_root(self) -> str:
        try:
            return self.address
        except TransferFailed:
            # Formgrader reads this where nothing is caught; `start` reports the failure.
            return ""

    def service_url(self) -> str:
        """The service's address, with a slash at its end, for `prep_api_call` of an installation's own class."""
        return service_url(self)

    @property
    def address(self) -> str:
        """Where the service is, as people may see it: without the credentials that a URL can hold."""
        url = service_url(self)
        return urlsplit(url)._replace(netloc=host_of(url), query="").geturl()

    path_includes_course = Bool(
        False,
        help="Fetch to and submit from `course/assignment` in `assignment_dir`, not `assignment`: for people "
        "with several courses.",
    ).tag(config=True)

    base_service_url = Unicode(
        help="Where the exchange service is: scheme, host and port. Default: `http://127.0.0.1:9000`."
    ).tag(config=True, env=SERVICE_VARIABLES)

    @default("base_service_url")
    def _default_base_service_url(self) -> str:
        return next(filter(None, map(os.environ.get, SERVICE_VARIABLES)), "http://127.0.0.1:9000")

    base_path = Unicode("/services/nbexchange/", help="The service's path at that host: its `base_url`.").tag(
        config=True
    )

    max_buffer_size = Integer(
        DEFAULT_MAX_BUFFER_SIZE,
        help="The largest packed archive, in bytes. The service has a limit of its own.",
    ).tag(config=True)

    max_unpacked_size = Integer(
        help="The most that may be in an archive, in bytes. Default: four times `max_buffer_size`."
    ).tag(config=True)

    @default("max_unpacked_size")
    def _default_max_unpacked_size(self) -> int:
        return int(UNPACKED_FACTOR * self.max_buffer_size)

    max_unpacked_ratio = Integer(
        DEFAULT_MAX_UNPACKED_RATIO,
        min=1,
        help="How many times its packed size an archive may unpack to. Any may unpack to "
        f"{ALWAYS_UNPACKED // 10**6} MB. The service has a limit of its own.",
    ).tag(config=True)

    max_members = Integer(
        DEFAULT_MAX_MEMBERS,
        min=1,
        max=MAX_MEMBERS,
        help=f"The most files and directories in an archive: {MAX_MEMBERS} at most. The service has a limit of its "
        "own.",
    ).tag(config=True)

    retry_seconds = Seconds(
        help="Seconds in all for which an action goes on trying while the service or the file store is away, as it is "
        "when it restarts. Lists fail at once, and so does all that would hold up a notebook server. Default: "
        f"{RETRY_SECONDS}, and {BUTTON_SECONDS} for the buttons of the Assignment List and of Formgrader.",
    ).tag(config=True)

    @default("retry_seconds")
    def _default_retry_seconds(self) -> float:
        return RETRY_SECONDS

    unsafe_names = List(
        Unicode(),
        list(UNSAFE_NAMES),
        help="Patterns of names that run code where somebody only looks at the folder that they are in, such as "
        "`.git`. They are left out of what is released, submitted and collected, at any depth and in any case.",
    ).tag(config=True)

    api_timeout = Seconds(10, min=0.1, help="Seconds to wait for an answer of the service.").tag(config=True)

    api_plugin_class = Type(
        ApiCredentials,
        klass=object,
        help="A class whose `prep_api_call(self, path)` gives URL, cookies and headers of a request: for "
        "credentials other than a token.",
    ).tag(config=True)

    api_token_file = Unicode(
        help="A file with the token or JWT that says who is calling, read anew for each request, so that it may "
        "change. Only its owner and group may read it. Default: none."
    ).tag(config=True, env=TOKEN_FILE_VARIABLES)

    @default("api_token_file")
    def _default_api_token_file(self) -> str:
        return next(filter(None, map(os.environ.get, TOKEN_FILE_VARIABLES)), "")

    api_token_variable = Unicode(
        help="The environment variable with the token or JWT, where no file has it. Default: "
        f"`{'`, else `'.join(TOKEN_VARIABLES)}`."
    ).tag(config=True)

    api_token_cookie = Unicode(
        help="The name of the cookie in which the token is sent. Default: none, it is sent in the `Authorization` "
        "header."
    ).tag(config=True)

    @validate("api_token_cookie")
    def _check_cookie(self, proposal: Any) -> str:
        name: str = proposal["value"]
        if name and not COOKIE_NAME_PATTERN.fullmatch(name):
            raise TraitError(f"api_token_cookie: {name!r} cannot be the name of a cookie")
        return name

    storage_origins = List(
        Unicode(),
        help="The only origins (`https://host:port`) that files are sent to and fetched from. Default: any "
        "that the service names.",
    ).tag(config=True)

    @property
    def client(self) -> Client:
        if self._client is None:
            from nbexchange.plugin.service.client import Client  # a third of what a command imports

            credentials: Any = self.api_plugin_class
            patience = Patience(self.retry_seconds, self.log.warning) if self.is_patient else IMPATIENT
            self._client = Client(partial(credentials.prep_api_call, self), self.api_timeout, patience)
        return self._client

    _client: Client | None = None

    is_patient = False
    """Whether it goes on for `retry_seconds` where the service is away: for actions, not for what only looks."""
