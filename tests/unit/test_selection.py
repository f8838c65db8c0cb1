"""What of a tree is wanted: the same on its way out and on its way in."""

from __future__ import annotations

import io

import pytest
from support.archives.archives import archive

from nbexchange.plugin.archives.extraction import Modes, unpack
from nbexchange.plugin.archives.packing import survey
from nbexchange.plugin.archives.selection import UNSAFE_NAMES, LeftOut, Selection
from nbexchange.plugin.failures import ArchiveRefused

NAMES = (
    "p1.ipynb",
    "notes.txt",
    "model.bin",
    "large.txt",
    "data/large.txt",
    "data/model.bin",
    "data/.git",
    ".git/config",
    ".git/HEAD",
    "work/.VSCode/settings.json",
)
RULES = Selection(ignore=["*.bin"], include=["*.ipynb", "*.txt"], max_file_size=10, unsafe=UNSAFE_NAMES)
EXPECTED = LeftOut(
    ignored={"model.bin", "data/model.bin"},
    unsafe={".git", "data/.git", "work/.VSCode"},
    too_large={"large.txt", "data/large.txt"},
)


def content_of(name):
    return bytes(11) if "large" in name else b"x"


def surveyed(root, names, selection):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content_of(name))
    tree = survey(root, selection)
    return {file.path for file in tree.files}, tree.left_out


def unpacked(root, names, selection):
    """From an archive of somebody's own making, in an order that no packer of ours would choose."""
    folders = {name.rsplit("/", depth)[0] for name in names for depth in range(1, name.count("/") + 1)}
    members = [(folder, None) for folder in sorted(folders)]
    members += [(name, content_of(name)) for name in sorted(names, reverse=True)]
    left_out = unpack(io.BytesIO(archive(*members)), root / "new", 10_000, Modes(), selection)
    return {p.relative_to(root / "new").as_posix() for p in root.rglob("*") if p.is_file()}, left_out


both_ways = pytest.mark.parametrize("way", [surveyed, unpacked])


@both_ways
def test_the_same_is_left_out_when_it_is_sent_and_when_it_arrives(tmp_path, way):
    assert way(tmp_path, NAMES, RULES) == ({"p1.ipynb", "notes.txt"}, EXPECTED)


@both_ways
def test_without_rules_everything_is_wanted(tmp_path, way):
    assert way(tmp_path, NAMES, Selection()) == (set(NAMES), LeftOut())


@both_ways
def test_a_limit_of_nothing_is_none_as_nbgrader_has_it(tmp_path, way):
    files, _ = way(tmp_path, NAMES, Selection(include=[], max_file_size=0))
    assert files == set(NAMES)


@pytest.mark.parametrize(
    "name",
    [
        *(".git", ".GIT", ".Git.", ".git ", ".g\u200cit", "\uff0egit", "git~1", ".hg", ".svn"),
        *("nbgrader_config.py", "nbgrader_config.json", "jupyter_config.py", "jupyter_nbconvert_config.json"),
        *("ipython_config.py", "profile_default", "sitecustomize.py", ".pdbrc", ".envrc", ".vscode", ".idea"),
        *("my.code-workspace", ".exrc", ".dir-locals.el", ".gdbinit", ".Rprofile", ".RData", ".devcontainer"),
    ],
)
def test_names_that_programs_obey_are_unsafe_however_they_are_spelt(name):
    left_out = LeftOut()
    assert Selection(unsafe=UNSAFE_NAMES).leaves_out(f"data/{name}", 1, left_out)
    assert left_out.unsafe == {f"data/{name}"}


@pytest.mark.parametrize(
    "name",
    [
        *("p1.ipynb", "git.md", "my.git.txt", ".gitignore", ".gitattributes", "nbgrader_config.ipynb"),
        *("config.py", "data.RData.csv", "setup.py", "conftest.py", "Makefile", "vscode", "HEAD", "..."),
    ],
)
def test_what_runs_only_when_it_is_named_travels(name):
    assert not Selection(unsafe=UNSAFE_NAMES).leaves_out(name, 1, LeftOut())


@both_ways
@pytest.mark.parametrize("marker", ["objects/x", "commondir"])
@pytest.mark.parametrize("below", ["", "data/"])
def test_a_folder_that_git_takes_for_a_repository_loses_its_head(tmp_path, way, marker, below):
    """Without a folder called `.git`, and with a `config` that git reads where it is asked for the state."""
    names = {f"{below}HEAD", f"{below}refs/x", f"{below}config", f"{below}{marker}"}
    files, left_out = way(tmp_path, names, Selection(unsafe=UNSAFE_NAMES))
    assert (files, left_out) == (names - {f"{below}HEAD"}, LeftOut(unsafe={f"{below}HEAD"}))


def test_what_is_not_wanted_may_break_no_rule_either(tmp_path):
    """The content of what is left out counts for the limits, since it is inflated all the same."""
    data = archive((".git", None), (".git/x", bytes(1000)))
    with pytest.raises(ArchiveRefused, match="more than was announced"):
        unpack(io.BytesIO(data), tmp_path / "new", 999, Modes(), RULES)
