"""The demo's people and their notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

COURSE = "cs101"
ASSIGNMENT = "ps1"
NOTEBOOK = "squares.ipynb"
INSTRUCTOR = "instructor"
STUDENTS = ("alice", "bob", "carol")

ANSWERS = {
    "alice": "return sum(n * n for n in numbers)",
    "bob": "return sum(numbers) ** 2",
    "carol": "return sum(n ** 2 for n in numbers)",
}
FIRST_TRY = "return 0"

FACTORY_LINES = """\
c.ExchangeFactory.exchange = "nbexchange.plugin.Exchange"
c.ExchangeFactory.list = "nbexchange.plugin.ExchangeList"
c.ExchangeFactory.release_assignment = "nbexchange.plugin.ExchangeReleaseAssignment"
c.ExchangeFactory.fetch_assignment = "nbexchange.plugin.ExchangeFetchAssignment"
c.ExchangeFactory.submit = "nbexchange.plugin.ExchangeSubmit"
c.ExchangeFactory.collect = "nbexchange.plugin.ExchangeCollect"
c.ExchangeFactory.release_feedback = "nbexchange.plugin.ExchangeReleaseFeedback"
c.ExchangeFactory.fetch_feedback = "nbexchange.plugin.ExchangeFetchFeedback"
"""

SOLUTION = """\
def sum_of_squares(numbers):
    ### BEGIN SOLUTION
    return sum(n * n for n in numbers)
    ### END SOLUTION
"""
TEST = """\
assert sum_of_squares([]) == 0
assert sum_of_squares([1, 2, 3]) == 14
"""


def configuration(home: Path) -> None:
    """A person's home, with the eight lines in its nbgrader configuration."""
    home.mkdir(parents=True)
    text = f'c = get_config()\n{FACTORY_LINES}c.CourseDirectory.course_id = "{COURSE}"\n'
    (home / "nbgrader_config.py").write_text(text)


def write_source(home: Path, assignment: str = ASSIGNMENT) -> None:
    """The instructor's version of the assignment, with its solution."""
    folder = home / "source" / assignment
    folder.mkdir(parents=True)
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Sums of squares"),
            new_code_cell(SOLUTION, metadata=_cell("answer", solution=True)),
            new_code_cell(TEST, metadata=_cell("test", grade=True, points=5)),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, folder / NOTEBOOK)
    (folder / "data").mkdir()
    (folder / "data" / "numbers.csv").write_text("1,2,3\n")


def _cell(
    grade_id: str, *, grade: bool = False, solution: bool = False, points: int | None = None
) -> dict[str, Any]:
    about: dict[str, Any] = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": grade,
        "solution": solution,
        "locked": not solution,
        "task": False,
    }
    if points is not None:
        about["points"] = points
    return {"nbgrader": about}


def answer(home: Path, code: str, assignment: str = ASSIGNMENT) -> None:
    """Put a student's code where the solution was taken out."""
    path = home / assignment / NOTEBOOK
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution"))
    cell.source = f"def sum_of_squares(numbers):\n    {code}\n"
    nbformat.write(notebook, path)
