"""The pages say what the code declares: each setting, and what each operation requires."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from nbexchange.api.config.settings import NbExchange
from nbexchange.api.config.sources import sections
from nbexchange.plugin.settings import ExchangeSettings

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = runpy.run_path(str(DOCS / "write_configuration.py"))
SECURITY = runpy.run_path(str(DOCS / "write_security.py"))

SETTINGS = [(section, name) for section in sections().values() for name in section.settings()]
SETTINGS += [(ExchangeSettings, name) for name in ExchangeSettings.class_own_traits(config=True)]


def test_the_reference_is_up_to_date():
    written = (DOCS / "configuration.md").read_text()
    assert written == REFERENCE["reference"](), "run: python docs/write_configuration.py"


def test_the_page_on_security_says_what_each_operation_requires():
    assert (DOCS / "security.md").read_text() == SECURITY["page"](), "run: python docs/write_security.py"


def test_every_setting_of_the_service_is_declared_where_the_reference_looks():
    for section in sections().values():
        assert sorted(section.settings()) == sorted(section.class_traits(config=True))
    assert REFERENCE["HEADINGS"].keys() <= set(NbExchange.settings())


@pytest.mark.parametrize(("kind", "name"), SETTINGS, ids=lambda value: getattr(value, "__name__", value))
def test_a_setting_is_explained_and_its_default_told(kind, name):
    """A default that is found out at run time is described in words, at the end."""
    trait = kind.class_traits()[name]
    text, _, default = trait.help.partition(" Default: ")
    assert text[0].isupper()
    assert text.endswith(".")
    if default:
        assert default.endswith(".")
    else:
        assert getattr(kind(), name) == trait.default()
