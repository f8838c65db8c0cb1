"""A store is chosen by its address; stores of other distributions bring scheme and settings with them."""

from __future__ import annotations

import sys

import pytest
from support.stores.flat import FLAT, FlatStore
from traitlets import Unicode

from nbexchange.api.cli.service import DbUpgrade
from nbexchange.api.config.settings import NbExchange
from nbexchange.api.config.sources import environment, refuse_unknown, sections
from nbexchange.shared.section import Section, SettingsError
from nbexchange.storage import StoreFactory, open_store, register_store, registry
from nbexchange.storage.local import LocalStore
from nbexchange.storage.s3 import S3Store


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """What a test registers or installs is gone after it."""
    monkeypatch.setattr(registry, "_registered", {**registry._registered})
    registry._installed.cache_clear()
    yield
    registry._installed.cache_clear()


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution that brings stores, as `scheme = object` lines."""

    def install(*lines):
        metadata = tmp_path / "other_store-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: other-store\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text("\n".join(["[nbexchange.stores]", *lines, ""]))
        monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])

    return install


@pytest.mark.parametrize("address", ["{}", "file://{}", "file://localhost{}"])
def test_a_path_and_a_file_url_are_a_directory(tmp_path, address):
    folder = tmp_path / "a store"
    spelled = str(folder) if address == "{}" else str(folder).replace(" ", "%20")
    store = open_store(address.format(spelled))
    assert isinstance(store, LocalStore)
    assert store.root == folder


@pytest.mark.parametrize(
    ("address", "bucket", "prefix"),
    [("s3://b", "b", ""), ("s3://b/", "b", ""), ("s3://b/x/y/", "b", "x/y/"), ("S3://b/x", "b", "x/")],
)
def test_a_bucket_and_its_prefix_are_named_by_a_url(address, bucket, prefix):
    store = open_store(address)
    assert isinstance(store, S3Store)
    assert (store.bucket, store.prefix, store.region) == (bucket, prefix, "us-east-1")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("gs://bucket", "no store has addresses like gs://"),
        ("s3:///prefix", "s3://bucket/prefix"),
        ("s3://bucket?region=eu-west-1", "s3://bucket/prefix"),
        ("file://host/folder", "file:///path"),
        ("file:folder", "file:///path"),
        ("file:///folder#part", "file:///path"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_what_one_looks_like(address, sentence):
    with pytest.raises(SettingsError, match=sentence):
        open_store(address)


def test_an_unknown_scheme_is_answered_with_all_that_there_are():
    register_store("flat", FLAT)
    with pytest.raises(SettingsError, match=r"file:///path, s3://bucket/prefix, flat:///folder$"):
        open_store("gs://bucket")


def test_an_installed_store_is_found_by_its_scheme(install, tmp_path):
    install("flat = support.stores.flat:FLAT")
    store = open_store(f"flat://{tmp_path}")
    assert isinstance(store, FlatStore)
    assert store.folder == tmp_path


def test_an_installed_store_does_not_take_a_scheme_of_ours(install, tmp_path):
    install("file = support.stores.flat:FLAT")
    assert isinstance(open_store(f"file://{tmp_path}"), LocalStore)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("flat = no.such.module:FLAT", "no.such.module:FLAT cannot be loaded"),
        ("flat = support.stores.flat:NOTHING", "support.stores.flat:NOTHING cannot be loaded"),
        ("flat = support.stores.flat:FlatStore", "support.stores.flat:FlatStore is no StoreFactory"),
    ],
)
def test_an_installed_store_that_cannot_be_used_is_named(install, line, sentence):
    install(line)
    with pytest.raises(SettingsError, match=sentence):
        open_store("flat:///folder")


class FlatStores(Section):
    """Flat stores."""

    variable_prefix = "NBEXCHANGE_FLAT_"
    colour = Unicode("grey", help="A colour.").tag(config=True)

    def check(self):
        if self.colour == "none":
            raise SettingsError("a flat store has a colour")


class TestSettingsOfAnotherStore:
    @pytest.fixture
    def opened(self):
        """The addresses and settings that such stores were opened with."""
        opened = []
        open_one = lambda address, settings: opened.append((address, settings.colour))  # noqa: E731
        register_store("flat", StoreFactory(open_one, "flat:///folder", FlatStores))
        return opened

    def test_come_from_the_configuration_of_the_service(self, opened):
        settings = NbExchange(base_storage_location="flat:///folder")
        settings.config.FlatStores.colour = "blue"
        open_store(settings.base_storage_location, settings)
        assert opened == [("flat:///folder", "blue")]

    def test_come_from_the_environment(self, opened, monkeypatch):
        monkeypatch.setenv("NBEXCHANGE_FLAT_COLOUR", "red")
        open_store("flat:///folder", NbExchange(config=environment()))
        assert opened == [("flat:///folder", "red")]

    @pytest.mark.usefixtures("opened")
    def test_are_a_section_of_the_configuration_file(self):
        assert sections()["FlatStores"] is FlatStores
        settings = NbExchange()
        settings.config.FlatStores.color = "blue"
        with pytest.raises(SettingsError, match=r"did you mean c\.FlatStores\.colour\?"):
            refuse_unknown(settings.config)

    def test_are_checked_before_the_store_is_opened(self, opened):
        settings = NbExchange()
        settings.config.FlatStores.colour = "none"
        with pytest.raises(SettingsError, match="a flat store has a colour"):
            open_store("flat:///folder", settings)
        assert opened == []


def test_a_store_that_the_configuration_file_registers_reads_its_variables(tmp_path, monkeypatch):
    monkeypatch.setattr("nbexchange.api.cli.base.start_logging", lambda debug: None)
    monkeypatch.setenv("NBEXCHANGE_FLAT_COLOUR", "red")
    file = tmp_path / "nbexchange_config.py"
    file.write_text(
        "from nbexchange.storage import StoreFactory, register_store\n"
        f"from {__name__} import FlatStores\n"
        "register_store('flat', StoreFactory(print, 'flat:///folder', FlatStores))\n"
        "c.FlatStores.colour = 'blue'\n"
    )
    app = DbUpgrade()
    app.initialize([f"--config={file}"])
    assert FlatStores(parent=app.settings).colour == "red"
