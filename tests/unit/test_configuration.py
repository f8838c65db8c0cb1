"""What is written in a configuration file or in the environment takes effect, or is pointed out."""

from __future__ import annotations

from importlib import metadata

import pytest

from nbexchange.api.auth.jwt import JwtAuthenticator
from nbexchange.api.auth.proxy import ProxyAuthenticator
from nbexchange.api.cli.app import NbExchangeApp
from nbexchange.api.cli.service import TokenNew
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.config.sources import (
    OLDER_SETTINGS,
    drop_older,
    environment,
    read_file,
    refuse_unknown,
    unknown_variables,
)
from nbexchange.shared.section import SettingsError


@pytest.fixture
def configured(tmp_path):
    """Reads a configuration file with these lines."""

    def read(*lines):
        file = tmp_path / "nbexchange_config.py"
        file.write_text("\n".join(lines))
        return read_file(str(file))

    return read


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("c.NbExchange.prot = 1", "c.NbExchange.prot is no setting: did you mean c.NbExchange.port?"),
        ("c.NbExchange.db_uri = ''", "c.NbExchange.db_uri is no setting: did you mean c.NbExchange.db_url?"),
        ("c.NbExchange.s3_endpoint = ''", "did you mean c.S3Store.endpoint_url?"),
        (
            "c.NbExchange.s3_region = ''",
            "c.NbExchange.s3_region is no setting: did you mean c.S3Store.region?",
        ),
        ("c.S3Store.regoin = ''", "c.S3Store.regoin is no setting: did you mean c.S3Store.region?"),
        ("c.S3store.region = ''", "c.S3store is no section: did you mean c.S3Store?"),
        ("c.NbExchange.zebra = 1", "c.NbExchange.zebra is no setting"),
        ("c.Nbexchange.port = 1", "c.Nbexchange is no section: did you mean c.NbExchange?"),
        ("c.NbExchanges.port = 1", "c.NbExchanges is no section: did you mean c.NbExchange?"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_nearest_name(configured, line, sentence):
    with pytest.raises(SettingsError) as refusal:
        refuse_unknown(configured("c.NbExchange.ip = '127.0.0.1'", line))
    assert str(refusal.value).endswith(sentence)


def test_every_setting_and_an_own_section_are_accepted(configured):
    lines = [f"c.NbExchange.{name} = None" for name in NbExchange.settings() if name != "reset_db"]
    refuse_unknown(configured(*lines, "c.MyUserHandler.key = 1", "c.NbExchangeHandler.key = 1"))


def test_what_only_older_versions_had_is_pointed_out_and_left_out(configured):
    config = configured("c.NbExchange.port = 1", *(f"c.NbExchange.{name} = ''" for name in OLDER_SETTINGS))
    refuse_unknown(config)
    remarks = list(drop_older(config))
    assert remarks[0] == "c.NbExchange.log_datefmt of older versions has no effect"
    assert len(remarks) == len(OLDER_SETTINGS)
    assert config.NbExchange == {"port": 1}
    assert list(drop_older(configured(""))) == []


def test_a_misspelt_variable_is_pointed_out_without_its_value(monkeypatch):
    for name in ("PROT", "ZEBRA", "RESET_DB", "PORT", "URL", "API_TOKEN", "DB_URL"):
        monkeypatch.setenv(f"NBEXCHANGE_{name}", "secret")
    monkeypatch.setenv("NBEX_DB_URL", "secret")
    assert list(unknown_variables()) == [
        "NBEXCHANGE_PROT states no setting: did you mean NBEXCHANGE_PORT?",
        "NBEXCHANGE_RESET_DB has no effect: reset_db is a flag of the command line only",
        "NBEXCHANGE_ZEBRA states no setting",
    ]


def test_what_kubernetes_tells_of_a_service_of_our_name_is_no_setting(monkeypatch):
    monkeypatch.setenv("NBEXCHANGE_PORT", "tcp://10.0.0.1:9000")
    monkeypatch.setenv("NBEXCHANGE_PORT_9000_TCP_ADDR", "10.0.0.1")
    monkeypatch.setenv("NBEXCHANGE_SERVICE_HOST", "10.0.0.1")
    assert not environment()
    assert not list(unknown_variables())


@pytest.mark.parametrize("command", [NbExchangeApp, TokenNew])
def test_the_version_is_that_of_the_distribution(command, capsys):
    with pytest.raises(SystemExit) as end:
        command().initialize(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == metadata.version("nbexchange") + "\n"


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("['10.1.2.0/24', 'fd00::/8']", ["10.1.2.0/24", "fd00::/8"]),
        ("['10.1.2.0/24']", ["10.1.2.0/24"]),
        ("[]", []),
        ("10.1.2.0/24", ["10.1.2.0/24"]),
    ],
)
def test_a_variable_writes_a_list_as_python_does_and_a_single_word_is_a_list_of_one(
    monkeypatch, text, networks
):
    monkeypatch.setenv("NBEXCHANGE_PROXY_TRUSTED_NETWORKS", text)
    assert ProxyAuthenticator(config=environment()).trusted_networks == networks


def test_a_variable_writes_a_list_of_pairs(monkeypatch):
    monkeypatch.setenv("NBEXCHANGE_JWT_GROUP_ROLES", "[('(?P<course>.+):staff', 'instructor')]")
    assert JwtAuthenticator(config=environment()).group_roles == [("(?P<course>.+):staff", "instructor")]
