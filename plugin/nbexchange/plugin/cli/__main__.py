"""The command `jupyter-nbexchange`."""

import gc
import importlib.util
import sys
from io import TextIOWrapper

PARTS = ("jupyter_core", "nbgrader")


def main() -> None:
    gc.disable()  # a command ends before it has much to collect: looking for it takes a twentieth of its time
    if any(importlib.util.find_spec(name) is None for name in PARTS):
        sys.exit("jupyter-nbexchange: nbgrader is not installed here: pip install 'nbexchange[plugin]'")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may know less than names have
    from nbexchange.plugin.cli.app import JupyterNbExchange

    JupyterNbExchange.launch_instance()


if __name__ == "__main__":
    main()
