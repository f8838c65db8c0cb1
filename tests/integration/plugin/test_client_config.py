"""`jupyter nbexchange config`: the settings as they hold here, as a file that nbgrader reads."""

from __future__ import annotations

import shutil

from traitlets.config import Config


def executed(text):
    config = Config()
    exec(text, {"get_config": lambda: config})
    return config


def test_config_prints_a_file_that_switches_nbgrader_to_the_exchange(desks, tmp_path):
    """nbgrader itself reads it."""
    said = desks.ada.ask("config")
    assert (said.status, said.err) == (0, "")
    assert len(executed(said.out).ExchangeFactory) == 8
    shutil.copy(desks.ada.write("printed.py", said.out), desks.ada.home / "nbgrader_config.py")
    assert "Released assignments:" in desks.ada.nbgrader("list")


def test_config_says_what_is_configured_and_comments_what_is_not(desks):
    desks.ada.configure(
        "c.Exchange.api_timeout = 3.5", "c.Exchange.storage_origins.append('https://files.example.org')"
    )
    text = desks.ada.ask("config").out
    assert dict(executed(text).Exchange) == {
        "api_timeout": 3.5,
        "storage_origins": ["https://files.example.org"],
    }
    assert f"# c.Exchange.base_service_url = '{desks.ada.url}'" in text
    assert "# Also in the environment: NBEXCHANGE_URL, NAAS_BASE_URL." in text


def test_config_prints_no_secret(desks):
    desks.ada.configure("c.Exchange.base_service_url = 'https://me:hunter2@hub.example.org'")
    for arguments in (("config",), ("config", "--json")):
        said = desks.ada.ask(*arguments)
        assert "hunter2" not in said.out
        assert desks.ada.token not in said.out
    assert "Exchange" not in executed(desks.ada.ask("config").out)


def test_config_tells_programs_each_setting_with_its_help(desks):
    said = desks.ada.ask("config", "--json").json
    assert said["factory"]["submit"] == "nbexchange.plugin.ExchangeSubmit"
    (timeout,) = [setting for setting in said["settings"] if setting["name"] == "api_timeout"]
    assert timeout == {
        "name": "api_timeout",
        "value": 10.0,
        "is_configured": False,
        "is_redacted": False,
        "help": "Seconds to wait for an answer of the service.",
        "variables": [],
    }
