"""A tree becomes an archive: what travels, and what does not."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile

import pytest
from support.archives.packed import ROOMY, packed

from nbexchange.plugin.archives.packing import pack, survey
from nbexchange.plugin.archives.selection import LeftOut, Selection
from nbexchange.plugin.failures import PackingFailed


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "ps1"
    folder.mkdir()
    return folder


def names_in(archive):
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.getnames()


def test_everything_of_a_tree_travels_with_its_size_and_digest(root):
    (root / "p1.ipynb").write_text("{}")
    (root / "empty").mkdir()
    (root / "zero").write_bytes(b"")
    (root / "data" / "deep").mkdir(parents=True)
    (root / "data" / "deep" / "p2.ipynb").write_text("{ }")
    result, archive, tree = packed(root)
    assert sorted(names_in(archive)) == [
        "data",
        "data/deep",
        "data/deep/p2.ipynb",
        "empty",
        "p1.ipynb",
        "zero",
    ]
    assert (result.size, result.sha256) == (len(archive), hashlib.sha256(archive).hexdigest())
    assert result.unpacked_size == tree.size == 5
    assert result.notebooks == ["data/deep/p2.ipynb", "p1.ipynb"]


def test_an_empty_assignment_can_be_packed(root):
    result, archive, _ = packed(root)
    assert names_in(archive) == []
    assert result.size == len(archive) > 0
    assert result.unpacked_size == 0


def test_files_that_belong_to_one_side_never_travel_from_the_top(root):
    (root / "timestamp.txt").write_text("forged")
    (root / "submission_secret.txt").mkdir()
    (root / "data").mkdir()
    (root / "data" / "timestamp.txt").write_text("a student's own")
    _, archive, tree = packed(root)
    assert names_in(archive) == ["data", "data/timestamp.txt"]
    assert tree.left_out == LeftOut()


def test_what_is_ignored_does_not_travel_at_any_depth(root):
    for name in ("a.pyc", "keep.py", "data/b.pyc", "__pycache__/c"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("x")
    _, archive, tree = packed(root, selection=Selection(ignore=["*.pyc", "__pycache__"]))
    assert names_in(archive) == ["data", "keep.py"]
    assert tree.left_out == LeftOut(ignored={"a.pyc", "data/b.pyc", "__pycache__"})


def test_a_link_inside_the_tree_is_followed_and_any_other_is_left_out(root, tmp_path):
    (tmp_path / "secret").write_text("not yours")
    (root / "data").mkdir()
    (root / "data" / "x.csv").write_text("1")
    (root / "inside").symlink_to("data/x.csv")
    (root / "folder").symlink_to("data")
    (root / "outside").symlink_to("../secret")
    (root / "absolute").symlink_to("/etc/passwd")
    (root / "dangling").symlink_to("nowhere")
    (root / "loop").symlink_to(".")
    _, archive, tree = packed(root)
    assert sorted(names_in(archive)) == ["data", "data/x.csv", "folder", "folder/x.csv", "inside"]
    assert sorted(tree.left_out.odd) == ["absolute", "dangling", "loop", "outside"]


def test_a_link_through_a_link_out_of_the_tree_is_left_out(root, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text("not yours")
    (root / "one").symlink_to("../elsewhere")
    (root / "two").symlink_to("one/file")
    _, archive, tree = packed(root)
    assert names_in(archive) == []
    assert sorted(tree.left_out.odd) == ["one", "two"]


def test_special_files_and_odd_names_are_left_out(root):
    os.mkfifo(root / "pipe")
    (root / "new\nline").write_text("x")
    (root / "back\\slash").write_text("x")
    (root / os.fsdecode(b"not-utf8-\xff")).write_text("x")
    _, archive, tree = packed(root)
    assert names_in(archive) == []
    assert len(tree.left_out.odd) == 4


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
def test_a_file_that_changes_while_it_is_packed_is_noticed(root, monkeypatch, change):
    path = root / "p1.ipynb"
    path.write_bytes(b"x" * 100_000)
    real = tarfile.TarFile.addfile

    def meddle(self, member, fileobj=None):
        if fileobj is not None:
            new = {"grow": b"y" * 200_000, "shrink": b"y", "rewrite": b"y" * 100_000}[change]
            path.write_bytes(new)
            os.utime(path, ns=(1, 1))
        return real(self, member, fileobj)

    monkeypatch.setattr(tarfile.TarFile, "addfile", meddle)
    with pytest.raises(PackingFailed, match=r"p1\.ipynb changed while it was packed"):
        packed(root)


def test_a_file_that_cannot_be_read_is_named(root, monkeypatch):
    path = root / "p1.ipynb"
    path.write_text("{}")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("nbexchange.plugin.archives.packing.os.open", refuse)
    with pytest.raises(PackingFailed, match=r"p1\.ipynb cannot be read"):
        packed(root)


@pytest.mark.parametrize("becomes", ["pipe", "link", "directory", "another file", "nothing"])
def test_a_file_that_became_something_else_after_it_was_looked_at_is_not_read(root, tmp_path, becomes):
    """A pipe would be waited for, and a link would bring what is not the student's."""
    (tmp_path / "secret").write_text("{}")
    path = root / "p1.ipynb"
    path.write_text("{}")
    tree = survey(root)
    path.rename(tmp_path / "kept")  # so that its inode is not used again
    match becomes:
        case "pipe":
            os.mkfifo(path)
        case "link":
            path.symlink_to("../secret")
        case "directory":
            path.mkdir()
        case "another file":
            path.write_text("{}")
    with pytest.raises(PackingFailed, match=r"p1\.ipynb changed while it was packed"):
        pack(tree, io.BytesIO(), ROOMY)


def test_a_file_above_the_file_limit_is_set_aside(root):
    (root / "large").write_bytes(bytes(1001))
    (root / "fits").write_bytes(bytes(1000))
    tree = survey(root, Selection(max_file_size=1000))
    assert tree.left_out == LeftOut(too_large={"large"})
    assert [file.path for file in tree.files] == ["fits"]
