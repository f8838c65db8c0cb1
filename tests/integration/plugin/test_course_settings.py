"""nbgrader's settings of a course hold for what is collected as they do for what is sent."""

from __future__ import annotations

import shutil

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from support.people.classroom import collected

from nbexchange.plugin import ExchangeCollect, ExchangeSubmit

OURS = {"timestamp.txt", "submission_secret.txt"}


def test_collect_keeps_what_ignore_and_max_file_size_leave_and_names_what_is_too_large(released):
    """The student's plugin has none of these settings."""
    released.ada.write("ps1/p1.ipynb", "work")
    released.ada.write("ps1/model.bin", "x")
    released.ada.write("ps1/data/model.bin", "x")
    released.ada.write("ps1/.git/HEAD", "x")
    released.ada.write("ps1/data/fits.csv", bytes(200_000))
    released.ada.write("ps1/data/large.csv", bytes(200_001))
    released.ada.run(ExchangeSubmit, "ps1", config={"Exchange": {"unsafe_names": []}})
    settings = {"CourseDirectory": {"ignore": ["*.bin", ".git"], "max_file_size": 200}}
    released.teacher.run(ExchangeCollect, "ps1", config=settings)
    assert set(collected(released)) - OURS == {"p1.ipynb", "data/fits.csv"}
    *_, named, summary = released.teacher.messages
    assert named == "Left out of ada ps1, being larger than max_file_size (200.0 kB): data/large.csv"
    assert summary == "1 new, 0 updated, 0 unchanged"
    assert "model.bin" not in released.teacher.text


def test_collect_keeps_what_include_names_and_our_own_files(submitted):
    submitted.ada.write("ps1/notes.txt", "x")
    submitted.ada.run(ExchangeSubmit, "ps1")
    submitted.teacher.run(ExchangeCollect, "ps1", config={"CourseDirectory": {"include": ["*.ipynb"]}})
    assert set(collected(submitted)) == {"p1.ipynb", "part/p2.ipynb"} | OURS


def test_an_update_by_other_settings_is_by_those_of_now(submitted):
    submitted.teacher.run(ExchangeCollect, "ps1", config={"CourseDirectory": {"include": ["*.txt"]}})
    assert set(collected(submitted)) == OURS
    submitted.ada.run(ExchangeSubmit, "ps1")
    submitted.teacher.run(ExchangeCollect, "ps1", update=True)
    assert set(collected(submitted)) == {"p1.ipynb", "part/p2.ipynb"} | OURS


def test_nbgraders_default_limit_drops_nothing_from_what_is_collected(submitted, monkeypatch):
    """It is 100 MB, and larger files may travel."""
    monkeypatch.setattr(CourseDirectory.max_file_size, "default_value", 1)
    submitted.ada.write("ps1/data.bin", bytes(1001))
    submitted.ada.run(ExchangeSubmit, "ps1")
    submitted.teacher.run(ExchangeCollect, "ps1")
    assert "data.bin" in collected(submitted)


def test_the_folders_and_the_gradebook_of_a_course_may_have_other_names(desks):
    """Also relative to a root elsewhere."""
    teacher, root = desks.teacher, desks.teacher.home / "course"
    root.mkdir()
    shutil.move(teacher.home / "gradebook.db", root / "marks.db")
    teacher.configure(
        f"c.CourseDirectory.root = {str(root)!r}",
        f"c.CourseDirectory.db_url = 'sqlite:///{root}/marks.db'",
        *(
            f"c.CourseDirectory.{step}_directory = 'our {step}'"
            for step in ("release", "submitted", "feedback")
        ),
    )
    teacher.write("course/our release/ps1/p1.ipynb")
    teacher.nbgrader("release_assignment", "ps1")
    desks.ada.write("ps1/p1.ipynb", "work")
    desks.ada.nbgrader("submit", "ps1")
    teacher.nbgrader("collect", "ps1")
    kept = teacher.files("course/our submitted/ada/ps1")
    assert kept["p1.ipynb"] == b"work"
    with Gradebook(f"sqlite:///{root}/marks.db") as gradebook:
        assert gradebook.find_student("ada").email == "ada@example.org"
    for name, content in kept.items():
        teacher.write(f"course/our feedback/ada/ps1/{name}", content)
    teacher.write("course/our feedback/ada/ps1/p1.html", "good")
    teacher.nbgrader("release_feedback", "ps1")
    desks.ada.nbgrader("fetch_feedback", "ps1")
    assert list(desks.ada.files("ps1/feedback").values()) == [b"good"]


def test_a_source_that_was_not_generated_is_looked_for_where_the_course_has_it(desks):
    desks.teacher.write("drafts/ps1/p1.ipynb")
    said = desks.teacher.nbgrader(
        "release_assignment", "ps1", "--CourseDirectory.source_directory=drafts", status=1
    )
    assert "drafts" in said
    assert "run `nbgrader generate_assignment` first" in said
