"""What a store says of itself: which of the rules it enforces."""

from __future__ import annotations

import pytest

from nbexchange.storage import Capabilities

ENFORCES_ALL = Capabilities(
    refuses_forged_signatures=True,
    refuses_other_lengths=True,
    refuses_other_digests=True,
    refuses_overwrites=True,
    reports_digests=True,
)


ENFORCES_NOTHING_SIGNED = Capabilities(
    refuses_forged_signatures=False,
    refuses_other_lengths=False,
    refuses_other_digests=False,
    refuses_overwrites=True,
    reports_digests=False,
)


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("local", ENFORCES_ALL),
        ("flat", ENFORCES_ALL),
        ("seaweedfs", ENFORCES_ALL),
        ("moto", ENFORCES_NOTHING_SIGNED),
    ],
    indirect=["client"],
)
def test_a_store_knows_what_it_enforces_and_leaves_nothing_of_its_trials(client, expected):
    before = sorted(client.store.list())
    assert client.store.capabilities() == expected
    assert sorted(client.store.list()) == before
