"""The real `nbgrader` command, run in this process: a process of its own takes two seconds to start."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence

from jupyter_core.application import NoStart
from nbgrader.apps.nbgraderapp import NbGraderApp


def run_nbgrader(arguments: Sequence[str], status: int = 0) -> str:
    """What `nbgrader` with these arguments logged, as a terminal shows it; fails at another exit status."""
    log = io.StringIO()
    app = NbGraderApp.instance()
    try:
        app.initialize(list(arguments))
        app.init_logging(logging.StreamHandler, [log], color=False, subapps=True)
        app.start()
        ended: object = 0
    except NoStart:
        ended = 0
    except SystemExit as end:
        ended = end.code
    finally:
        app.reset()
    said = log.getvalue()
    assert ended == status, f"nbgrader {' '.join(arguments)} ended with {ended}:\n{said}"
    return said
