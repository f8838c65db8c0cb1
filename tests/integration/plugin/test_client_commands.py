"""`jupyter nbexchange`: what the exchange says to the person at a notebook server."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from support.faults.impostor import impostor
from support.hub.scripted_hub import SCOPE, model, scripted_hub
from support.people.classroom import checks
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from nbexchange.api.auth.jupyterhub import JupyterHubAuthenticator
from nbexchange.demo.servers import free_port
from nbexchange.plugin import Exchange
from nbexchange.plugin.cli import exchange, whoami
from nbexchange.plugin.cli.app import JupyterNbExchange


def test_whoami_says_who_the_exchange_thinks_i_am(desks):
    said = desks.ada.ask("whoami")
    assert (said.status, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[:7] == [
        "name              ada",
        "organisation      1",
        "full name         Ada van Test",
        "e-mail            ada@example.org",
        "largest archive   1.0 MB",
        "largest unpacked  4.0 MB",
        "may submit        30 times a minute, 500 times a day, 52.5 GB a day",
    ]
    assert lines[-2:] == ["COURSE  ROLE     TITLE", "cs1     student  -"]


def test_whoami_says_the_same_to_programs(desks):
    said = desks.teacher.ask("whoami", "--json")
    assert (said.status, said.err) == (0, "")
    me = said.json
    assert (me["name"], me["org_id"]) == ("teacher", "1")
    assert me["courses"] == [{"course_id": "cs1", "role": "instructor", "title": None}]
    assert me["limits"]["max_buffer_size"] == 1_000_000
    assert me["quotas"] == {
        "submissions_per_minute": 30,
        "submissions_per_day": 500,
        "pending_submissions": 3,
        "submitted_bytes_per_day": 52_535_300_000,
        "course_bytes": 0,
    }
    assert me["service"] == f"{desks.teacher.url}/services/nbexchange/"
    assert me["versions"]["service"] == me["versions"]["plugin"]


@pytest.mark.parametrize(
    ("answered", "ahead"),
    [(-30, 30), (0, 0), (1, 0), (2, 0), (32, -30)],
    ids=["ahead", "as it was sent", "meanwhile", "as it was received", "behind"],
)
def test_a_clock_differs_by_what_the_time_on_the_way_does_not_explain(answered, ahead):
    sent = datetime(2026, 11, 24, 3, tzinfo=UTC)
    difference = whoami.clock_ahead(sent, sent + timedelta(seconds=answered), sent + timedelta(seconds=2))
    assert difference == timedelta(seconds=ahead)


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


@pytest.mark.parametrize("command", JupyterNbExchange.subcommands)
def test_every_command_explains_itself(desks, command):
    kind = import_item(JupyterNbExchange.subcommands[command][0])
    said = desks.ada.ask(command, "--help-all")
    assert (said.status, said.err) == (0, "")
    assert said.out.split()[:5] == kind.__doc__.split()[:5]
    for setting in ("--json", "--Exchange.base_service_url=", "--Exchange.api_token_file="):
        assert setting in said.out
    assert kind.name == f"jupyter-nbexchange {command}"


@pytest.mark.parametrize(("argument", "status"), [("foo", 1), ("--nonsense", 1)])
def test_what_a_command_does_not_know_is_refused(desks, argument, status):
    said = desks.ada.ask("whoami", argument)
    assert (said.status, said.out) == (status, "")
    assert argument in said.err
    assert "Traceback" not in said.err


def test_the_configuration_is_nbgraders(desks):
    """What the file in the working directory says of the exchange holds for the command."""
    desks.ada.configure(f"c.Exchange.base_service_url = 'http://127.0.0.1:{free_port()}'")
    assert "cannot be reached" in desks.ada.ask("whoami").err


def test_it_knows_every_setting_that_nbgraders_section_may_have():
    """It would call those misspelt that it does not know."""
    ours, theirs = exchange.Exchange.class_traits(config=True), Exchange.class_traits(config=True)
    assert set(ours) == set(theirs)
    assert {name: trait.default() for name, trait in ours.items()} == {
        name: trait.default() for name, trait in theirs.items()
    }
    assert exchange.Exchange.section_names()[-1] == "Exchange"


@pytest.mark.parametrize("folder", ["course", ".jupyter"])
def test_the_configuration_may_be_where_nbgrader_looks(desks, folder):
    desks.ada.write(f"{folder}/nbgrader_config.py", "c.Exchange.base_service_url = 'http://127.0.0.1:1'")
    desks.ada.configure(f"c.CourseDirectory.root = {str(desks.ada.home / 'course')!r}")
    assert "at 127.0.0.1:1 cannot be reached" in desks.ada.ask("whoami").err


def test_a_configuration_that_is_no_python_is_told_in_a_sentence(desks):
    desks.ada.configure("c.Exchange.")
    said = desks.ada.ask("whoami")
    assert (said.status, said.out) == (1, "")
    assert re.fullmatch(r"The configuration cannot be read: SyntaxError: .*nbgrader_config\.py.*\n", said.err)


def test_a_setting_of_the_wrong_kind_is_told_in_a_sentence(desks):
    desks.ada.configure("c.Exchange.api_timeout = 'soon'")
    said = desks.ada.ask("whoami", "--json")
    assert said.status == 1
    assert "api_timeout" in said.json["error"]["message"]


def test_the_credentials_of_an_installation_hold_and_know_the_course(desks, people, monkeypatch):
    """As for nbgrader's own actions, the class is called with the exchange as `self`."""
    desks.ada.token = "that-of-nobody"
    desks.ada.write(
        "own_credentials.py",
        "import os\n"
        "from nbexchange.plugin.service.credentials import ApiCredentials\n"
        "class Own(ApiCredentials):\n"
        "    def prep_api_call(self, path):\n"
        "        url, _, _ = ApiCredentials.prep_api_call(self, path)\n"
        "        assert self.coursedir.course_id == 'cs1'\n"
        "        url = url.replace('http://nowhere.invalid', 'http://me:hunter2@' + os.environ['REAL_HOST'])\n"
        f"        return url, {{}}, {{'Authorization': 'Bearer {people.ada.token}'}}\n",
    )
    real, desks.ada.url = desks.ada.url, "http://nowhere.invalid"
    monkeypatch.setenv("REAL_HOST", real.removeprefix("http://"))
    monkeypatch.syspath_prepend(desks.ada.home)
    desks.ada.configure("c.Exchange.api_plugin_class = 'own_credentials.Own'")
    shown = f"{real.replace('//', '//...@')}/services/nbexchange/"
    me = desks.ada.ask("whoami", "--json").json
    assert (me["name"], me["service"]) == ("ada", shown)
    results = checks(desks.ada, 0)
    assert results["service"]["facts"]["url"] == shown
    assert results["store"]["facts"]["url"] == f"{shown}objects/"
    assert "hunter2" not in str(results)
    assert results["token"]["about"] == "from own_credentials.Own"


