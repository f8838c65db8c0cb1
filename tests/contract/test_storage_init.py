"""`nbexchange storage init`: what it says of a server, and with which exit status."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest
from support.people.commands import run_nbexchange_here
from support.stores.object_clients import on

from nbexchange.storage import RISKS, Capabilities
from nbexchange.storage.s3 import S3Store


@pytest.fixture
def init(client, tmp_path):
    def init(**settings):
        store = {
            "NBEXCHANGE_BASE_STORAGE_LOCATION": "s3://init-test/prefix",
            "NBEXCHANGE_S3_ENDPOINT_URL": client.base_url,
        }
        return run_nbexchange_here(tmp_path, "storage", "init", **client.environment, **store, **settings)

    return init


@pytest.fixture
def finds(monkeypatch):
    """A server of which this is found; else it enforces everything."""

    def finds(**values):
        capabilities = Capabilities(**{**asdict(Capabilities.all()), **values})
        monkeypatch.setattr(S3Store, "capabilities", lambda self: capabilities)

    return finds


@on("seaweedfs")
def test_makes_a_bucket_and_says_what_the_server_enforces(init, finds):
    finds()  # the trials themselves are shown elsewhere, and take their time
    for _ in range(2):
        done = init()
        assert (done.status, done.err) == (0, "")
    assert done.out.startswith("s3://init-test/prefix is ready.\n")
    assert re.findall(r"refuses forged signatures +yes", done.out)
    assert "NO" not in done.out


@on("seaweedfs")
def test_a_server_that_lets_through_what_harms_people_is_not_ready(init, finds):
    finds(**dict.fromkeys(asdict(Capabilities.all()), False))
    done = init()
    assert done.status == 1
    assert done.out.startswith("s3://init-test/prefix is not ready.\n")
    assert f"accept it by name with c.NbExchange.accepted_store_risks = {list(RISKS)}" in done.err


@on("seaweedfs")
class TestWhatAnAdministratorAccepts:
    def test_is_named_and_stops_nothing(self, init, finds):
        finds(refuses_unsigned_copies=False)
        done = init(NBEXCHANGE_ACCEPTED_STORE_RISKS="['unsigned_copies']")
        assert done.status == 0
        assert "is ready." in done.out
        assert re.findall(r"refuses unsigned copies +NO \(accepted\)", done.out)

    def test_is_this_and_nothing_else(self, init, finds):
        finds(refuses_unsigned_copies=False, refuses_other_keys=False)
        done = init(NBEXCHANGE_ACCEPTED_STORE_RISKS="['unsigned_copies']")
        assert done.status == 1
        assert "['other_keys']" in done.err

    def test_has_to_be_a_risk_that_there_is(self, init):
        done = init(NBEXCHANGE_ACCEPTED_STORE_RISKS="['everything']")
        assert done.status == 1
        assert "unsigned_copies" in done.err


@on("seaweedfs")
@pytest.mark.parametrize("content_md5", ["false", "true"])
def test_a_server_that_enforces_md5_alone_is_ready_and_the_setting_for_that_is_named(
    init, finds, content_md5
):
    finds(refuses_other_digests=False, reports_digests=False)
    done = init(NBEXCHANGE_S3_CONTENT_MD5=content_md5)
    assert done.status == 0
    assert ("c.S3Store.content_md5 = True" in done.out) == (content_md5 == "false")
