"""Names that programs obey do not travel, and no configuration is read where a student could have written it."""

from __future__ import annotations

import re
from contextlib import chdir
from pathlib import Path

import pytest
from support.people.classroom import collected
from support.people.commands import run_jupyter_nbexchange, run_nbgrader

from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeReleaseAssignment,
    ExchangeSubmit,
)
from nbexchange.plugin.assignment_list import configuration
from nbexchange.plugin.submission_folders import submission_around

UNSAFE = (".git/config", "data/.VSCode/tasks.json", "nbgrader_config.py", ".envrc")
OLDER_PLUGIN = {"Exchange": {"unsafe_names": []}}
"""Packs everything, as a plugin of an earlier version or of somebody's own making does."""

PLANTED = "open({path!r}, 'w').close()\n"
REFUSAL = re.compile(r"<!-- refusal -->\n```python\n(.*?)```", re.DOTALL)


def prepare(desk):
    for name in ("p1.ipynb", "part/p2.ipynb", *UNSAFE):
        desk.write(f"ps1/{name}")


def ours(desks):
    return set(collected(desks)) - {"timestamp.txt", "submission_secret.txt"}


def test_they_are_left_out_of_a_submission_and_named_last(released):
    prepare(released.ada)
    released.ada.run(ExchangeSubmit, "ps1")
    last = released.ada.messages[-1]
    assert last.startswith("Left out, since programs run what is in them unasked (c.Exchange.unsafe_names): ")
    assert last.endswith(": .envrc, .git, data/.VSCode, nbgrader_config.py")
    released.teacher.run(ExchangeCollect, "ps1", config=OLDER_PLUGIN)
    assert ours(released) == {"p1.ipynb", "part/p2.ipynb"}


def test_they_are_dropped_from_what_is_collected_and_named_before_the_summary(released):
    prepare(released.ada)
    released.ada.run(ExchangeSubmit, "ps1", config=OLDER_PLUGIN)
    released.teacher.run(ExchangeCollect, "ps1")
    assert ours(released) == {"p1.ipynb", "part/p2.ipynb"}
    *_, named, summary = released.teacher.messages
    assert summary == "1 new, 0 updated, 0 unchanged"
    assert named.startswith("Left out of ada ps1, since programs run what is in them unasked")
    assert named.endswith(": .envrc, .git, data/.VSCode, nbgrader_config.py")
    assert released.teacher.leftovers() == []


def test_many_of_them_make_no_endless_message(released):
    released.ada.write("ps1/p1.ipynb")
    for number in range(30):
        released.ada.write(f"ps1/{number:02}/.git/config")
    released.ada.run(ExchangeSubmit, "ps1")
    assert released.ada.messages[-1].endswith("08/.git, 09/.git and 20 more")


def test_they_are_left_out_of_a_release_and_the_list_is_a_setting(desks):
    desks.teacher.write("release/ps1/p1.ipynb")
    desks.teacher.write("release/ps1/.vscode/settings.json")
    desks.teacher.write("release/ps1/notes.key")
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")
    assert desks.teacher.messages[-1].endswith(": .vscode")
    desks.teacher.run(
        ExchangeReleaseAssignment, "ps1", force=True, config={"Exchange": {"unsafe_names": ["*.key"]}}
    )
    assert desks.teacher.messages[-1].endswith(": notes.key")
    desks.ada.run(ExchangeFetchAssignment, "ps1")
    assert set(desks.ada.files("ps1")) == {"p1.ipynb", ".vscode/settings.json"}


# --- configuration -----------------------------------------------------------------------------------------


@pytest.fixture
def planted(released, tmp_path):
    """A submission with a configuration file in it, and the file that this makes when it is read."""
    released.ada.write("ps1/p1.ipynb")
    trace = tmp_path / "was read"
    released.ada.write("ps1/deep/nbgrader_config.py", PLANTED.format(path=str(trace)))
    released.ada.run(ExchangeSubmit, "ps1", config=OLDER_PLUGIN)
    released.teacher.run(ExchangeCollect, "ps1", config=OLDER_PLUGIN)
    return released.teacher.home / "submitted" / "ada" / "ps1" / "deep", trace


def test_no_configuration_is_read_below_a_submission_by_our_command(released, planted):
    folder, trace = planted
    with released.teacher.at_home(), chdir(folder):
        said = run_jupyter_nbexchange(["courses", "--json"])
    assert said.status == 0
    assert not trace.exists()
    assert released.teacher.ask("courses").status == 0


def test_the_assignment_list_reads_none_there_either(released, planted):
    folder, trace = planted
    with released.teacher.at_home():
        configuration(folder)
        assert not trace.exists()
        assert configuration(released.teacher.home).CourseDirectory.course_id == "cs1"


@pytest.mark.parametrize("step", ["submitted", "autograded", "feedback"])
def test_folders_of_a_course_with_work_in_them_are_known_also_without_a_stamp(tmp_path, step):
    """As `nbgrader zip_collect` leaves them."""
    folder = tmp_path / step / "ada" / "ps1"
    folder.mkdir(parents=True)
    assert submission_around(folder) is None
    (tmp_path / "gradebook.db").touch()
    assert submission_around(folder) == tmp_path / step
    assert submission_around(tmp_path) is None


def test_a_folder_called_like_one_is_none(tmp_path):
    course = tmp_path / "feedback" / "cs1"
    course.mkdir(parents=True)
    (course / "nbgrader_config.py").touch()
    assert submission_around(course) is None


def test_nbgrader_reads_it_unless_the_lines_of_the_security_page_refuse(released, planted):
    folder, trace = planted
    desk = released.teacher
    with desk.at_home(), chdir(folder):
        run_nbgrader(["list", "--course=cs1"], status=1)  # here it knows of no exchange
        assert trace.exists()
        trace.unlink()
        (lines,) = REFUSAL.findall(Path(__file__).parents[3].joinpath("docs/security.md").read_text())
        desk.write(".jupyter/nbgrader_config.py", lines)
        with pytest.raises(
            AssertionError, match="is a submission: run nbgrader in the directory of your course"
        ):
            run_nbgrader(["list", "--course=cs1"])
        assert not trace.exists()
    assert "Released assignments:" in desk.nbgrader("list")
