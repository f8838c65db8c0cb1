"""Which authenticator an installation uses, and where it has to be refused."""

from __future__ import annotations

import pytest
from traitlets import TraitError

from nbexchange.api.auth.tokens import StaticTokens
from nbexchange.api.config.build import build_authenticator
from nbexchange.api.config.settings import NbExchange
from nbexchange.shared.section import SettingsError


@pytest.mark.parametrize("chosen", [None, "tokens", StaticTokens, "nbexchange.api.auth.tokens.StaticTokens"])
def test_an_authenticator_is_chosen_by_class_by_dotted_path_or_by_short_name(chosen):
    assert NbExchange(user_plugin_class=chosen).user_plugin_class is StaticTokens


def test_own_static_tokens_are_used_and_stay_on_loopback_too():
    class OwnTokens(StaticTokens):
        pass

    assert isinstance(build_authenticator(NbExchange(user_plugin_class=OwnTokens)), OwnTokens)
    with pytest.raises(SettingsError, match="only static tokens"):
        NbExchange(user_plugin_class=OwnTokens, ip="0.0.0.0").check()


def test_a_class_that_would_have_to_be_awaited_is_refused_at_the_start():
    class Awaited:
        async def get_current_user(self, request):
            return None

    with pytest.raises(SettingsError, match="is `async def`"):
        build_authenticator(NbExchange(user_plugin_class=Awaited))


def test_a_name_that_is_no_authenticators_is_refused():
    with pytest.raises(TraitError):
        NbExchange(user_plugin_class="jupyter")


@pytest.mark.parametrize("missing", ["JUPYTERHUB_SERVICE_NAME", "JUPYTERHUB_API_URL"])
def test_a_users_own_server_is_no_service_of_the_hub(monkeypatch, missing):
    for name in {"JUPYTERHUB_SERVICE_NAME", "JUPYTERHUB_API_URL"} - {missing}:
        monkeypatch.setenv(name, "x")
    assert NbExchange().user_plugin_class.__name__ == "StaticTokens"
