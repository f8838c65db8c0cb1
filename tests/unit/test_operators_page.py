"""What the operators' page says of the database, beside the code."""

from __future__ import annotations

import re
from pathlib import Path

from nbexchange.api.db.engine import SESSION

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"


def test_behind_pgbouncer_a_role_has_the_settings_of_a_session():
    told = dict(re.findall(r"ALTER ROLE nbexchange SET (\w+) = '?([\w.]+)'?;", PAGE.read_text()))
    assert told.items() >= SESSION.items()
