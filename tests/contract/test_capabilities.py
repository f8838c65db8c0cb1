"""What a store says of itself: which of the rules it enforces."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from nbexchange.storage import Capabilities

ENFORCES_ALL = Capabilities.all()


ENFORCES_NOTHING = Capabilities(**dict.fromkeys(asdict(ENFORCES_ALL), False))


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("local", ENFORCES_ALL),
        ("flat", ENFORCES_ALL),
        ("seaweedfs", ENFORCES_ALL),
        ("moto", ENFORCES_NOTHING),
    ],
    indirect=["client"],
)
def test_a_store_knows_what_it_enforces_and_leaves_nothing_of_its_trials(client, expected):
    before = sorted(client.store.list())
    assert client.store.capabilities() == expected
    assert sorted(client.store.list()) == before
