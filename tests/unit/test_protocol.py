"""The wire types, and the rule for names that both sides keep."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import msgspec
import pytest

from nbexchange import protocol
from nbexchange.protocol import is_path_component, is_relative_path

FINE = ["ps1", "ps 1", "ps.1", ".hidden", "a@b", "a+b", "ü", "日本", "-", "x" * 255, "%2e", "a..b", "..."]
NOT_FINE = ["", ".", "..", "a/b", "/", "a\\b", "a\0b", "a\nb", "\x7f", "\x85", "x" * 256, "ü" * 128, "\ud800"]


@pytest.mark.parametrize("name", FINE)
def test_a_usual_name_is_a_path_component(name):
    assert is_path_component(name)


@pytest.mark.parametrize("name", NOT_FINE)
def test_a_name_that_could_lead_elsewhere_is_none(name):
    assert not is_path_component(name)
    assert not is_relative_path(f"a/{name}/b") or name == "a/b"


def test_a_relative_path_has_bounded_depth():
    assert is_relative_path("/".join("a" * 32))
    assert not is_relative_path("/".join("a" * 33))


@pytest.mark.parametrize("path", ["/a", "a/", "a//b", "../a", "a/../b", "./a"])
def test_a_path_that_could_lead_elsewhere_is_refused(path):
    assert not is_relative_path(path)


def test_requests_refuse_fields_that_they_do_not_know_and_answers_ignore_them():
    with pytest.raises(msgspec.ValidationError, match="surprise"):
        msgspec.json.decode(b'{"surprise": 1}', type=protocol.CompleteUploads)
    answer = b'{"type": "upload", "id": "7f1c8a5e-8f0e-4d3c-9d53-0d8f4d0f3b11", "url": "u", "headers": {},'
    answer += b'"expires_at": "2026-01-01T00:00:00Z", "surprise": 1}'
    assert msgspec.json.decode(answer, type=protocol.UploadGranted).url == "u"


def test_every_wire_type_of_every_module_is_exported_and_learned_at_import():
    modules = [
        import_module(f"nbexchange.protocol.{module.name}") for module in iter_modules(protocol.__path__)
    ]
    defined = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == module.__name__
    }
    exported = {
        getattr(protocol, name) for name in protocol.__all__ if isinstance(getattr(protocol, name), type)
    }
    learned = {*protocol.wire_types(protocol.Request), *protocol.wire_types(protocol.Answer)}
    assert defined == exported
    assert defined - {protocol.Request, protocol.Answer} <= learned


FIRST_USE_AT_ONCE = """
import sys, threading
import msgspec
from nbexchange import protocol
sys.setswitchinterval(1e-6)
barrier = threading.Barrier(8)
def use():
    barrier.wait()
    for kind in (protocol.InitiateUploads, protocol.UploadAnswers, protocol.Assignments):
        try:
            msgspec.json.decode(b"{}", type=kind)
        except msgspec.ValidationError:
            pass
threads = [threading.Thread(target=use) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_the_types_may_be_used_first_by_several_threads_at_once():
    """Without learning them at import, msgspec ended most such processes by a segmentation fault."""
    for _ in range(3):
        subprocess.run([sys.executable, "-c", FIRST_USE_AT_ONCE], check=True, timeout=30)
