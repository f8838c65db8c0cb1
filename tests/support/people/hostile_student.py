"""What the attacks of a student with a client of their own making have in common."""

from __future__ import annotations

import pytest

from nbexchange.api.db.engine import Database
from nbexchange.api.db.models import Upload
from nbexchange.storage import ObjectStore
from support.database.ledger import count

ON_BOTH_STORES = pytest.mark.parametrize(
    "store", ["local", pytest.param("s3", marks=pytest.mark.xdist_group("s3"))], indirect=True
)


def sizes(store: ObjectStore) -> list[int]:
    """The bytes of each object in the store."""
    return [store.stat(key).size for key in store.list()]


def submissions(database: Database) -> int:
    """How many uploads of submissions were begun."""
    return count(database, Upload, Upload.kind == "submission")
