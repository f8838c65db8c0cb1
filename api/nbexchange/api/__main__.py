"""The command `nbexchange`."""

import importlib.util
import sys

SERVER_PARTS = ("flask", "sqlalchemy", "alembic", "botocore", "gunicorn", "traitlets")


def main() -> None:
    missing = [name for name in SERVER_PARTS if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit("nbexchange: the service is not installed here: pip install 'nbexchange[server]'")
    from nbexchange.api.cli.app import NbExchangeApp

    NbExchangeApp.launch_instance()


if __name__ == "__main__":
    main()
