"""Rosters in CSV files: what people have, and what cannot be one; changes as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbexchange.protocol import Member, RosterChange, RosterEntry, is_path_component
from nbexchange.shared.roster_csv import RosterFileError, change_lines, read_roster, write_roster


def entries(text):
    return read_roster(text.encode()).entries


def test_a_file_has_a_line_for_each_person_and_may_leave_cells_empty():
    text = "name,role,full_name,email,lms_user_id\nada,Grader,Ada L,ada@example.org,7\nben,,,,\n"
    assert entries(text) == [
        RosterEntry("ada", "grader", "Ada L", "ada@example.org", "7"),
        RosterEntry("ben"),
    ]


def test_what_a_cell_leaves_empty_is_left_out_or_erased():
    content = b"name,role,first_name,last_name,email\nada,,,,\n"
    assert read_roster(content).entries == [RosterEntry("ada")]
    assert read_roster(content, erase=True).entries == [RosterEntry("ada", None, "", "")]


def test_the_file_of_nbgraders_own_import_is_one():
    text = "id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,ada@example.org,\nben,,,,"
    assert entries(text) == [RosterEntry("ada", None, "Ada Lovelace", "ada@example.org"), RosterEntry("ben")]


@pytest.mark.parametrize(
    "text",
    [
        "name;role\nada;student",
        "name\trole\nada\tstudent",
        "\ufeffname,role\r\nada,student\r\n",
        " Name , ROLE \n ada , student \n\n,\n",
        'role,name\nstudent,"ada"\n',
        "name,role,\nada,student,\n",
        "name,role\nada,student,,\n,,\n , \n",
    ],
)
def test_files_of_spreadsheets_are_read(text):
    assert entries(text) == [RosterEntry("ada", "student")]


def test_one_column_of_names_is_enough():
    assert entries("name\nada\nben") == [RosterEntry("ada"), RosterEntry("ben")]


def test_columns_that_mean_nothing_are_named():
    assert read_roster(b"name,room,seat\nada,1,2").unused == ["room", "seat"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no heading 'name'"),
        (b"ada\nben", "no heading 'name'"),
        (b"name,role\n", "there are no people in it"),
        (b"name,role\nada,student\n,student", "line 3 has no name"),
        (b"name,role\nada,god", "line 2: 'god' is no role: student, grader, instructor"),
        (b"name,role\nada,student,extra", "line 2 has more cells"),
        (b"id,name\nada,Ada L", "only one can be the user name"),
        (b"name\na/b", "line 2: 'a/b' cannot be a user name"),
        (b'name,email\nada,"a\n@x"', "line 3 has a control character in a cell"),
        (b"name,name\nada,ben", "two of its columns have the same heading"),
        (b'name,role\n"ada,student', "after line 1: unexpected end of data"),
        (b"name,full_name\nada," + b"x" * 256, "line 2: Expected `str` of length <= 255"),
        ("name\nZo\xeb".encode("latin-1"), "not written in UTF-8"),
        (b"PK\x03\x04\xff", "not written in UTF-8"),
        (b"name\n" + b"x" * 200_000, "after line 1: field larger than field limit"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_what_is_no_roster_is_told_with_its_line(content, why):
    with pytest.raises(RosterFileError) as raised:
        read_roster(content)
    assert why in str(raised.value)


def test_a_file_with_more_people_than_a_roster_has_is_told_before_it_is_sent():
    with pytest.raises(RosterFileError, match="10001 people are in it, and a roster has 10000 at the most"):
        read_roster(b"name\n" + b"".join(b"s%d\n" % n for n in range(10_001)))


def word(**options):
    text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=50, **options)
    return text.map(str.strip)


@given(
    st.lists(
        st.builds(
            Member,
            word(min_size=1).filter(is_path_component),
            st.sampled_from(["student", "grader", "instructor"]),
            *[st.none() | word().filter(bool)] * 3,
        ),
        min_size=1,
    )
)
def test_what_is_written_is_read_again(members):
    read = [
        Member(e.name, e.role, e.full_name, e.email, e.lms_user_id) for e in entries(write_roster(members))
    ]
    assert read == members


def test_a_change_is_told_in_lines():
    change = RosterChange("cs1", ["ada", "ben"], ["cy"], ["dan", "tom"], {"tom": "grader"}, ["eve"], 7)
    assert list(change_lines(change)) == [
        "2 added: ada, ben",
        "1 changed: cy",
        "2 removed: dan, tom",
        "  of whom were more than students: tom (grader)",
        "1 not on the roster: eve",
        "7 as before",
    ]
    assert list(change_lines(RosterChange("cs1"))) == ["0 as before"]


def test_a_long_change_names_the_first_and_a_dry_run_says_what_it_is():
    change = RosterChange("cs1", [f"s{n}" for n in range(25)], dry_run=True)
    first, second = change_lines(change)
    assert first == "Nothing was changed; this would be:"
    assert second.startswith("25 added: s0, s1, ")
    assert second.endswith(", s19 and 5 more")
