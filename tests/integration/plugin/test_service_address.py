"""Where the service is: addresses that are none, that come from the environment, or that hold credentials."""

from __future__ import annotations

import pytest
from support.faults.impostor import impostor
from support.people.classroom import attempt

from nbexchange.plugin import ExchangeList


@pytest.mark.parametrize(
    "address",
    ["hub.example.org", "http://", "http://[nowhere", "ftp://hub.example.org", "-", "http://hub..org"],
)
def test_an_address_that_is_none_is_told_as_that(everything, address):
    everything.url = address
    assert "is not a web address. It has to be like https://" in attempt(everything, ExchangeList)


def test_a_service_that_speaks_no_tls_has_no_certificate_to_blame(released):
    with impostor((200, "text/plain", b"")) as (url, _):
        released.ada.url = url.replace("http:", "https:")
        assert "No secure connection to the exchange service at" in attempt(released.ada, ExchangeList)


def test_credentials_in_the_address_are_shown_to_nobody():
    lister = ExchangeList(base_service_url="https://me:hunter2@hub.example.org")
    assert lister.address == lister.root == "https://hub.example.org/services/nbexchange/"


def test_the_service_is_found_through_the_environment(monkeypatch):
    assert ExchangeList().base_service_url == "http://127.0.0.1:9000"
    monkeypatch.setenv("NAAS_BASE_URL", "https://naas.example.org")
    assert ExchangeList().base_service_url == "https://naas.example.org"
    monkeypatch.setenv("NBEXCHANGE_URL", "https://hub.example.org")
    assert ExchangeList(base_path="/x").client.url_of("v1/me") == "https://hub.example.org/x/v1/me"
