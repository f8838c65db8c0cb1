"""How many files an archive has is announced to services that know the field, and only to those."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from nbgrader.exchange.abc.exchange import ExchangeError
from support.servers.older_service import OlderService
from support.servers.serving import serving
from werkzeug.serving import make_server

from nbexchange.plugin import ExchangeReleaseAssignment, ExchangeSubmit
from nbexchange.plugin.failures import StorageFailed
from nbexchange.plugin.service import patience
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


# --- an older service ---------------------------------------------------------------------------------------


@pytest.fixture
def older(two_released, app):
    """The classroom, whose service is of the first revision."""
    service = OlderService(app)
    with serving(make_server("127.0.0.1", 0, service, threaded=True)) as url:
        for desk in vars(two_released).values():
            desk.url = url
        yield service


def test_a_service_that_does_not_know_the_number_gets_none(older, two_released):
    """A release begins with its announcement, which is refused once; a submission asks for a list before."""
    two_released.teacher.run(ExchangeReleaseAssignment, "ps1", force=True)
    assert older.refused == 1
    two_released.ada.run(ExchangeSubmit, "ps1")
    assert older.refused == 1


def test_an_item_that_is_announced_again_is_the_same_though_the_service_knows_more_by_then(
    older, two_released, monkeypatch
):
    two_released.teacher.write("release/ps2/p1.ipynb")
    real, failures = Storage.put, [403, 503, 403]

    def put(self, url, *arguments):
        if failures:
            older.is_renewed = True
            raise StorageFailed("expired, or away", failures.pop())
        real(self, url, *arguments)

    monkeypatch.setattr(Storage, "put", put)
    monkeypatch.setattr(patience, "sleep", lambda seconds: None)
    two_released.teacher.run(ExchangeReleaseAssignment, "ps2", config={"Exchange": {"retry_seconds": 60}})
    assert "Released as: cs1 ps2" in two_released.teacher.text
