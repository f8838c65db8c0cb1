"""Settings of the authenticator that cannot work, and those that a hub makes for its services."""

from __future__ import annotations

import pytest
from support.hub.scripted_hub import model

from nbexchange.api.config.build import build_authenticator
from nbexchange.api.config.settings import NbExchange
from nbexchange.shared.section import SettingsError


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"api_url": ""}, "set c.JupyterHubAuthenticator.api_url"),
        ({"service_name": ""}, "set c.JupyterHubAuthenticator.service_name"),
        ({"group_roles": [("(?P<course>.+", "student")]}, "is no pair"),
        ({"group_roles": ["x"]}, "is no pair"),
        ({"group_roles": [("x", "student")]}, "has no (?P<course>...)"),
        ({"group_roles": [("(?P<course>.+)", "teacher")]}, "'teacher' is no role"),
        ({"service_roles": {"cs1": {"cs1": "Instructor"}}}, "'Instructor' in service_roles is no role"),
        ({"service_roles": {"cs1": {"cs1": ["grader"]}}}, "['grader'] in service_roles is no role"),
        ({"service_roles": {"cs1": "instructor"}}, "no roles by course for 'cs1'"),
        ({"service_roles": {"cs1": {"a/b": "instructor"}}}, "'a/b' in service_roles cannot be a course"),
        ({"access_scopes": []}, "access_scopes is empty"),
        ({"org_id": ""}, "'' in org_id"),
        ({"org_id": "a/b"}, "'a/b' in org_id"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(make, settings, sentence):
    with pytest.raises(SettingsError) as refusal:
        make(**settings)
    assert sentence in str(refusal.value)


def test_a_service_of_a_hub_asks_that_hub_without_any_setting(hub, who, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_NAME", "exchange")
    monkeypatch.setenv("JUPYTERHUB_API_URL", hub.api_url)
    hub.answers["t"] = model("ada")
    settings = NbExchange(ip="0.0.0.0")
    settings.check()
    assert who("t", build_authenticator(settings)).name == "ada"
