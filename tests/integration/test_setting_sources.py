"""Where settings come from: which source beats which, and how a variable is read."""

from __future__ import annotations

import pytest
from support.people.commands import me, new_token

from nbexchange.api.config.settings import NbExchange
from nbexchange.api.config.sources import FLAG_ONLY, environment, read_file
from nbexchange.demo import servers
from nbexchange.shared.section import SettingsError
from nbexchange.storage.s3_settings import S3Store


def test_the_command_line_beats_the_environment_and_the_environment_beats_the_file(tmp_path):
    file = tmp_path / "config.py"
    file.write_text("c.NbExchange.max_buffer_size = 1\nc.NbExchange.max_unpacked_size = 1\n")
    port = servers.free_port()
    settings = {
        "NBEXCHANGE_CONFIG_FILE": str(file),
        "NBEXCHANGE_MAX_UNPACKED_SIZE": "2",
        "NBEXCHANGE_PORT": "1",
    }
    token = new_token(tmp_path, "teacher", "cs1:instructor", **settings)
    arguments = (f"--port={port}",)
    with servers.service(tmp_path, settings, port=port, arguments=arguments) as service:
        assert me(service.url, token).json()["limits"] == {
            "max_buffer_size": 1,
            "max_unpacked_size": 2,
            "max_items": 100,
            "max_unpacked_ratio": 100,
            "max_members": 20_000,
        }


def test_a_file_may_be_in_json(tmp_path):
    file = tmp_path / "config.json"
    file.write_text('{"NbExchange": {"threads": 3}}')
    assert read_file(str(file)).NbExchange.threads == 3
    file.write_text('{"NbExchange": ')
    with pytest.raises(SettingsError, match=r"config\.json cannot be read: JSONDecodeError: .* line 1"):
        read_file(str(file))


@pytest.mark.parametrize(
    ("section", "name", "text", "value"),
    [
        (NbExchange, "db_kwargs", "{'pool_size': 7}", {"pool_size": 7}),
        (NbExchange, "debug_db", "true", True),
        (NbExchange, "upgrade_db", "1", True),
        (NbExchange, "allow_static_tokens", "True", True),
        (S3Store, "public_endpoint_url", "https://s3.example.org", "https://s3.example.org"),
        (S3Store, "addressing_style", "VIRTUAL", "virtual"),
        (NbExchange, "threads", "3", 3),
    ],
)
def test_an_environment_variable_is_read_as_its_setting_wants(monkeypatch, section, name, text, value):
    monkeypatch.setenv(f"{section.variable_prefix}{name.upper()}", text)
    assert getattr(section(config=environment()), name) == value


@pytest.mark.parametrize(("section", "prefix"), [(NbExchange, "NBEXCHANGE_"), (S3Store, "NBEXCHANGE_S3_")])
def test_every_setting_has_an_environment_variable_that_is_read(monkeypatch, section, prefix):
    names = set(section.class_trait_names(config=True)) - FLAG_ONLY
    for name in names:
        monkeypatch.setenv(f"{prefix}{name.upper()}", "1")
    assert environment()[section.__name__].keys() == names


def test_the_database_is_not_reset_by_a_variable(monkeypatch):
    monkeypatch.setenv("NBEXCHANGE_RESET_DB", "1")
    assert "reset_db" not in environment()["NbExchange"]