def test_a_problem_with_lines_to_copy_keeps_them_and_nothing_else(desks):
    detail = "Add these lines:\nc.A.b = 1\n\x1b[31mc.A.c = 2"
    body = {"type": "access-scope-missing", "title": "T", "status": 403, "detail": detail}
    with impostor((403, "application/problem+json", msgspec.json.encode(body))) as (url, _):
        desks.ada.url = url
        lines = desks.ada.ask("whoami").err.splitlines()
    assert lines[:3] == ["Add these lines:", "c.A.b = 1", r"\x1b[31mc.A.c = 2"]
    assert lines[3].startswith(
        "Tell the administrator of the hub; once it is done, restart your notebook server. (request "
    )


def test_a_token_without_the_scope_shows_the_lines_that_grant_it(desks, services):
    """At the command line and in nbgrader's log alike, as lines that can be copied."""
    with scripted_hub({desks.ada.token: model("ada", "nbgrader-cs1", scopes=[])}) as hub:
        settings = {"api_url": hub.api_url, "service_name": "exchange"}
        authenticator = JupyterHubAuthenticator(config=Config(JupyterHubAuthenticator=settings))
        object.__setattr__(services, "authenticator", authenticator)
        said, log = desks.ada.ask("whoami").err, desks.ada.nbgrader("list", status=1)
        error = checks(desks.ada, 1)["you"]["error"]
    for text in (said, log, error):
        lines = [line.strip() for line in text.splitlines()]
        (roles,) = (line for line in lines if line.startswith("c.JupyterHub.load_roles = "))
        assert ast.literal_eval(roles.partition(" = ")[2])[0]["scopes"] == ["self", SCOPE]
        assert lines[lines.index(roles) + 1].startswith("c.Spawner.server_token_scopes = [")
        assert lines[lines.index(roles) + 2].startswith(
            "Tell the administrator of the hub; once it is done, "
        )


# --- the program ---------------------------------------------------------------------------------------


def program(desk, *arguments, **environment):
    with desk.at_home():
        command = [sys.executable, "-m", "nbexchange.plugin.cli", *arguments]
        return subprocess.run(
            command,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def test_it_is_a_program_that_does_without_nbgraders_imports(desks):
    done = program(desks.ada, "status", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" ok ") == 6
    assert "nbexchange.plugin.service.client" in done.stderr
    assert not re.search(r"\bnbgrader", done.stderr)


def test_a_terminal_that_knows_ascii_alone_gets_the_rest_written_out(desks, people, token_file):
    courses = [{"course_id": "art", "course_role": "Student", "course_title": "Kunst für Anfänger"}]
    desks.ada.token = token_file.create({"name": "ada", "org_id": 1, "courses": courses})
    done = program(desks.ada, "courses", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"Kunst f\xfcr Anf\xe4nger" in done.stdout
