"""Sizes as people read them."""

import pytest

from nbexchange.plugin.sizes import humanize, name_largest


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (5_253_530_000, "5.3 GB"),
        (2 * 10**15, "2000.0 TB"),
    ],
)
def test_a_size_is_said_in_decimal_units(size, text):
    assert humanize(size) == text


def test_the_largest_are_named_first():
    files = [(1, "a"), (3000, "c"), (2, "b"), (4, "d")]
    assert name_largest(files) == "c (3.0 kB), d (4 bytes), b (2 bytes)"
