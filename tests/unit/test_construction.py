"""The plugin's classes as nbgrader makes them: without a course, without a network, by their names."""

from __future__ import annotations

import socket

import pytest
from nbgrader.exchange import ExchangeFactory, abc
from nbgrader.exchange import default as nbgraders_own
from traitlets.config import Config

import nbexchange.plugin
from nbexchange.demo.course import FACTORY_LINES

SLOTS = [
    "List",
    "ReleaseAssignment",
    "FetchAssignment",
    "Submit",
    "Collect",
    "ReleaseFeedback",
    "FetchFeedback",
]


@pytest.fixture
def factory():
    """nbgrader's factory with the eight lines."""
    config = Config()
    exec(FACTORY_LINES, {"c": config})
    return ExchangeFactory(config=config)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a constructor opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("slot", SLOTS)
def test_every_action_is_made_without_course_person_or_network(factory, slot):
    action = getattr(factory, slot)(coursedir=None, authenticator=None)
    assert type(action).__module__.startswith("nbexchange.plugin.")
    assert (action.coursedir, action.authenticator) == (None, None)
    assert action.assignment_dir == "."
    assert action.root == "http://127.0.0.1:9000/services/nbexchange/"


@pytest.mark.parametrize("slot", SLOTS)
def test_an_unknown_keyword_is_a_warning_and_no_failure(factory, slot):
    """nbgrader's API passes `authentictor=` to two of them."""
    with pytest.deprecated_call(match="authentictor"):
        action = getattr(factory, slot)(coursedir=None, authentictor=object())
    assert action.authenticator is None


def test_strict_can_be_read_from_a_submit_that_is_never_started(factory):
    factory.config.ExchangeSubmit.strict = True
    assert factory.Submit(coursedir=None, authenticator=None, parent=factory).strict is True


@pytest.mark.parametrize("name", nbexchange.plugin.__all__)
def test_sections_of_the_configuration_have_nbgraders_names(name):
    ours, theirs = getattr(nbexchange.plugin, name), getattr(abc, name)
    assert issubclass(ours, theirs)
    assert ours.section_names()[-1] == name


@pytest.mark.parametrize("name", nbexchange.plugin.__all__)
def test_every_setting_of_nbgraders_own_exchange_is_known(name):
    """But for one that names directories: a submission here is not found by guessing a name."""
    ours, theirs = getattr(nbexchange.plugin, name), getattr(nbgraders_own, name)
    missing = set(theirs.class_traits(config=True)) - set(ours.class_traits(config=True))
    assert missing == ({"add_random_string"} if name == "ExchangeSubmit" else set())


def test_an_impossible_address_is_no_obstacle_to_construction(factory):
    factory.config.Exchange.base_service_url = "http://[nowhere"
    assert factory.List(coursedir=None, authenticator=None, parent=factory).root == ""
