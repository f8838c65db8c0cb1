"""Where the limits of packing bite."""

from __future__ import annotations

import io
import os

import pytest
from support.archives.packed import packed

from nbexchange.plugin.archives import packing
from nbexchange.plugin.archives.packing import Limits, pack, survey
from nbexchange.plugin.failures import ArchiveTooLarge, PackingFailed
from nbexchange.protocol import limits


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "ps1"
    folder.mkdir()
    return folder


def test_packing_stops_at_the_limit_and_names_the_largest_files(root):
    (root / "big.bin").write_bytes(os.urandom(500_000))
    (root / "small.txt").write_text("x")
    archive = io.BytesIO()
    with pytest.raises(ArchiveTooLarge) as failure:
        pack(survey(root), archive, Limits(packed=100_000, unpacked=1_000_000))
    assert len(archive.getvalue()) <= 100_000
    assert "max_buffer_size" in str(failure.value)
    assert "100.0 kB" in str(failure.value)
    assert "big.bin (500.0 kB)" in str(failure.value)


@pytest.mark.parametrize(("limit", "fits"), [(0, True), (-1, False)])
def test_the_packed_limit_is_exact(root, limit, fits):
    (root / "data.bin").write_bytes(os.urandom(50_000))
    size = packed(root)[0].size
    limits = Limits(packed=size + limit, unpacked=1_000_000)
    if fits:
        assert packed(root, limits)[0].size == size
    else:
        with pytest.raises(ArchiveTooLarge):
            packed(root, limits)


@pytest.mark.parametrize(("limit", "fits"), [(1000, True), (999, False)])
def test_the_unpacked_limit_is_exact_and_checked_before_anything_is_written(root, limit, fits):
    (root / "zeros").write_bytes(bytes(1000))
    archive = io.BytesIO()
    limits = Limits(packed=1_000_000, unpacked=limit)
    if fits:
        pack(survey(root), archive, limits)
    else:
        with pytest.raises(ArchiveTooLarge, match="max_unpacked_size"):
            pack(survey(root), archive, limits)
        assert archive.getvalue() == b""


def test_a_tree_of_links_that_grows_without_end_is_given_up(root):
    folder = root
    for _ in range(20):
        (folder / "d").mkdir()
        (folder / "link").symlink_to("d")
        folder = folder / "d"
    with pytest.raises(PackingFailed, match="more than 200"):
        survey(root, max_members=200)


def test_more_notebooks_than_the_service_lists_are_not_packed(root, monkeypatch):
    monkeypatch.setattr(packing, "MAX_NOTEBOOK_BYTES", 20)
    for number in range(4):
        (root / f"{number}.ipynb").write_text("{}")
    with pytest.raises(PackingFailed, match="notebooks"):
        survey(root)


def test_more_members_than_can_be_unpacked_are_not_packed(root):
    for number in range(4):
        (root / str(number)).write_text("x")
    with pytest.raises(PackingFailed, match=r"more than 3 files and directories \(max_members\)"):
        survey(root, max_members=3)
    assert packed(root)[0].members == 4


@pytest.mark.parametrize(("always", "fits"), [(100_000, True), (99_999, False)])
def test_what_shrinks_further_than_is_allowed_is_not_sent(root, monkeypatch, always, fits):
    """Nothing tells it from an archive that is made to fill a disk. Small ones may shrink as far as they like."""
    monkeypatch.setattr(limits, "ALWAYS_UNPACKED", always)
    (root / "zeros").write_bytes(bytes(100_000))
    allowed = Limits(10_000_000, 10_000_000, ratio=10)
    if fits:
        packed(root, allowed)
    else:
        with pytest.raises(ArchiveTooLarge, match=r"max_unpacked_ratio \(10 to 1\).* zeros \(100\.0 kB\)"):
            packed(root, allowed)
    (root / "zeros").write_bytes(os.urandom(100_000))
    packed(root, allowed)
