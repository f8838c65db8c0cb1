"""A hub that answers as a test says, and the authenticator that asks it."""

from __future__ import annotations

import pytest
from flask import Flask, request
from support.hub.scripted_hub import scripted_hub
from traitlets.config import Config

from nbexchange.api.auth.jupyterhub import JupyterHubAuthenticator


@pytest.fixture
def hub():
    with scripted_hub({}) as hub:
        hub.answers = {}
        yield hub


@pytest.fixture
def make(hub):
    """Makes the authenticator for that hub."""

    def make(**settings):
        settings = {"api_url": hub.api_url, "service_name": "exchange", **settings}
        authenticator = JupyterHubAuthenticator(config=Config(JupyterHubAuthenticator=settings))
        authenticator.check()
        return authenticator

    return make


@pytest.fixture
def who(make):
    """Says whom the authenticator takes the bearer of a token for."""

    app = Flask("x")  # once: Python 3.11 cannot make several in threads, each of which compiles its routes

    def who(token, authenticator=None, **settings):
        with app.test_request_context(headers={"Authorization": f"token {token}"}):
            return (authenticator or make(**settings)).authenticate(request)

    return who
