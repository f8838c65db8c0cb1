"""Tables at a terminal, of names that come from elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbexchange.plugin.cli.tables import columns, table, width
from nbexchange.shared.terminal import clean, clean_lines


def test_a_table_has_its_columns_one_below_the_other():
    assert list(table(("course", "role"), [("cs101", "student"), ("a", None)])) == [
        "COURSE  ROLE",
        "cs101   student",
        "a       -",
    ]


def test_names_that_take_two_columns_of_a_letter_do_not_shift_what_follows():
    lines = list(columns([("\u7d71\u8a08", "x"), ("e\u0301tude", "x"), ("plain", "x")]))
    assert {width(line) for line in lines} == {8}


@pytest.mark.parametrize(
    "harmless", ["Zo\u00eb", "\u7d71\u8a08", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646\u0645", "a\u3000b"]
)
def test_what_belongs_to_a_name_stays(harmless):
    assert clean(harmless) == harmless


@given(st.text())
def test_nothing_that_controls_a_terminal_is_left(text):
    assert not any(
        char < " " or "\x7f" <= char <= "\x9f" or char in "\u202a\u202b\u202d\u202e\u2066"
        for char in clean(text)
    )


def test_of_several_lines_only_their_ends_stay():
    assert clean_lines("a\r\nb\tc\x1b[m\n") == "a\nb\\tc\\x1b[m"
