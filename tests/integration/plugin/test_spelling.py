"""Names that look alike are the same notebook, however a machine writes them: macOS decomposes what others compose."""

from __future__ import annotations

import unicodedata

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.people.classroom import collected

from nbexchange.plugin import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeReleaseAssignment,
    ExchangeSubmit,
)

FORMS = [("NFC", "NFD"), ("NFD", "NFC")]


def written(form, name):
    return unicodedata.normalize(form, name)


def release(desks, *names):
    for name in names:
        desks.teacher.write(f"release/ps1/{name}", "task")
    desks.teacher.run(ExchangeReleaseAssignment, "ps1")


@pytest.mark.parametrize(("theirs", "ours"), FORMS)
def test_a_notebook_arrives_by_the_name_that_it_has_in_the_release(desks, theirs, ours):
    """nbgrader grades no notebook of another name."""
    name = written(theirs, "übung.ipynb")
    release(desks, name)
    desks.ada.write(f"ps1/{written(ours, name)}", "work")
    desks.ada.write(f"ps1/{written(ours, 'daten é.csv')}", "1")
    desks.ada.run(ExchangeSubmit, "ps1", strict=True)
    assert "MISSING" not in desks.ada.text
    desks.teacher.run(ExchangeCollect, "ps1")
    arrived = collected(desks)
    assert arrived[name] == b"work"
    assert written(ours, "daten é.csv") in arrived, "programs name data as they are"
    assert len(arrived) == 4


def test_a_notebook_below_a_folder_that_is_written_otherwise_counts_as_found(desks):
    release(desks, "p1.ipynb", "ä/é.ipynb")
    for name in ("p1.ipynb", "ä/é.ipynb"):
        desks.ada.write(f"ps1/{written('NFD', name)}")
    desks.ada.run(ExchangeSubmit, "ps1", strict=True)
    assert "notebooks" not in desks.ada.text


def test_a_notebook_in_a_folder_of_the_same_name_takes_the_name_of_the_release(desks):
    release(desks, "part/é.ipynb")
    desks.ada.write(f"ps1/part/{written('NFD', 'é.ipynb')}", "work")
    desks.ada.run(ExchangeSubmit, "ps1")
    desks.teacher.run(ExchangeCollect, "ps1")
    assert collected(desks)["part/é.ipynb"] == b"work"


def test_where_both_are_there_each_keeps_its_name(desks):
    release(desks, "é.ipynb")
    both = {written(form, "é.ipynb"): form.encode() for form in ("NFC", "NFD")}
    for name, content in both.items():
        desks.ada.write(f"ps1/{name}", content)
    desks.ada.run(ExchangeSubmit, "ps1")
    desks.teacher.run(ExchangeCollect, "ps1")
    assert both.items() <= collected(desks).items()


def test_other_names_stay_missing_and_extra(desks):
    release(desks, "é.ipynb")
    desks.ada.write("ps1/e.ipynb")
    with pytest.raises(ExchangeError, match=r"é\.ipynb: MISSING\nSubmitted:\n\te\.ipynb: EXTRA"):
        desks.ada.run(ExchangeSubmit, "ps1", strict=True)


@pytest.mark.parametrize(("theirs", "ours"), FORMS)
def test_what_is_there_by_a_name_that_looks_alike_is_not_missing(desks, theirs, ours):
    release(desks, written(theirs, "é.ipynb"), written(theirs, "ä/ö.csv"))
    mine = {written(ours, "é.ipynb"): b"work", written(ours, "ä/ö.csv"): b"mine"}
    for name, content in mine.items():
        desks.ada.write(f"ps1/{name}", content)
    desks.ada.run(ExchangeFetchAssignment, "ps1", replace_missing_files=True)
    assert desks.ada.files("ps1") == mine
