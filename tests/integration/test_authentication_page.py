"""Every configuration that docs/authentication.md shows is one that works."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from traitlets.config.loader import PyFileConfigLoader

from nbexchange.api.config.build import build_authenticator
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.config.sources import environment, read_file, refuse_unknown, sections
from nbexchange.plugin.cli.exchange import Exchange

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "authentication.md").read_text()
BLOCKS = re.findall(r"^```(python|yaml)\n# ([\w.]+)[^\n]*\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def blocks(name):
    texts = [text for _, file, text in BLOCKS if file == name]
    assert texts
    return texts


def test_every_block_says_which_file_it_is_for():
    assert len(BLOCKS) == len(re.findall(r"^```(?:python|yaml)", PAGE, re.MULTILINE))
    assert {file for _, file, _ in BLOCKS} == {
        "nbexchange_config.py",
        "jupyterhub_config.py",
        "nbgrader_config.py",
        "values.yaml",
    }


@pytest.mark.parametrize("text", blocks("nbexchange_config.py"))
def test_the_service_takes_the_configuration(text, tmp_path, monkeypatch):
    for variable in (
        "NBEXCHANGE_JWT_KEY",
        "NBEXCHANGE_PROXY_SECRET",
    ):  # which the page leaves to the environment
        monkeypatch.setenv(variable, "s" * 32 if "jwks_url" not in text else "")
    file = tmp_path / "nbexchange_config.py"
    file.write_text(text)
    config = read_file(str(file))
    config.merge(environment())
    refuse_unknown(config)
    config.NbExchange.data_dir = str(tmp_path)
    settings = NbExchange(config=config)
    settings.check()
    assert build_authenticator(settings)
    assert set(config) <= set(sections())


@pytest.mark.parametrize("text", blocks("jupyterhub_config.py"))
def test_a_hub_knows_every_setting(text, tmp_path, monkeypatch):
    from jupyterhub.app import JupyterHub
    from ltiauthenticator.lti13.auth import LTI13Authenticator

    monkeypatch.syspath_prepend(ROOT / "infra" / "jupyterhub")
    file = tmp_path / "jupyterhub_config.py"
    file.write_text(text)
    config = PyFileConfigLoader(file.name, str(tmp_path)).load_config()
    classes = {kind.__name__: kind for kind in [JupyterHub, LTI13Authenticator, *JupyterHub().classes]}
    for section in config:
        assert set(config[section]) <= set(classes[section].class_traits(config=True))


@pytest.mark.parametrize("text", blocks("nbgrader_config.py"))
def test_the_plugin_knows_every_setting(text, tmp_path):
    file = tmp_path / "nbgrader_config.py"
    file.write_text(text)
    config = PyFileConfigLoader(file.name, str(tmp_path)).load_config()
    exchange = Exchange(config=config)
    assert set(config) == {"Exchange"}
    assert {name: getattr(exchange, name) for name in config.Exchange} == config.Exchange


HUB, BEHIND_HTTPS = [yaml.safe_load(text) for text in blocks("values.yaml")]


def test_where_the_proxy_redirects_the_servers_are_let_through_to_the_exchange_itself():
    address = BEHIND_HTTPS["singleuser"]["extraEnv"]["NBEXCHANGE_URL"]
    assert address == HUB["hub"]["services"]["nbexchange"]["url"]
    (rule,) = BEHIND_HTTPS["singleuser"]["networkPolicy"]["egress"]
    assert [port["port"] for port in rule["ports"]] == [urlsplit(address).port]


def test_the_values_of_the_chart_say_what_the_hubs_own_file_says():
    (hub_file,) = [text for text in blocks("jupyterhub_config.py") if "server_token_scopes" in text]
    for scope in HUB["hub"]["config"]["Spawner"]["server_token_scopes"]:
        assert f'"{scope}"' in hub_file
    assert HUB["hub"]["loadRoles"]["user"]["scopes"] == ["self", "access:services!service=nbexchange"]


def test_the_proxy_asks_nobody_to_log_in_for_files_and_probes_and_for_nothing_else():
    (pattern,) = re.findall(r"^location ~ (\S+) {", PAGE, re.MULTILINE)
    for_all = ["objects/a/b", "healthz", "readyz"]
    paths = [*for_all, "v1/me", "v1/uploads", "v1/objects/a", "objects", "healthz/x"]
    assert [path for path in paths if re.search(pattern, f"/services/nbexchange/{path}")] == for_all
