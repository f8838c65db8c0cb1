"""The command `jupyter-nbexchange`."""

import importlib.util
import sys

PARTS = ("jupyter_core", "nbgrader")


def main() -> None:
    if any(importlib.util.find_spec(name) is None for name in PARTS):
        sys.exit("jupyter-nbexchange: nbgrader is not installed here: pip install 'nbexchange[plugin]'")
    from nbexchange.plugin.command.app import JupyterNbExchange

    JupyterNbExchange.launch_instance()


if __name__ == "__main__":
    main()
