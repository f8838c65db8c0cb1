"""The wire types, and the rule for names that both sides keep."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbexchange import protocol
from nbexchange.protocol import (
    MAX_TEXT,
    is_id,
    is_path_component,
    is_relative_path,
    plain_contact,
    plain_text,
)

FINE = ["ps1", "ps 1", "ps.1", ".hidden", "a@b", "a+b", "ü", "日本", "-", "x" * 255, "%2e", "a..b", "..."]
NOT_FINE = ["", ".", "..", "a/b", "/", "a\\b", "a\0b", "a\nb", "\x7f", "\x85", "x" * 256, "ü" * 128, "\ud800"]


@pytest.mark.parametrize("name", FINE)
def test_a_usual_name_is_a_path_component(name):
    assert is_path_component(name)


@pytest.mark.parametrize("name", NOT_FINE)
def test_a_name_that_could_lead_elsewhere_is_none(name):
    assert not is_path_component(name)
    assert not is_relative_path(f"a/{name}/b") or name == "a/b"


@pytest.mark.parametrize("text", [*FINE, "=1+1", "@ada", "service:cs1", "Ὀδυσσεύς", "مريم", "-"])
def test_a_usual_name_is_an_id(text):
    assert is_id(text)


INVISIBLE = [
    "\u200b",
    "\u200d",
    "\u202e",
    "\u2066",
    "\u200f",
    "\ufeff",
    "\u00ad",
    "\u2028",
    "\u3164",
    "\U000e0041",
]
LOOKALIKES = ["ada ", " ada", "ada\u00a0", "\u3000ada", "ada\t", "e\u0301ve", "\u212b", "<b>ada", "ada>"]


@pytest.mark.parametrize("text", [*NOT_FINE, *LOOKALIKES, *(f"a{char}da" for char in INVISIBLE)], ids=ascii)
def test_what_could_be_taken_for_another_id_is_none(text):
    assert not is_id(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("  Ada\t\n Lovelace ", "Ada Lovelace"),
        ("Ada\x1b[2J\x00\x85", "Ada[2J"),
        ("<script>alert(1)</script>", "scriptalert(1)/script"),
        ("=HYPERLINK(1)", "HYPERLINK(1)"),
        ("+ -@=\uff1dAda", "Ada"),
        ("\u200b=1", "1"),
        ("<=1", "1"),
        ("Jean-Luc", "Jean-Luc"),
        ("O'Brien & Co", "O'Brien & Co"),
        ("e\u0301ve", "\u00e9ve"),
        ("\u202eadA", "adA"),
        ("\ud800", ""),
        ("", ""),
        ("x" * 200, "x" * MAX_TEXT),
        ("x" * 127 + " y", "x" * 127),
    ],
    ids=ascii,
)
def test_text_for_others_becomes_plain_and_stays_so(text, plain):
    assert plain_text(text) == plain
    assert plain_text(plain) == plain


@given(st.text())
def test_no_text_is_obeyed_once_it_is_plain(text):
    plain = plain_text(text)
    assert plain_text(plain) == plain
    assert len(plain) <= MAX_TEXT
    assert not set(plain) & set("<>\n\t\x00\x1b\u202e\u200b")
    assert not plain.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("field", ["email", "lms_user_id"])
def test_what_would_become_somebody_elses_address_is_left_out(field):
    for text in ("a\u200bda@example.org", "=ada@example.org", "<ada@example.org>", "a" * 129, "", None):
        assert plain_contact(field, text) is None
    assert plain_contact(field, " ada@example.org ") == "ada@example.org"
    assert plain_contact("full_name", "<b>Ada") == "bAda"


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
