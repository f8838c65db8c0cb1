"""How many files an archive has is announced to services that know the field, and only to those."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from nbgrader.exchange.abc.exchange import ExchangeError

from nbexchange.api.http import conventions as web
from nbexchange.plugin import ExchangeReleaseAssignment, ExchangeSubmit
from nbexchange.plugin.failures import StorageFailed
from nbexchange.plugin.transfer.storage import Storage


@pytest.fixture
def limits(limits):
    return replace(limits, max_members=2)


@pytest.fixture
def two_released(desks):
    desks.teacher.write("release/ps1/p1.ipynb")
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    desks.ada.write("ps1/part/p2.ipynb")
    desks.ada.write("ps1/p1.ipynb")
    return desks


def test_an_archive_of_more_files_than_the_service_allows_is_refused_before_it_is_sent(two_released):
    with pytest.raises(ExchangeError, match="has 3 files and directories, the limit is 2"):
        two_released.ada.run(ExchangeSubmit, "ps1")
    two_released.teacher.write("release/ps1/part/p2.ipynb")
    with pytest.raises(ExchangeError, match="has 3 files and directories, the limit is 2"):
        two_released.teacher.run(ExchangeReleaseAssignment, "ps1", force=True)


def test_a_service_that_does_not_know_the_number_gets_none(two_released, monkeypatch):
    monkeypatch.setattr(web, "REVISION", 1)
    two_released.ada.run(ExchangeSubmit, "ps1")


def test_an_item_that_is_announced_again_is_the_same_though_more_is_known_of_the_service(
    two_released, monkeypatch
):
    """Before its first answer, a service counts as one of the first revision."""
    monkeypatch.setattr(ExchangeReleaseAssignment, "init_dest", lambda self: None)
    two_released.teacher.write("release/ps2/p1.ipynb")
    real, failures = Storage.put, [403]

    def put(self, url, *arguments):
        if failures:
            raise StorageFailed("expired", failures.pop())
        real(self, url, *arguments)

    monkeypatch.setattr(Storage, "put", put)
    two_released.teacher.run(ExchangeReleaseAssignment, "ps2")
    assert "Released as: cs1 ps2" in two_released.teacher.text
