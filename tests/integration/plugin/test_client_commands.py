"""`jupyter nbexchange`: what the exchange says to the person at a notebook server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from nbexchange.api.demo.servers import free_port
from nbexchange.plugin.command import whoami


def test_whoami_says_who_the_exchange_thinks_i_am(desks):
    said = desks.ada.ask("whoami")
    assert (said.status, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[:6] == [
        "name              ada",
        "organisation      1",
        "full name         Ada van Test",
        "e-mail            ada@example.org",
        "largest archive   1.0 MB",
        "largest unpacked  4.0 MB",
    ]
    assert lines[-2:] == ["COURSE  ROLE     TITLE", "cs1     student  -"]


def test_whoami_says_the_same_to_programs(desks):
    said = desks.teacher.ask("whoami", "--json")
    assert (said.status, said.err) == (0, "")
    me = said.json
    assert (me["name"], me["org_id"]) == ("teacher", "1")
    assert me["courses"] == [{"course_id": "cs1", "role": "instructor"}]
    assert me["limits"]["max_buffer_size"] == 1_000_000
    assert me["service"] == f"{desks.teacher.url}/services/nbexchange/"
    assert me["versions"]["service"] == me["versions"]["plugin"]


@pytest.mark.parametrize(
    ("answered", "ahead"),
    [(-30, 30), (0, 0), (1, 0), (2, 0), (32, -30)],
    ids=["ahead", "as it was sent", "meanwhile", "as it was received", "behind"],
)
def test_a_clock_differs_by_what_the_time_on_the_way_does_not_explain(answered, ahead):
    sent = datetime(2026, 11, 24, 3, tzinfo=UTC)
    found = whoami.clock_ahead(sent, sent + timedelta(seconds=answered), sent + timedelta(seconds=2))
    assert found == timedelta(seconds=ahead)


def test_a_clock_that_differs_is_told():
    assert whoami.explain_clock(timedelta(seconds=1)) == "agrees with the service's"
    assert (
        whoami.explain_clock(timedelta(minutes=2)) == "120 seconds ahead of the service's, which alone counts"
    )
    assert (
        whoami.explain_clock(timedelta(minutes=-2)) == "120 seconds behind the service's, which alone counts"
    )


def test_a_failure_is_one_text_with_what_to_do(desks):
    desks.ada.url = f"http://127.0.0.1:{free_port()}"
    said = desks.ada.ask("whoami")
    assert (said.status, said.out) == (1, "")
    assert "cannot be reached. Nothing was changed" in said.err
    assert "Traceback" not in said.err


def test_a_failure_is_told_to_programs_where_they_read(desks):
    desks.ada.token = "foreign"
    said = desks.ada.ask("whoami", "--json")
    assert (said.status, said.err) == (1, "")
    error = said.json["error"]
    assert "token is missing, unknown or has expired" in error["message"]
    assert error["request_id"] in error["message"]


@pytest.mark.parametrize("arguments", [(), ("foo",)])
def test_without_a_command_that_it_knows_it_names_them(desks, arguments):
    said = desks.ada.ask(*arguments)
    assert (said.status, said.out) == (1, "")
    assert "there is whoami" in said.err


def test_the_configuration_is_nbgraders(desks):
    """What the file in the working directory says of the exchange holds for the command."""
    desks.ada.configure(f"c.Exchange.base_service_url = 'http://127.0.0.1:{free_port()}'")
    assert "cannot be reached" in desks.ada.ask("whoami").err
